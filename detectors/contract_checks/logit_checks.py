"""Checks of what a network returns: one logit per image that depends on that image alone."""

from __future__ import annotations

import torch

from detectors.contract_checks.subject import (
    IMAGES,
    CheckFailed,
    Subject,
    alike,
    require,
    tested,
)

OTHER_SIZE_PX = (40, 48)
"""Height and width of images that a network of any size must take as well."""


def one_finite_logit_per_image(subject: Subject) -> None:
    """images_BCHW in [0, 1] give logit_B, float32 and finite, in training and in testing."""
    network = subject.network()
    for logit_B in (network(subject.images()), tested(network, subject.images())):
        require(
            tuple(logit_B.shape) == (IMAGES,),
            f"{IMAGES} images give a tensor of shape {tuple(logit_B.shape)}",
            "Return one logit per image, of shape (B,): squeeze(1) after a last layer of one "
            "output, z_fake - z_real after one of two",
        )
        require(
            logit_B.dtype == torch.float32,
            f"the logits are {logit_B.dtype}",
            "Compute the last layer in `full_precision` on .float() inputs",
        )
        require(
            torch.isfinite(logit_B).all(),
            f"logits of noise at the initial weights are {logit_B.tolist()}",
            "Look for a division by zero, a logarithm of zero or an unscaled sum",
        )


def input_size_is_said(subject: Subject) -> None:
    """A network that takes one input size says which in `fixed_input_px`; others take any."""
    if subject.options.fixed_input_px() is not None:
        return
    height, width = OTHER_SIZE_PX
    try:
        tested(subject.network(), subject.images(height, width))
    except Exception as error:
        raise CheckFailed(
            f"images of {height} x {width} px raise {type(error).__name__}: {error}",
            "Return the input's side from Options.fixed_input_px, or make the network take any",
        ) from error


def testing_repeats_itself(subject: Subject) -> None:
    """In eval mode equal images give equal logits, and torch's generator is left alone."""
    network, images_BCHW = subject.network(), subject.images()
    before = torch.random.get_rng_state()
    first_B, again_B = tested(network, images_BCHW), tested(network, images_BCHW)
    require(
        torch.equal(first_B, again_B),
        "the same images give other logits the second time, in eval mode",
        "Draw nothing in eval mode, or draw as a function of the image",
    )
    require(
        torch.equal(before, torch.random.get_rng_state()),
        "testing draws from torch's global generator",
        "Draw nothing in eval mode, or from a generator of its own",
    )


def images_do_not_touch_each_other(subject: Subject) -> None:
    """In eval mode a batch of four gives the logits of four batches of one."""
    network, images_BCHW = subject.network(), subject.images()
    together_B = tested(network, images_BCHW)
    single_B = torch.cat([tested(network, image[None]) for image in images_BCHW])
    require(
        alike(together_B, single_B),
        f"four images together give {together_B.tolist()}, one by one {single_B.tolist()}",
        "Let no step in eval mode look across the batch: statistics, shuffles, sorting",
    )
    require(
        len(set(together_B.tolist())) == IMAGES,
        f"four different images give {together_B.tolist()}",
        "The logit must depend on the image: look for a dead layer or a dropped input",
    )


def memory_layout_changes_nothing(subject: Subject) -> None:
    """Channels last, as training may lay out images, gives the same logits."""
    network, images_BCHW = subject.network(), subject.images()
    plain_B = tested(network, images_BCHW)
    network.to(memory_format=torch.channels_last)
    other_B = tested(network, images_BCHW.to(memory_format=torch.channels_last))
    require(
        alike(plain_B, other_B),
        f"channels_last gives {other_B.tolist()} instead of {plain_B.tolist()}",
        "Use reshape in place of view where the layout of memory could matter",
    )


def seed_decides_the_weights(subject: Subject) -> None:
    """Initial weights are a function of the seed, whatever the global generator has drawn."""
    first, again = subject.network().state_dict(), subject.network().state_dict()
    require(
        all(torch.equal(first[key], again[key]) for key in first),
        "two networks of one seed differ",
        "Draw initial weights from torch's default generator alone, not from numpy or the clock",
    )
    other = subject.network(seed=4).state_dict()
    require(
        any(not torch.equal(first[key], other[key]) for key in first),
        "networks of two seeds are equal",
        "Draw the initial weights; do not seed inside `build`",
    )


def maps_can_be_drawn(subject: Subject) -> None:
    """What `what_it_sees` returns is maps_BCHW by name, float32; without the method: nothing."""
    network = subject.network().eval()
    what_it_sees = getattr(network, "what_it_sees", None)
    if what_it_sees is None:
        return
    with torch.inference_mode():
        maps = what_it_sees(subject.images())
    require(maps, "what_it_sees returns nothing", "Return at least one map, or drop the method")
    for name, map_BCHW in maps.items():
        require(
            map_BCHW.ndim == 4 and len(map_BCHW) == IMAGES and map_BCHW.dtype == torch.float32,
            f"what_it_sees gives {name!r} of shape {tuple(map_BCHW.shape)}, {map_BCHW.dtype}",
            "Return float32 maps of shape (B, C, rows, columns)",
        )
