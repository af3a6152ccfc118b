"""What GenImage's three plain baselines share: the paper, the code, upstream augmentations."""

from __future__ import annotations

from detectors.contract import OfficialCode, Paper

PAPER = Paper(
    title="GenImage: A Million-Scale Benchmark for Detecting AI-Generated Image",
    authors="Zhu, Mingjian and Chen, Hanting and Yan, Qiangyu and Huang, Xudong and Lin, Guanyu "
    "and Li, Wei and Tu, Zhijun and Hu, Hailin and Hu, Jie and Wang, Yunhe",
    venue="NeurIPS 2023 Datasets and Benchmarks",
    year=2023,
    arxiv="2306.08571",
)

TRANSFORMER_AUGMENT = (
    'rand_augment_timm | random_erasing(p=0.25, ratio=(0.3,3.3333), fill="normal") '
    "| mixup_or_cutmix"
)
"""Of Swin and DeiT: RandAugment m9-mstd0.5-inc1, erasing 0.25, mixup 0.8 or cutmix 1.0. Colour
jitter is in both configurations, and timm leaves it out where RandAugment is on."""


def official_code(licence: str) -> OfficialCode:
    """GenImage's repository, whose folders keep the licence of the code that they come from.

    Its folders `ai` and `nature` are read in order of their names, so that a checkpoint's output 1
    means real.
    """
    return OfficialCode(
        repository="GenImage-Dataset/GenImage", commit="746781b", licence=licence, positive="real"
    )


def published(trained_on_sd14: str, means: str) -> tuple[str, ...]:
    """Two sentences of accuracies in percent: on each of the eight generators, and their mean.

    Args:
        trained_on_sd14: of a training on SD1.4 (table 3).
        means: the same, each averaged over trainings on each of the eight (table 4).
    """
    order = "Midjourney, SD1.4, SD1.5, ADM, GLIDE, Wukong, VQDM, BigGAN and in the mean"
    return (
        f"Trained on GenImage's SD1.4, accuracy in percent on {order}: {trained_on_sd14} "
        "(GenImage, table 3).",
        f"Mean over trainings on each of the eight, accuracy in percent on {order}: {means} "
        "(GenImage, table 4).",
    )
