"""Fourier spectra of batches on the device: augmentations and second views, in float32.

`fourier.py` has the transform and what keeps an image real, `augmentation.py` what all
augmentations share; the others have one idea each. See README.md.
"""
