"""Audits in the store: whether something beside the pictures tells fakes from reals.

A record is named by its content, so an audit of other images, or by other rules, is another one.
May import what `grid.records` may.
"""
