"""The versions of the training loop: its arithmetic, its meaning. Loads no torch: plans ask."""

TRAINING_VERSION = 1
"""Raise it with any change after which a training from the same start ends with other weights:
order of images, augmentation's seeds, loss, optimisers, schedules, the place of validation.

A checkpoint of another version is not resumed, since its two parts would be two trainings. It is in
no id: a committed fit stays what it is. Words, logging and speed leave it alone.
"""

TRAINING_SEMANTICS = 1
"""Raise it, with TRAINING_VERSION, when fits of before are no fits of the same procedure any more:
a recipe's field meant something else, the wrong epoch was selected. Above 1 it is in the id of
every fit that trains: all are trained and scored again.
"""
