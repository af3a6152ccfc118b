"""Images scored by chosen detectors, outside of any experiment: what `crossgen predict` is made of.

given_images  which files are meant by paths and folders, and which of them can be scored
scorers       detectors to score with: committed fits, or a checkpoint of a detector of the zoo
verdicts      a line per image and detector: logit, P(fake), what it is called; ensembles
verdict_files the lines as CSV or Parquet
"""
