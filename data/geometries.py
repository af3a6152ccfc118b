"""Every operation of the kind geometry: importing this module registers them all."""

from data import cv2_resizing, geometry, several_views, small_images
from data.patches import patch_geometry, texture_geometry

__all__ = [
    "cv2_resizing",
    "geometry",
    "patch_geometry",
    "several_views",
    "small_images",
    "texture_geometry",
]
