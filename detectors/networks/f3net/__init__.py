"""F3-Net (Qian et al., ECCV 2020, arXiv 2007.09355): an image's frequencies, seen in two ways.

`f3net_network.py` is the whole; `band_images.py` its first branch (FAD, frequency-aware
decomposition), `local_statistics.py` its second (LFS, local frequency statistics),
`mix_block.py` what passes between them (MixBlock), `cosine_transform.py` what both share.
"""
