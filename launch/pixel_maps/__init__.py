"""Mean maps of the pixels that an experiment compares: what `spectra` and `residual-maps` make.

compared_pools  which pools, under which equalise, and how large a square all of them have
pool_artifacts  a map of each pool, computed where it is not in the store yet
spectra         log power spectra
residuals       NPR's residuals
saying_maps     what was made, in lines
"""
