"""What a store holds: its keys, its ids, and each kind of record, written and read.

May import `grid.store`. With it and the ground, all that the analysis may import.
"""
