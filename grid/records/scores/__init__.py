"""The scores of pieces: written, read back, copied into few files.

Part of `grid.records`.
"""
