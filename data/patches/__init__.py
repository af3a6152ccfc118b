"""Patches of an image, chosen among random ones by how simple they are.

`complexity.py` measures many patches at once. SSP's input (arXiv 2402.01123): `choice.py` draws and
chooses one, `patch_geometry.py` is the operation `patch(32)` of the string language,
`choice_in_test.py` says what it takes in a test. `texture.py` orders patches and lays them out,
`texture_geometry.py` is the operation `poor_and_rich(256)`: PatchCraft's input (arXiv 2311.12397).
"""
