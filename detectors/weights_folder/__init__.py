"""The weights folder: what trainings may begin with, fetched or imported beforehand.

One safetensors file per name, and beside it a JSON entry: checksum, source, whose keys it has, what
it was trained on. `entries` and `names` load no torch; `importing` and `fetching` do.
"""
