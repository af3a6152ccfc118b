"""Derived datasets: the images of a collection, degraded once and written as files.

`degraded.py` writes one, `marked_png.py` is one of its files, `derived_folder.py` what a folder of
them says of itself, and `kept_layout.py` whether it will be read as its source is.
"""
