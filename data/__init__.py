"""Images: layouts, manifests, pools, decoding, and everything that changes a pixel."""
