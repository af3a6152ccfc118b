"""Several views of one image, cut and changed each by itself, side by side in a strip.

For detectors that look at an image as a number of squares and are trained on squares drawn from it.
"""

import numpy as np

from data.geometry import check_range
from data.operations import Apply, Image, operation, parse

MOST_VIEWS = 64


# What the hungriest augmentation takes beside its input, `rotate`.
@operation(
    "views",
    kind="geometry",
    is_random=True,
    bytes_per_pixel=120,
    pipelines={"each": "geometry", "augment": "augmentation"},
)
def views(count: int, each: str, augment: str = "none") -> Apply:
    """`count` views of an image, drawn apart and set side by side, left to right.

    Each is the image after the geometry `each`, which brings every image to one height, and then
    after the augmentation `augment` of single images. Count is from 1 to 64.

    SPAI is trained so (arXiv 2411.19417, section 4.1), on four views of 224 x 224.
    """
    check_range("count", count, 1, MOST_VIEWS)
    geometry, augmentation = parse(each, "geometry"), parse(augment, "augmentation")
    if augmentation.on_batch.operations:
        raise ValueError(
            f"{augmentation.on_batch.canonical} acts on batches and a view is one image; write it "
            "as the experiment's augment."
        )

    def apply(image_HWC: Image, rng: np.random.Generator) -> Image:
        drawn = [augmentation.strided(geometry.strided(image_HWC, rng), rng) for _ in range(count)]
        return np.concatenate(drawn, axis=1)

    return apply
