"""One patch of an image, chosen among random ones by how simple it is: SSP's input.

`complexity.py` measures many patches at once, `choice.py` draws and chooses, `patch_geometry.py` is
the operation `patch(32)` of the string language, `choice_in_test.py` says what it takes of an image
in a test. From "A single simple patch is all you need for
AI-generated image detection" (arXiv 2402.01123).
"""
