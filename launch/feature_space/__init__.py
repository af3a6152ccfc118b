"""Features of images before a fit's last layer, and their plane: what `crossgen features` writes.

feature_images  which images: of the fit's test sets, or those that it was trained on
projection      principal components, and how far they tell the classes apart
feature_files   a Parquet file of all numbers, and a picture of the plane
fit_features    a fit with its images, read at any of its weights
separation      how far a linear discriminant in the full space tells the classes apart
planes          init and final side by side, as an artifact of the store
"""
