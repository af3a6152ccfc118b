"""Files that prove themselves: checksums, JSON records, Parquet files.

May import `grid.store`.
"""
