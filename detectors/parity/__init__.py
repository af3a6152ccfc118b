"""Numbers of the official code, and how each detector is held against them.

`file.py` reads a file of such numbers; `<detector>.py` says for one detector of the zoo which file
holds its numbers (`FILE`) and computes ours beside them (`compared`).
"""
