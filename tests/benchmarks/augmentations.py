"""Images per second of each augmentation, as a ratio to none; and the batched transform's worth.

    python tests/benchmarks/augmentations.py [--side 224] [--seconds 1] [--gpu-images-per-s 2000]
        [--loaders 4] [--device cpu] [--only WORD]

Each is applied with probability 1 to batches of 32 images in one thread. `none` is what a step
does without: crop, flip, stacking, scaling. Of those that act on images, which the CPU computes
whatever trains, the table says whether so many loader threads, were they to share nothing, fall
below a GPU that trains so many images per second: then the CPU is the bottleneck. The last lines
hold the batched transform on the device against the plain way, image by image in numpy, both in
this run.
"""

import argparse
import time
from collections.abc import Callable

import numpy as np
import torch

from data.operations import parse
from data.randomness import stream
from detectors.batch_augmentation.batch import TrainingBatch
from detectors.batch_augmentation.implementations import augmented
from detectors.batches import scaled, stacked
from detectors.training_pipeline import training_pipeline

BATCH = 32
AUGMENTATIONS = (
    "none",
    "hflip(1)",
    "vflip(1)",
    "rotate(30)",
    "translate(0.2)",
    "noise(p=1)",
    "blur((1, 2), p=1)",
    "jpeg(p=1)",
    "blur_jpeg(p=1)",
    "colour_jitter(0.4, 0.4, 0.4)",
    "colour_jitter(0.4, 0.4, 0.4, 0.1)",
    "rand_augment",
    "rand_augment_timm",
    "amplitude_noise(0.3, p=1)",
    "amplitude_scale((0.5, 2), p=1)",
    "phase_jitter(0.3, p=1)",
    "phase_jitter(0.3, p=1, channels='luma')",
    "phase_jitter(0.3, p=1, combine='magnitude_phase', weight=0.5)",
    "band_pass(p=1)",
    "band_stop(p=1)",
    "band_drop(0.2, p=1)",
    "frequency_mask(p=1)",
    "spectrum_mix(0.3, p=1)",
    "random_erasing(p=1)",
    "mixup",
    "cutmix",
    "mixup_or_cutmix",
)


def images_per_s(step: Callable[[int], object], seconds: float) -> float:
    """How fast a step makes batches."""
    step(0)
    count, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        count += 1
        step(count)
    return count * BATCH / (time.perf_counter() - began)


def prepared(text: str, pictures: list, side: int, device: torch.device) -> Callable[[int], object]:
    """One step of a training before its network, with an augmentation."""
    augmentation = parse(text, "augmentation")
    geometry = parse(f"random_crop({side}) | hflip", "geometry")
    view = training_pipeline(geometry, augmentation.per_image)
    on_batch = augmentation.on_batch
    target_B = torch.arange(BATCH).remainder(2).float()
    ids = [str(index) for index in range(BATCH)]

    def step(number: int) -> object:
        images = [
            view(picture, stream(number, "image", index)) for index, picture in enumerate(pictures)
        ]
        images_BCHW = scaled(stacked(images), device)
        if on_batch.operations:
            batch = TrainingBatch(
                images_BCHW=images_BCHW,
                target_B=target_B,
                image_ids=ids,
                seed=0,
                epoch=1,
                step=number,
            )
            images_BCHW = augmented(on_batch, batch).images_BCHW
        if device.type == "cuda":
            torch.cuda.synchronize()
        return images_BCHW

    return step


def phases_by_numpy(pictures: list, side: int) -> Callable[[int], object]:
    """Phase jitter as it is mostly written: one image after another, whole complex spectra."""

    def step(number: int) -> object:
        images = []
        for index, picture in enumerate(pictures):
            rng = stream(number, "image", index)
            image_HWC = picture[:side, :side].astype(np.float64) / 255
            spectrum = np.fft.fft2(image_HWC, axes=(0, 1))
            noise = rng.standard_normal(spectrum.shape)
            odd = (noise - np.roll(noise[::-1, ::-1], (1, 1), (0, 1))) / 2**0.5
            turned = np.abs(spectrum) * np.exp(1j * (np.angle(spectrum) + 0.3 * odd))
            images.append(np.fft.ifft2(turned, axes=(0, 1)).real.clip(0, 1).astype(np.float32))
        return torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2)

    return step


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, default=224)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--gpu-images-per-s", type=float, default=2000.0)
    parser.add_argument("--loaders", type=int, default=4)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--only", default="")
    given = parser.parse_args()
    torch.set_num_threads(1)
    device = torch.device(given.device)
    size = (given.side + 32, given.side + 32, 3)
    pictures = [stream("picture", n).integers(0, 256, size, np.uint8) for n in range(BATCH)]
    slow = []
    plain = images_per_s(prepared("none", pictures, given.side, device), given.seconds)
    print(f"{'augmentation':64} acts on  images/s  ratio to none", flush=True)
    for text in AUGMENTATIONS:
        if given.only not in text:
            continue
        pipeline = parse(text, "augmentation")
        speed = images_per_s(prepared(text, pictures, given.side, device), given.seconds)
        on_image = bool(pipeline.per_image.operations)
        acts_on = "image" if on_image else "batch" if pipeline.operations else ""
        print(f"{text:64} {acts_on:7}  {speed:8.0f}  {speed / plain:.3f}", flush=True)
        if on_image and speed * given.loaders < given.gpu_images_per_s:
            slow.append(text)
    many = f"{given.loaders} threads feed less than {given.gpu_images_per_s:.0f} images/s"
    print(f"the CPU is the bottleneck ({many}): {'; '.join(slow) or 'of none'}")
    numpy_way = images_per_s(phases_by_numpy(pictures, given.side), given.seconds)
    batched = prepared("phase_jitter(0.3, p=1)", pictures, given.side, device)
    speed = images_per_s(batched, given.seconds)
    print(
        f"phase_jitter: batched {speed:.0f}, numpy image by image {numpy_way:.0f} images/s; ",
        end="",
    )
    print(f"ratio {speed / numpy_way:.2f}")


if __name__ == "__main__":
    main()
