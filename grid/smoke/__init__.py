"""Smoke variants: an experiment as it stands in its file, on simulated images, CPU-sized.

May import the words of the file, and nothing of how it is planned or run: what it makes is an
experiment file like any other.
"""
