"""The data that an experiment file names, and what `train:` and `test:` make of it.

May import `grid.experiment_file`.
"""
