"""Pictures of what a detector sees: what `crossgen predict --explain` is made of.

colour_scales     numbers as colours that colour-blind people tell apart
panels            one picture with its caption
map_panels        the maps that a network says it sees, each drawn as what it is
image_panels      the image, what is given of it, SSP's patch in it, where the logit comes from
contact_sheet     all panels of an image on one page
explained_images  the pictures of all images and detectors, as PNG files
"""
