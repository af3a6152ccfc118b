"""Indexing a collection: what lies below its root, and what each file holds.

`data.index` puts the parts together: looking (folders listed, files looked at), the cache
(`data.index_cache`: what was read before), reading (bytes to digest and header facts, in parallel).
Everything is columns; a collection of millions of images is never a list of objects.
"""
