"""The same run on Ray Tune: the only room of the science that imports ray.

May import `grid.run` and `grid.trial.contract`.
"""
