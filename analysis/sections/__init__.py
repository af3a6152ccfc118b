"""The parts of terminal and page: one file is one section, found by being there.

They import every room.
"""
