"""The figures: one file is one kind, found by being there.

A file imports `analysis.figures.figure` and what it needs of the rooms below.
"""
