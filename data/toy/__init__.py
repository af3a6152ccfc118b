"""Toy generators: simulated photographs and fakes with real structure, made in seconds.

For trying the house out, never as evidence about real generators. Read in this order: `scenes`
(what is in the pictures; `textures`), `camera` (what makes them photographs), `generators` and
`decoders` (what makes them fakes; `upsamplers`, `filters`), `images`, `writing` (`processes`).
"""
