"""The manifest for KubeRay: held against a file and against the fields that are documented."""

import json
import shlex

import pytest
import yaml
from repository import FIXTURES

from grid.refusal import Refused
from launch.desk import open_desk
from launch.ray_job import kuberay_manifest
from launch.ray_job.kuberay_manifest import KubeRayJob, Pod, Volume, job_name, manifest
from launch.submitted import VARIABLE

GOLDEN = FIXTURES / "ray_job" / "kuberay.yaml"
JOB = KubeRayJob(
    experiment="NPR_factors",
    entrypoint="exec python -m launch.ray_job.entry run /crossgen/experiment/e.yaml --store /d/r",
    texts={"e.yaml": "schema: 1\nname: NPR_factors\n", "plugins/mine.py": "CARD = None\n"},
    env_vars={"RAY_JOB_STOP_SIGNAL": "SIGINT", "DATA": "/d"},
    image="registry.example/crossgen:0.1.0",
    ray_version="2.60.0",
    head=Pod(cpus=2, memory="8Gi"),
    worker=Pod(cpus=8, memory="32Gi", gpus=1),
    workers=4,
    volumes=[Volume(claim="results", path="/d"), Volume(claim="i", path="/i", read_only=True)],
    secrets=["s3"],
    namespace="forensics",
)

# What the API reference of KubeRay 1.6 knows of the objects that are written, as far as they are.
STRING, NUMBER, BOOLEAN = str, int, bool
POD = {
    "spec": {
        "containers": [
            {
                "name": STRING,
                "image": STRING,
                "env": [{"name": STRING, "value": STRING}],
                "envFrom": [{"secretRef": {"name": STRING}}],
                "resources": {"requests": {...: STRING}, "limits": {...: STRING}},
                "volumeMounts": [{"name": STRING, "mountPath": STRING, "readOnly": BOOLEAN}],
            }
        ],
        "volumes": [
            {
                "name": STRING,
                "configMap": {"name": STRING, "items": [{"key": STRING, "path": STRING}]},
                "emptyDir": {},
                "persistentVolumeClaim": {"claimName": STRING, "readOnly": BOOLEAN},
            }
        ],
    }
}
RAY_JOB = {
    "apiVersion": STRING,
    "kind": STRING,
    "metadata": {"name": STRING, "namespace": STRING},
    "spec": {
        "entrypoint": STRING,
        "runtimeEnvYAML": STRING,
        "shutdownAfterJobFinishes": BOOLEAN,
        "backoffLimit": NUMBER,
        "rayClusterSpec": {
            "rayVersion": STRING,
            "authOptions": {"mode": STRING},
            "headGroupSpec": {"rayStartParams": {...: STRING}, "template": POD},
            "workerGroupSpecs": [
                {
                    "groupName": STRING,
                    "replicas": NUMBER,
                    "minReplicas": NUMBER,
                    "maxReplicas": NUMBER,
                    "rayStartParams": {...: STRING},
                    "template": POD,
                }
            ],
        },
    },
}


def fits(value, schema, where="") -> None:
    """Every key is one that is known, and every value of its type; a rule for each."""
    if isinstance(schema, dict):
        assert isinstance(value, dict), where
        for key, inner in value.items():
            assert key in schema or ... in schema, f"{where}.{key}"
            fits(inner, schema.get(key, schema.get(...)), f"{where}.{key}")
    elif isinstance(schema, list):
        assert isinstance(value, list), where
        for number, inner in enumerate(value):
            fits(inner, schema[0], f"{where}[{number}]")
    else:
        assert type(value) is schema, f"{where}: {value!r}"


def documents(text: str) -> tuple[dict, dict]:
    config_map, ray_job = yaml.safe_load_all(text)
    return config_map, ray_job


def test_the_manifest_is_as_it_was():
    assert manifest(JOB) == GOLDEN.read_text()


def test_it_says_what_kuberay_knows():
    config_map, ray_job = documents(manifest(JOB))
    fits(ray_job, RAY_JOB)
    assert (config_map["apiVersion"], config_map["kind"]) == ("v1", "ConfigMap")
    assert yaml.safe_load(ray_job["spec"]["runtimeEnvYAML"]) == {"env_vars": dict(JOB.env_vars)}


