"""Fakes made of a user's own photographs that differ from them in an up-sampler's traces alone.

May import the rest of `data`; nothing of `data` but its own files imports it.
"""
