"""A store kept: what no commit names is removed, what is committed is repeated.

May import `grid.trial`, `grid.integrity` and below.
"""
