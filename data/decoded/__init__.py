"""Decoded images on a node's disk, shared by all processes there: each is decoded once.

`README.md` has the layout of the files, the rules and what was measured. It may import the rest of
`data`, which knows of it in `data/images.py` alone.
"""
