"""A store's five verbs over keys, on a disk or on S3.

Imports the ground, and the words of `data` for amounts.
"""
