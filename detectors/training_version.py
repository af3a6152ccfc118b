"""The version of the training loop's arithmetic. Loads no torch: a plan asks it too."""

TRAINING_VERSION = 1
"""Raise it with any change after which a training from the same start ends with other weights:
order of images, augmentation's seeds, loss, optimisers, schedules, the place of validation.

A checkpoint of another version is not resumed, since its two parts would be two trainings. It is in
no id: a committed fit stays what it is. Words, logging and speed leave it alone.
"""
