"""Analysis: from committed scores to metrics, tests, tables and SQL. Reads only the store.

Of the other packages it imports `grid.records` alone; neither torch nor ray.
"""
