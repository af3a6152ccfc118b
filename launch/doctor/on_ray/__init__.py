"""Groups of checks of a Ray cluster, a module each: from `RayCluster` to a `Diagnosis`.

They judge what was gathered once (`launch.doctor.ray_cluster`) and touch no cluster themselves.
"""
