"""Sem-SPAI: SPAI's frozen spectral vector beside a frozen backbone that knows what images show.

`network` puts the two together, `fusions` has the ways to do so, `cross_attention` what some of
them are made of, `semantic_features` what is taken from the backbone.
"""
