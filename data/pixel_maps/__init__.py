"""What a pool's pixels look like on average: power spectra, and the residuals that NPR sees.

pool_images     some images of a pool, decoded, cropped alike and measured, one after the other
running_mean    mean and standard error of maps, one image at a time
power_spectrum  log power spectrum of an image, and its mean over rings of frequency
npr_residual    what is left of an image after it is shrunk and enlarged
"""
