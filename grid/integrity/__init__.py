"""Whether a store is as it was written: every file looked at, the damaged set aside.

May import `grid.records` and below.
"""
