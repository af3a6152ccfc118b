"""Augmentations: random changes during training, the same for both classes.

One idea per file; a file that is put here is found. Most act on each image by itself, on uint8
pixels and with the image's own generator. Those of `frequency` and `mixing` act on a batch on the
device: here stand their parameters, so that plans check them without torch; what they compute
stands in `detectors/frequency/` and `detectors/batch_augmentation/`.
"""

import importlib
import pkgutil

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")
