"""One trial on whichever worker runs it; read `execute` first.

May import `grid.integrity` and below; no room that knows an experiment file.
"""
