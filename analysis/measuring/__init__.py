"""The numbers of a cell: metrics, computed from committed scores and kept.

It imports `selecting`.
"""
