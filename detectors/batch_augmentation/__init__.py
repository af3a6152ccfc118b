"""Augmentations of a whole training batch on the device, in float32, before the network.

Declared and checked without torch in `data/augmentations/`; here is what they compute. An
implementation is a function with the decorator `implements`; a module with one that is put here or
into `detectors/frequency/` is found.
"""
