"""Every recipe of every detector as a row, written from papers, official code and seed texts.

"Reference" is the collection of facts about detectors that the project was begun with.
"""

from dataclasses import replace
from math import cos, pi

from recipe_row import LAST, LOWEST_LOSS, MOST_ACCURATE, Row

TRANSFORMER_AUGMENT = (
    'rand_augment_timm | random_erasing(p=0.25, ratio=(0.3,3.3333), fill="normal") '
    "| mixup_or_cutmix"
)


def cosine(done: float) -> float:
    """What is left of a rate that falls to 0 along half a cosine."""
    return (1 + cos(pi * done)) / 2


SMALL = Row(
    optimizer="adamw",
    batch=32,
    epochs=8,
    # One cycle: up from 1/25 within the first 16 of 80 steps.
    rates={1: 4e-5, 2: 7.6e-4, 3: 9.85016e-4, 5: 6.68446e-4, 8: 4.80092e-5},
    last_rate=4e-9,
    decay=(0.01, 0.01),
    selected=LAST,
)
COMMON = Row(
    optimizer="adamw",
    batch=64,
    epochs=10,
    # The first 5 of 100 steps rise.
    rates={1: 4e-5, 2: 2e-4 * cosine(5 / 95), 6: 2e-4 * cosine(45 / 95), 10: 5.41828e-6},
    last_rate=2e-4 * cosine(94 / 95),
    decay=(0.05, 0.0),
    selected=LOWEST_LOSS,
    clip=1.0,
    precision="bfloat16",
)
# Times 0.9 after the epochs of index 10, 20, 30, 40 (reference 8.3).
NPR = Row(
    optimizer="adam",
    batch=32,
    epochs=50,
    rates={1: 2e-4, 11: 2e-4, 12: 1.8e-4, 21: 1.8e-4, 22: 1.62e-4, 32: 1.458e-4, 42: 1.3122e-4},
    last_rate=1.3122e-4,
    selected=LAST,
)
# One epoch (reference 8.2).
NPR_GENIMAGE = Row(
    optimizer="adam", batch=32, epochs=1, rates={1: 2e-4}, last_rate=2e-4, selected=LAST
)
# Seed text 001, its table of training.
SIMPLE_CNN_SEED = Row(
    optimizer="adam",
    batch=32,
    epochs=10,
    rates={1: 1e-4, 10: 1e-4},
    last_rate=1e-4,
    selected=LAST,
)
RESNET50_SEED = replace(SIMPLE_CNN_SEED, decay=(1e-4, 1e-4))
# 64 images on each of two GPUs, 3 of 200 epochs rising, mixed precision (reference 2).
RESNET50 = Row(
    optimizer="sgd",
    batch=128,
    epochs=200,
    rates={1: 0.05 / 30, 2: 0.05 * 11 / 30, 4: 0.05, 101: 0.05 * cosine(97 / 197)},
    last_rate=0.05 * cosine(1969 / 1970),
    decay=(2e-5, 0.0),
    momentum=0.9,
    nesterov=True,
    selected=MOST_ACCURATE,
    smoothing=0.1,
    augment='rand_augment_timm | random_erasing(p=0.6, ratio=(0.3,3.3333), fill="normal")',
    precision="bfloat16",
)
# 5e-4 for 512 images, so 1e-3 for 1,024; down to a hundredth; 20 epochs rising (reference 2).
SWIN_T = Row(
    optimizer="adamw",
    batch=1024,
    micro_batch=128,
    epochs=300,
    rates={1: 5e-6, 11: 1e-3 * 101 / 200, 21: 1e-3, 161: 5.05e-4},
    last_rate=1e-5 + 9.9e-4 * cosine(2799 / 2800),
    decay=(0.05, 0.0),
    selected=LAST,
    clip=5.0,
    smoothing=0.1,
    augment=TRANSFORMER_AUGMENT,
    precision="bfloat16",
)
# The same with 5 epochs rising, and no bound of the gradient (reference 2).
DEIT_S = replace(
    SWIN_T,
    rates={1: 2e-5, 6: 1e-3, 65: 1e-5 + 9.9e-4 * cosine(0.2), 242: 1e-5 + 9.9e-4 * cosine(0.8)},
    last_rate=1e-5 + 9.9e-4 * cosine(2949 / 2950),
    clip=None,
)
# Five epochs without a rise of 0.001, then of 0.002, each a tenth, until below 1e-6 (reference 3).
CNNSPOT = Row(
    optimizer="adam",
    batch=64,
    epochs=100,
    rates={1: 1e-4, 6: 1e-4, 7: 1e-5, 12: 1e-5, 13: 1e-6, 18: 1e-6},
    last_rate=1e-6,
    ends_after=18,
    progress=(0.001, 0.002),
    selected=MOST_ACCURATE,
    augment="blur_jpeg(p=0.5)",
)
CNNSPOT_P01 = replace(CNNSPOT, augment="blur_jpeg(p=0.1)")
# AdamW without decay, batch 256 (reference 7).
UNIVFD = replace(CNNSPOT, optimizer="adamw", batch=256)
# One rate; dampening 0.9; batch 16 as the launcher has it (reference 4).
SPEC = Row(
    optimizer="sgd",
    batch=16,
    epochs=20,
    rates={1: 0.01, 20: 0.01},
    last_rate=0.01,
    decay=(1e-4, 1e-4),
    momentum=0.9,
    dampening=0.9,
    selected=LAST,
)
# The paper, section 4.1: 150,000 steps, here as 15,000 epochs of ten.
F3NET = Row(
    optimizer="sgd",
    batch=128,
    steps=150_000,
    rates={1: 2e-3, 3_751: 2e-3 * cosine(0.25), 7_501: 1e-3},
    last_rate=2e-3 * cosine(149_999 / 150_000),
    momentum=0.9,
    selected=LAST,
    balanced=True,
)
# Reference 5; six images of each class.
F3NET_OFFICIAL = Row(
    optimizer="adam",
    batch=12,
    epochs=5,
    rates={1: 2e-4, 5: 2e-4},
    last_rate=2e-4,
    selected=LAST,
    balanced=True,
)


