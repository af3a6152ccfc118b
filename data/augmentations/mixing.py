"""Two images made one, labels with them, and parts of an image erased: parameters only.

They act on a batch on the device, after the geometry and so on what the network sees, as in the
published code. The arithmetic is `detectors/batch_augmentation/`. What changes labels makes them
numbers between 0 and 1, of which the loss is the cross-entropy; validation and tests know whole
labels only. An image's partner is another one of its batch, drawn by (seed, epoch, step).
"""

from typing import Literal

from data.geometry import check_range, check_span
from data.operation_registry import operation

Fill = Literal["zero", "uniform", "normal"]


@operation("random_erasing", kind="augmentation", is_random=True, keeps_size=True, acts_on="batch")
def random_erasing(
    p: float = 0.5,
    area: tuple[float, float] = (0.02, 0.33),
    ratio: tuple[float, float] = (0.3, 3.3),
    fill: Fill = "uniform",
) -> None:
    """Erase a rectangle with probability p (Zhong et al., arXiv 1708.04896, algorithm 1).

    Its share of the area is uniform in `area` (0 to 1), height / width log-uniform in `ratio` (0.05
    to 20), its place uniform; after ten rectangles that do not fit, nothing is erased, as in
    torchvision. `uniform`: each value anew in [0, 1], the paper's; `zero`: black; `normal`:
    ImageNet's mean and deviation, which networks normalise to a standard normal, as timm's mode
    "pixel" has it; these values may leave [0, 1].
    """
    check_range("p", p, 0, 1)
    check_span("area", area, 0, 1)
    check_span("ratio", ratio, 0.05, 20)


@operation("mixup", kind="augmentation", is_random=True, keeps_size=True, acts_on="targets")
def mixup(alpha: float = 0.2, p: float = 1.0) -> None:
    """(1 - m) x + m x_partner, and the labels alike, m of Beta(alpha, alpha) for each image.

    Zhang et al., "mixup: beyond empirical risk minimization" (arXiv 1710.09412, eq. 1). Alpha is
    above 0, up to 10. Drawn for each image, as in timm's mode "elem"; the authors' code draws one m
    for a batch.
    """
    check_range("alpha", alpha, 1e-3, 10)
    check_range("p", p, 0, 1)


@operation("cutmix", kind="augmentation", is_random=True, keeps_size=True, acts_on="targets")
def cutmix(alpha: float = 1.0, p: float = 1.0) -> None:
    """A rectangle of the partner in the image's place; the labels by the areas that are seen.

    Yun et al., "CutMix" (arXiv 1905.04899, eq. 1 and 2): sides sqrt(m) of the image's with m of
    Beta(alpha, alpha), the centre uniform, what lies outside cut off and the share corrected.
    Alpha is above 0, up to 10. Drawn for each image.
    """
    check_range("alpha", alpha, 1e-3, 10)
    check_range("p", p, 0, 1)


@operation(
    "mixup_or_cutmix", kind="augmentation", is_random=True, keeps_size=True, acts_on="targets"
)
def mixup_or_cutmix(
    mixup_alpha: float = 0.8, cutmix_alpha: float = 1.0, cutmix_share: float = 0.5, p: float = 1.0
) -> None:
    """For each image cutmix with probability `cutmix_share`, else mixup, as Swin and DeiT train.

    The defaults are theirs (arXiv 2103.14030, 2012.12877); timm switches for a whole batch unless
    its mode is "elem".
    """
    mixup(mixup_alpha, p)
    cutmix(cutmix_alpha, p)
    check_range("cutmix_share", cutmix_share, 0, 1)
