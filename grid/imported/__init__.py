"""Scores that another program computed, brought into a store as rows like any other.

`score_file` reads the file, `matching_images` finds the images it speaks of, `imported_fit` commits
the fit and its pieces, `record` adds it to an experiment.
"""
