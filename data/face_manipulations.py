"""Names of face manipulations, and FaceForensics++'s compressions of the same videos.

Sources: FaceForensics++ (arXiv 1901.08971), Celeb-DF (arXiv 1909.12962), DFDC (arXiv 2006.07397),
DeeperForensics-1.0 (arXiv 2001.03024), and the labels that DeepfakeBench gives them
(arXiv 2307.01426). Names and aliases are written as in `data.generators`.
"""

# raw as uploaded, then H.264 at a constant rate factor of 23 and of 40
COMPRESSIONS = ("raw", "c23", "c40")

# Name -> group of near copies ("" for none but itself) and aliases.
FACE_MANIPULATIONS: dict[str, tuple[str, tuple[str, ...]]] = {
    "blendface": ("", ()),
    "celeb_df_v1": ("celeb_df", ("celebdfv1", "celebdfv1_fake")),
    "celeb_df_v2": ("celeb_df", ("celebdfv2", "celebdfv2_fake")),
    "deeperforensics": ("", ("deeperforensics_1_0", "df_fake")),
    "deepfake": ("", ("faceforensics",)),
    "deepfakes": ("deepfake", ("ff_df",)),
    "dfd": ("", ("deepfakedetection", "dfd_fake")),
    "dfdc": ("", ("dfdc_fake",)),
    "dfdcp_a": ("dfdcp", ("dfdcp_fakea",)),
    "dfdcp_b": ("dfdcp", ("dfdcp_fakeb",)),
    "e4s": ("", ()),
    "face2face": ("deepfake", ("ff_f2f",)),
    "faceshifter": ("", ("ff_fh", "ff_sh")),
    "faceswap": ("deepfake", ("ff_fs",)),
    "fsgan": ("", ()),
    "inswap": ("", ("inswapper",)),
    "neuraltextures": ("deepfake", ("ff_nt",)),
    "roop": ("inswap", ("roop_fake",)),  # which runs inswapper's network
    "simswap": ("", ()),
    "uadfv": ("", ("uadfv_fake",)),
}


def without_compression(name: str) -> tuple[str, str]:
    """A generator's name and the compression that it ends with, "" where it ends with none.

    For example "deepfakes_c23" is "deepfakes" and "c23".
    """
    base, separator, compression = name.rpartition("_")
    is_one = bool(base and separator) and compression.lower() in COMPRESSIONS
    return (base, compression.lower()) if is_one else (name, "")
