"""Experiment files, identity, plan, the store, one trial's life, and the driver: one room each.

At the top lies the ground, which every room may import: `refusal`, `durations`, `packages`,
`console`, `visible`. Arrows between rooms point one way; a test has them.
"""
