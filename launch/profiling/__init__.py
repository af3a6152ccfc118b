"""`crossgen profile`: how much memory and time each kind of work of an experiment takes here.

May import all of launch's ground, `grid`, `detectors` and `data`; nothing outside imports it but
its command.
"""
