"""Many trials: which is next, what becomes of it, what people see; without Ray.

May import `grid.trial.contract` and, of a store, `grid.store.patience`.
"""
