"""The views of a store, and a user's SQL over them.

It imports `matrices`, `measuring` and `selecting`.
"""
