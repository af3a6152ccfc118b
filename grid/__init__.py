"""Experiment files, identity, plan, the store, one trial's life, and the driver."""
