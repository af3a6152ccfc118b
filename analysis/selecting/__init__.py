"""What of a store is looked at: one expansion of each experiment, and what is committed of it.

It imports no other room.
"""
