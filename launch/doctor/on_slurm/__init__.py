"""Groups of checks of a Slurm site, a module each: from `SlurmSite` to a `Diagnosis`.

They judge what Slurm's commands printed (`launch.doctor.slurm_site`) and run none themselves.
"""
