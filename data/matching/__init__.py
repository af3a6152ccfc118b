"""What `equalise: match` brings fakes to: the sizes and the JPEG codings of the reals beside them.

    sizes        the common square of two classes
    left_out     images that cannot be brought to it, which take part in nothing
    table_list   the square and the reals' codings as one value with a digest; what a fake draws
    forming      the list of a training set or of a test set, from its manifests, with counts
    coding       JPEG coding with given quantisation tables, read back and held against them

The operation itself is in `data/equalisations.py`; what is decided and measured stands in
`data/matching/README.md`.
"""
