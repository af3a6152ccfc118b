"""SPAI (arXiv 2411.19417): how well a spectrum-trained ViT restores an image's frequencies.

Read in this order: `patches` (an image of any size as squares), `frequency_split` (each square and
its low and high frequencies), `masked_frequency_vit` (tokens of all blocks), `restoration` (how
alike the three are, one vector per square), `context_attention` (squares to one vector), `network`.
"""