def test_every_pod_sees_the_experiment_and_the_volumes():
    config_map, ray_job = documents(manifest(JOB))
    cluster = ray_job["spec"]["rayClusterSpec"]
    pods = [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]
    for spec in (pod["template"]["spec"] for pod in pods):
        volumes = {each["name"]: each for each in spec["volumes"]}
        [container] = spec["containers"]
        mounts = {each["name"]: each["mountPath"] for each in container["volumeMounts"]}
        assert set(mounts) == set(volumes)
        assert set(mounts.values()) >= {"/d", "/i", "/crossgen/experiment"}
        held = volumes["experiment"]["configMap"]
        assert held["name"] == config_map["metadata"]["name"]
        read = {each["path"]: config_map["data"][each["key"]] for each in held["items"]}
        assert read == dict(JOB.texts)
    assert cluster["authOptions"] == {"mode": "token"}


def test_names_fit_and_tell_submissions_apart():
    long = KubeRayJob(**{**vars(JOB), "experiment": "A" * 200 + "_b"})
    assert len(job_name(long)) <= 45
    assert job_name(JOB).startswith("crossgen-npr-factors-")
    other = KubeRayJob(**{**vars(JOB), "texts": {"e.yaml": "schema: 1\nname: x\n"}})
    assert job_name(other) != job_name(JOB)


def test_files_too_large_for_a_config_map_are_refused(monkeypatch):
    monkeypatch.setattr(kuberay_manifest, "LARGEST_CONFIG_MAP", 10)
    with pytest.raises(Refused, match="a ConfigMap takes 10"):
        manifest(JOB)


def test_the_job_reads_the_experiment_as_it_is_here(finished_run, crossgen, tmp_path, monkeypatch):
    """The manifest's files and variables, laid out as its pods see them, plan the same fits."""
    code, out, err = crossgen(
        *("submit", "kuberay", finished_run.file, "--image", "i", "--store", finished_run.store),
        *("--volume", f"claim:{finished_run.folder}", "-o", tmp_path / "job.yaml"),
        *("--", "--only", "seed=0"),
    )
    assert (code, out) == (0, ""), err
    assert f"kubectl apply -f {tmp_path}/job.yaml" in err
    config_map, ray_job = documents((tmp_path / "job.yaml").read_text())
    (tmp_path / "two.yaml").write_text(config_map["data"]["two.yaml"])
    env = yaml.safe_load(ray_job["spec"]["runtimeEnvYAML"])["env_vars"]
    monkeypatch.setenv(VARIABLE, env[VARIABLE])
    words = shlex.split(ray_job["spec"]["entrypoint"])
    assert words[5:] == [
        *("/crossgen/experiment/two.yaml", "--store", str(finished_run.store)),
        *("--only", "seed=0"),
    ]
    desk = open_desk(tmp_path / "two.yaml", store=words[7], only=[("seed", "0")])
    assert len(desk.plan.fits) == 2
    assert not desk.plan.missing
    assert json.loads(env[VARIABLE])["file"] == str(finished_run.file)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--store", "/lost"), "would be gone with its pod"),
        (("--store", "/d/x", "--volume", "c:/d:ro"), "its volume is mounted :ro"),
        (("--store", "/d/x", "--volume", "c=/d"), "Write CLAIM:/DIR"),
        (("--store", "s3://b/x", "--env", "TOKEN"), "the manifest would show the value"),
        (("--store", "s3://b/x", "--memory", "16GB"), "is no amount of memory"),
        (("--store", "s3://b/x", "--", "--set", "seeds=[0, 1]"), "has spaces or quotes"),
        (("--store", "s3://b/x", "--", "--no-ray"), "a job is there to run on Ray"),
    ],
)
def test_what_cannot_work_there_is_refused(finished_run, crossgen, words, said):
    code, out, err = crossgen("submit", "kuberay", finished_run.file, "--image", "i", *words)
    assert (code, out) == (2, "")
    assert said in err
