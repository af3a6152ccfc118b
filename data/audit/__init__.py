"""Audits: whether something other than what a generator does tells fakes from reals."""
