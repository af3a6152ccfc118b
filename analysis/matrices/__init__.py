"""The train x test matrix, and how its rows and columns are related.

It imports `measuring` and `selecting`.
"""
