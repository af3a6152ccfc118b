"""What the images of a plan take decoded, and how many of them a node will keep."""

from __future__ import annotations

from data.byte_counts import in_bytes
from grid.console import Console
from grid.plan.plan import Plan
from grid.plan.wanted_images import decoded_bytes, wanted_images
from grid.trial.node_images import decoded_bound, decoded_folder, why_nothing_is_kept
from launch.paragraphs import print_paragraph


def print_decoded(console: Console, plan: Plan) -> None:
    """Print how many bytes the images of what is missing take, and the bound of this machine."""
    sizes = [decoded_bytes(wanted) for wanted in wanted_images(plan)]
    total = sum(size for size in sizes if size is not None)
    if not total:
        return
    folder = decoded_folder()
    bound = decoded_bound(folder)
    about = f"decoded images: about {in_bytes(total)}"
    if not bound:
        why = why_nothing_is_kept(folder)
        line = f"{about}, none of it kept ({why}): every epoch decodes its images"
    elif total <= bound:
        line = f"{about}, kept once per node in {folder}; at most {in_bytes(bound)} here"
    else:
        line = (
            f"{about}; {in_bytes(bound)} of it, {bound / total:.0%}, is kept once per node in "
            f"{folder} and the rest decoded each time; CROSSGEN_DECODED and CROSSGEN_SCRATCH say "
            "otherwise"
        )
    print_paragraph(console, line, 0, "dim" if total <= bound else "yellow")
