"""Layouts: how a collection lies on disk, one file each."""
