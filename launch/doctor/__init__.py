"""What may be wrong before a run: of this machine, of a Ray cluster, of a Slurm site.

A check is a function from what it may look at to a `Diagnosis`. Checks stand in groups, a module
each, which are found by their presence in `on_this_machine/`, `on_ray/` and `on_slurm/`; what runs
on every node of a cluster is `node_report.py`. May import all of our packages; loads torch and ray
only in the checks that need them.
"""
