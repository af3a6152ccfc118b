"""A manifest for KubeRay: a RayJob with a cluster of its own, and the experiment's files.

Fields are those of `ray.io/v1` as KubeRay 1.5.1 and later know them; `authOptions` is what older
ones lack. The experiment travels as a ConfigMap, crossgen is in the image, images and results lie
on volumes or on S3.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from grid.refusal import Refused

EXPERIMENT_FOLDER = "/crossgen/experiment"
SCRATCH_FOLDER = "/crossgen/scratch"
LARGEST_CONFIG_MAP = 1_000_000  # bytes; Kubernetes takes 1 MiB with all around it
_LONGEST_NAME = 45
"""KubeRay makes longer names of a RayJob's, which must stay below the 63 letters of a host name."""


@dataclass(frozen=True, kw_only=True)
class Pod:
    """What one pod asks for: CPUs, memory as Kubernetes writes it, GPUs."""

    cpus: int
    memory: str
    gpus: int = 0


@dataclass(frozen=True, kw_only=True)
class Volume:
    """A persistent volume claim and where it is mounted, in all pods."""

    claim: str
    path: str
    read_only: bool = False


@dataclass(frozen=True, kw_only=True)
class KubeRayJob:
    """All that a manifest says.

    Attributes:
        experiment: its name.
        entrypoint: the command of the job.
        texts: the experiment's files by path below `EXPERIMENT_FOLDER`.
        env_vars: variables of job and trials; the manifest shows their values.
        image: the container image, with crossgen and Ray in it.
        ray_version: the image's.
        head: of the pod that drives.
        worker: of each pod that trains.
        workers: how many of these.
        volumes: claims to mount.
        secrets: names of Kubernetes secrets whose entries become variables of all pods.
        retries: how often a new cluster goes on after one that ended otherwise than well.
        namespace: "" for the one that kubectl is set to.
    """

    experiment: str
    entrypoint: str
    texts: Mapping[str, str]
    env_vars: Mapping[str, str]
    image: str
    ray_version: str
    head: Pod
    worker: Pod
    workers: int
    volumes: Sequence[Volume] = ()
    secrets: Sequence[str] = ()
    retries: int = 3
    namespace: str = ""


def manifest(job: KubeRayJob) -> str:
    """Return the manifest as YAML: a ConfigMap and a RayJob.

    Raises:
        Refused: the experiment's files are too large for a ConfigMap.
    """
    name = job_name(job)
    documents = [_config_map(job, name), _ray_job(job, name)]
    return "---\n".join(_yaml(each) for each in documents)


def job_name(job: KubeRayJob) -> str:
    """Return the name of the RayJob: the same experiment submitted alike has the same one."""
    said = json.dumps([job.entrypoint, dict(job.texts), dict(job.env_vars)], sort_keys=True)
    digest = hashlib.sha256(said.encode()).hexdigest()[:6]
    slug = re.sub(r"[^a-z0-9]+", "-", job.experiment.lower()).strip("-")
    kept = slug[: _LONGEST_NAME - len("crossgen--") - len(digest)].strip("-")
    return f"crossgen-{kept}-{digest}"


def _config_map(job: KubeRayJob, name: str) -> dict[str, Any]:
    size = sum(len(text.encode()) for text in job.texts.values())
    if size > LARGEST_CONFIG_MAP:
        raise Refused.because(
            f"the experiment's files of {size:,} bytes",
            f"a ConfigMap takes {LARGEST_CONFIG_MAP:,}",
            "Put the files that the experiment names into the image, and name them by their paths "
            "there",
        )
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": _metadata(job, name),
        "data": {_key(place): text for place, text in job.texts.items()},
    }


def _ray_job(job: KubeRayJob, name: str) -> dict[str, Any]:
    return {
        "apiVersion": "ray.io/v1",
        "kind": "RayJob",
        "metadata": _metadata(job, name),
        "spec": {
            "entrypoint": job.entrypoint,
            "runtimeEnvYAML": _yaml({"env_vars": dict(job.env_vars)}),
            "shutdownAfterJobFinishes": True,
            # Each retry is a new cluster, which goes on from commits and checkpoints.
            "backoffLimit": job.retries,
            "rayClusterSpec": {
                "rayVersion": job.ray_version,
                "authOptions": {"mode": "token"},
                "headGroupSpec": {
                    # No trial on the head: what it takes of memory could end the driver.
                    "rayStartParams": {"dashboard-host": "0.0.0.0", "num-cpus": "0"},
                    "template": _pod(job, name, "ray-head", job.head),
                },
                "workerGroupSpecs": [
                    {
                        "groupName": "trials",
                        "replicas": job.workers,
                        "minReplicas": job.workers,
                        "maxReplicas": job.workers,
                        "rayStartParams": {},
                        "template": _pod(job, name, "ray-worker", job.worker),
                    }
                ],
            },
        },
    }


def _metadata(job: KubeRayJob, name: str) -> dict[str, Any]:
    return {"name": name, **({"namespace": job.namespace} if job.namespace else {})}


def _pod(job: KubeRayJob, name: str, container: str, pod: Pod) -> dict[str, Any]:
    asked: dict[str, Any] = {"cpu": str(pod.cpus), "memory": pod.memory}
    if pod.gpus:
        asked["nvidia.com/gpu"] = str(pod.gpus)
    items = [{"key": _key(place), "path": place} for place in job.texts]
    mounts: list[dict[str, Any]] = [
        {"name": "experiment", "mountPath": EXPERIMENT_FOLDER, "readOnly": True},
        {"name": "scratch", "mountPath": SCRATCH_FOLDER},
    ]
    volumes: list[dict[str, Any]] = [
        {"name": "experiment", "configMap": {"name": name, "items": items}},
        {"name": "scratch", "emptyDir": {}},
    ]
    for number, volume in enumerate(job.volumes):
        read_only = {"readOnly": True} if volume.read_only else {}
        mounts.append({"name": f"volume-{number}", "mountPath": volume.path, **read_only})
        claim = {"claimName": volume.claim, **read_only}
        volumes.append({"name": f"volume-{number}", "persistentVolumeClaim": claim})
    described: dict[str, Any] = {
        "name": container,
        "image": job.image,
        "env": [
            {"name": "RAY_USAGE_STATS_ENABLED", "value": "0"},
            {"name": "CROSSGEN_SCRATCH", "value": SCRATCH_FOLDER},
        ],
        "resources": {"requests": asked, "limits": dict(asked)},
        "volumeMounts": mounts,
    }
    if job.secrets:
        described["envFrom"] = [{"secretRef": {"name": secret}} for secret in job.secrets]
    return {"spec": {"containers": [described], "volumes": volumes}}


class _BlockDumper(yaml.SafeDumper):
    """Texts of several lines stand as they are, to be read and changed by people."""


def _as_block(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_BlockDumper.add_representer(str, _as_block)


def _yaml(value: Any) -> str:
    return yaml.dump(value, Dumper=_BlockDumper, sort_keys=False, allow_unicode=True, width=10_000)


def _key(place: str) -> str:
    """Return a path as a key of a ConfigMap, which knows no slash."""
    return place.replace("/", "..")
