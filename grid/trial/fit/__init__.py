"""A trial's fit: begun or resumed, trained, committed; and where it came from.

Part of `grid.trial`.
"""
