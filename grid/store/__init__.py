"""A store's five verbs over keys, on a disk or on S3.

Imports nothing of ours.
"""
