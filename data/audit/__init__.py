"""Audits: whether something other than what a generator does tells fakes from reals.

    chance              the levels that chance may reach
    category_rule       a label read from categories, cross-validated in closed form
    header_classifier   that rule on what file headers say
    jpeg_history        a statistic of pixels that were once a JPEG
    resampling          a statistic of pixels that were interpolated
    pixel_statistics    all that is measured of one image
    pixel_sample        a hash-drawn sample, decoded, equalised and measured
    pixel_tests         what a sample's statistics say of both classes
    discriminant        Fisher's linear discriminant, cross-validated
    duplicates          equal bytes in two pools
    perceptual_hash, near_duplicates   look-alikes

No torch, pandas or scikit-learn: `plan` uses the header classifier. What was measured stands in
README.md.
"""
