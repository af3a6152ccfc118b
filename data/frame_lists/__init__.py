"""Lists of frames of videos, as DeepfakeBench writes them (arXiv 2307.01426).

`reading` opens a list, `labels` says which of its labels are real and what made the others,
`originals` which videos are made of one another, `joining` makes one video of what several lists
and splits say of it, `on_disk` finds the frames that are there.
"""
