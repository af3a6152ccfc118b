"""What is wanted, minus what the store holds, as trials.

May import `grid.checks`, `grid.integrity`, `grid.trial` and below.
"""
