"""One file per detector: its options, its card, its `build`. The file's presence registers it.

A module here is imported by `plan` and `--help`, so it imports no torch at its top.
"""
