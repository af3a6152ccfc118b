"""Lists of images: a CSV, JSON or Parquet file that names each image and says its label.

`reading` opens a file, `columns` finds what its columns stand for, `meaning` decides which values
of the label are real, `listed_paths` brings its paths below the root, `listed_images` makes images
of its rows. A list that leaves open which is real is refused, never guessed.
"""
