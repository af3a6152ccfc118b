"""Detectors: one card per file in zoo/, one contract, one training loop, one prediction function.

Importing a card loads no torch; the network is built by its `build(options)`. README.md in this
folder says how to add a detector.
"""
