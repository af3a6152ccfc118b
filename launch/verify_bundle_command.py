"""`crossgen verify FILE`: whether a bundle is whole, which images are at hand, what repeats."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import cast

from rich.table import Table

from analysis.selecting.expansion_choice import choose_one
from data.counts import counted
from grid.console import Console
from grid.integrity.store_check import check_store
from grid.records.commits import committed_fits
from grid.refusal import Refused
from grid.store.base import Store
from grid.upkeep.images_at_hand import (
    ImagesFound,
    PoolAtHand,
    WithImages,
    find_images,
    pools_at_hand,
)
from launch.bundle_command import opened_bundle
from launch.desk import store_of
from launch.named_fit import named_fit
from launch.paragraphs import print_paragraph
from launch.verify_command import print_verification
from launch.waiting import waiting

SHOWN = 20


def verify_given(
    what: str,
    *,
    store: str | None,
    images: Sequence[Path],
    fit: str | None,
    piece: str | None,
    retrain: bool,
    trust_plugins: bool,
) -> int:
    """Verify a fit of a store, or a bundle; return 0 where all is as it was, else 1.

    Args:
        what: a fit's id, or the file of a bundle.
        store: --store, of a fit.
        images: folders to look for images below.
        fit: of a bundle: repeat this one.
        piece: repeat this piece of the fit, not its training.
        retrain: with a piece, train the fit again first.
        trust_plugins: run the code of a plug-in that the store or bundle holds.

    Raises:
        Refused: options contradict each other; what is asked for is not there.
    """
    if not what.endswith(".zip"):
        if fit is not None:
            raise Refused.because(
                f"--fit {fit}", f"{what} is a fit itself", "Name a bundle, or leave out --fit"
            )
        opened: Store = store_of(store)
        if images:
            [experiment] = choose_one(opened).experiments
            with waiting("looking for images") as say:
                found = find_images(opened, experiment, images, say)
            opened = cast(Store, WithImages(opened, found))
        return print_verification(
            what, opened, piece, given=store, retrain=retrain, trust_plugins=trust_plugins
        )
    if store is not None:
        raise Refused.because(f"--store {store}", f"{what} is a store itself", "Leave it out")
    if piece is not None and fit is None:
        raise Refused.because(f"--piece {piece}", "it is of no fit", "Name its fit with --fit")
    return _verify_bundle(
        Path(what), images, fit, piece, retrain=retrain, trust_plugins=trust_plugins
    )


def _verify_bundle(
    file: Path,
    images: Sequence[Path],
    fit: str | None,
    piece: str | None,
    *,
    retrain: bool,
    trust_plugins: bool,
) -> int:
    bundle = opened_bundle(file)
    console = Console()
    with waiting(f"reading {file}") as say:
        damage = list(bundle.damage())
        checked = check_store(bundle, deep=True, progress=say) if not damage else None
    damage += [f"{each.key}: {each.why}" for each in checked.damage] if checked else []
    if damage:
        print_paragraph(console, f"damaged: {counted(len(damage), 'file')}", style="bold red")
        for sentence in damage[:SHOWN]:
            print_paragraph(console, sentence, 2)
        if len(damage) > SHOWN:
            print_paragraph(console, f"... and {len(damage) - SHOWN:,} more", 2)
        return 1
    print_paragraph(
        console, f"whole: {counted(len(bundle.list()), 'file')}, each as it was packed", 0, "green"
    )
    [experiment] = choose_one(bundle).experiments
    found = ImagesFound({}, frozenset())
    if images:
        with waiting("looking for images") as say:
            found = find_images(bundle, experiment, images, say)
        _print_at_hand(console, pools_at_hand(bundle, experiment, found))
    if fit is None:
        return 0
    fit_id = named_fit(fit, committed_fits(bundle))
    at_hand = cast(Store, WithImages(bundle, found))
    return print_verification(
        fit_id, at_hand, piece, given=str(file), retrain=retrain, trust_plugins=trust_plugins
    )


def _print_at_hand(console: Console, pools: Sequence[PoolAtHand]) -> None:
    total, there = sum(each.images for each in pools), sum(each.found for each in pools)
    print_paragraph(
        console, f"images at hand, by content: {there:,} of {total:,} in {len(pools):,} pools"
    )
    table = Table(box=None, header_style="dim")
    for name in ("pool", "split", "class"):
        table.add_column(name)
    for name in ("images", "at hand", "pairs", "whole"):
        table.add_column(name, justify="right")
    for each in pools:
        pool = each.pool
        pairs = (f"{each.pairs:,}", f"{each.whole_pairs:,}") if each.pairs else ("-", "-")
        table.add_row(
            f"{pool['dataset']}/{pool['source']}",
            pool["split"],
            "fake" if pool["label"] else "real",
            f"{each.images:,}",
            f"{each.found:,}",
            *pairs,
            style="" if each.found == each.images else "yellow",
        )
    console.print(table)
