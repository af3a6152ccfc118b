"""The ways in: the `crossgen` command; Ray job and Slurm follow the same run."""
