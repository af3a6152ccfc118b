"""Tests, intervals and corrections: numbers in, an effect out; nothing of stores or pages.

It imports no other room.
"""
