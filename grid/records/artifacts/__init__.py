"""Artifacts: what figures need of pixels or of a network, computed once and kept in the store.

May import `grid.store` and the other records.
"""
