"""Slurm: the batch script of a run, submitting it, stopping it, and whether restarts get anywhere.

May import `grid` and the ground of `launch`; what makes the script imports neither.
"""
