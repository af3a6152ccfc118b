"""Equalisations: what is done to images before anything else, so that no file gives a label away.

Real and fake images of a collection often differ in format, size or compression; an equalisation
takes such a difference away, in training and in tests. It acts on the image as decoded, and may
treat the two labels differently: nothing else may. It is part of a fit's and of a piece's key.
`none` is the only one so far. To add one, decorate a factory with `@operation(NAME,
kind="equalise")`; what it draws is a function of the image (`data/view.py`).
"""
