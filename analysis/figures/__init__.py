"""Figures of an experiment, a file each: drawn from what is stored, without torch and ray.

It imports `comparing` and what that imports.
"""