# Created at 3e-4, which 1e-5 overwrites (reference 6).
GRAMNET = Row(
    optimizer="adam",
    batch=14,
    epochs=5,
    rates={1: 1e-5, 5: 1e-5},
    last_rate=1e-5,
    decay=(1e-4, 1e-4),
    selected=LAST,
)
# (1 - e/30)^0.9 for e = 0 ... 29 (reference 10.3).
SSP = Row(
    optimizer="adam",
    batch=64,
    epochs=30,
    rates={1: 1e-4, 2: 1e-4 * (29 / 30) ** 0.9, 16: 1e-4 * 0.5**0.9, 30: 1e-4 * (1 / 30) ** 0.9},
    last_rate=1e-4 * (1 / 30) ** 0.9,
    selected=MOST_ACCURATE,
    precision="tf32",
)
# e = 1 ... 30, the last epoch at rate 0; the best on all validation folders.
SSP_OFFICIAL = replace(
    SSP,
    rates={1: 1e-4 * (29 / 30) ** 0.9, 15: 1e-4 * 0.5**0.9, 29: 1e-4 * (1 / 30) ** 0.9, 30: 0.0},
    last_rate=0.0,
    on_test_sets=True,
)
# Seed texts 000 (the rate) and 001 (the batch and the flip).
SSP_SEED = Row(
    optimizer="adam",
    batch=32,
    epochs=30,
    rates={1: 1e-4 * 29 / 30, 15: 5e-5, 29: 1e-4 / 30, 30: 0.0},
    last_rate=0.0,
    selected=MOST_ACCURATE,
    augment="hflip",
)
# From 5 epochs of rising down to 2.5e-7; apex O2 (reference 11.3).
SPAI = Row(
    optimizer="adamw",
    batch=72,
    epochs=35,
    rates={1: 1e-5, 6: 5e-4, 21: 2.5e-7 + 4.9975e-4 * 0.5},
    last_rate=2.5e-7 + 4.9975e-4 * cosine(299 / 300),
    decay=(0.05, 0.0),
    selected=LOWEST_LOSS,
    precision="bfloat16",
)
# No rising, 10 epochs, no mixed precision (reference 12), an A100 (seed text 002).
SEM_SPAI = Row(
    optimizer="adamw",
    batch=256,
    epochs=10,
    rates={1: 5e-4, 6: 2.5e-7 + 4.9975e-4 * 0.5},
    last_rate=2.5e-7 + 4.9975e-4 * cosine(0.99),
    decay=(0.05, 0.0),
    selected=LOWEST_LOSS,
    precision="tf32",
)
# 32 images on each of eight GPUs, 20 epochs, smoothing 0.1 (reference 13); by the script no decay
# and no rising, down to 1e-6.
AIDE = Row(
    optimizer="adamw",
    batch=256,
    epochs=20,
    rates={1: 1e-4, 11: 1e-6 + 9.9e-5 * 0.5},
    last_rate=1e-6 + 9.9e-5 * cosine(0.995),
    selected=MOST_ACCURATE,
    smoothing=0.1,
    augment="blur_jpeg(p=0.1, sigma=(0.1, 3))",
    precision="tf32",
)
# 5e-4 and 5 epochs (reference 13).
AIDE_GENIMAGE = replace(
    AIDE,
    epochs=5,
    rates={1: 5e-4, 5: 1e-6 + 4.99e-4 * cosine(0.8)},
    last_rate=1e-6 + 4.99e-4 * cosine(0.98),
)
# Ours: a convex problem.
L2 = Row(
    optimizer="sgd",
    batch=64,
    epochs=40,
    rates={1: 2.0, 21: 1.0, 31: 2.0 * cosine(0.75)},
    last_rate=2.0 * cosine(0.9975),
    decay=(1e-3, 0.0),
    momentum=0.9,
    selected=LAST,
)
TABLE = {
    "small": SMALL,
    "common": COMMON,
    **{f"npr/{name}": NPR for name in ("paper", "official", "seed")},
    "npr/genimage": NPR_GENIMAGE,
    "npr_multi/seed": NPR,
    "simple_cnn/seed": SIMPLE_CNN_SEED,
    "resnet50/seed": RESNET50_SEED,
    "resnet50/paper_without_jsd": RESNET50,
    "swin_t/paper": SWIN_T,
    "deit_s/paper": DEIT_S,
    "cnnspot/paper": CNNSPOT,
    "cnnspot/official": CNNSPOT,
    "cnnspot/paper_p01": CNNSPOT_P01,
    "univfd/paper": UNIVFD,
    "univfd/official": UNIVFD,
    "spec/paper": SPEC,
    "spec/official": SPEC,
    "f3net/paper": F3NET,
    "f3net/official": F3NET_OFFICIAL,
    "gramnet/paper": GRAMNET,
    "gramnet/official": replace(GRAMNET, selected=MOST_ACCURATE, on_test_sets=True),
    "gramnet/benchmark": replace(CNNSPOT_P01, epochs=1000, precision="tf32"),
    "ssp/paper": SSP,
    "ssp/official": SSP_OFFICIAL,
    "ssp/seed": SSP_SEED,
    "spai/paper": SPAI,
    "spai/official": SPAI,
    "sem_spai/official": SEM_SPAI,
    "sem_spai/seed": SEM_SPAI,
    "aide/paper": AIDE,
    "aide/official": replace(AIDE, on_test_sets=True),
    "aide/genimage": AIDE_GENIMAGE,
    "log_dct_linear/l2": L2,
    "log_fft_linear/l2": L2,
}
