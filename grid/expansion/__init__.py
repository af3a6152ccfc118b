"""From an experiment and its data to its fits and to what each is scored on.

May import `grid.sources`, `grid.records` and below; never looks into a store.
"""
