"""What a detector looks at: of any network, without its help.

grad_cam       where in an image a logit comes from (Grad-CAM)
last_features  what the last linear layer is given
seen_maps      the maps that a network itself says it sees
"""
