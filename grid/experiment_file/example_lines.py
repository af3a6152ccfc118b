"""A line of an experiment file for each of its keys: what a mistake there is answered with."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

# By the keys that lead there; * is a name of one's own, ALIAS a dataset of the file.
LINES = {
    "schema": "schema: 1",
    "name": "name: my-experiment",
    "question": "question: Which generators does it find?",
    "store": "store: results",
    "weights_folder": "weights_folder: /path/to/weights",
    "data": "data: {photos: {root: /path/to/images}}",
    "data.*": "photos: {root: /path/to/images}",
    "data.*.root": "root: /path/to/images",
    "data.*.layout": "layout: genimage",
    "data.*.classes": "classes: [car, cat]",
    "data.*.families": "families: {mygan: gan}",
    "data.*.groups": "groups: {mygan: stylegan2}",
    "data.*.aliases": "aliases: {my_folder: sdxl}",
    "data.*.reals": "reals: [photos]",
    "equalise": "equalise: none",
    "test": "test: {sets: [ALIAS]}",
    "test.sets": "sets: [ALIAS]",
    "test.degradations": 'degradations: [none, "jpeg(75)"]',
    "test.epochs": "epochs: [selected, last]",
    "test.input": "input: common",
    "test.classes": "classes: [car, cat]",
    "test.reals": "reals: [ALIAS]",
    "seeds": "seeds: [0, 1, 2]",
    "arms": "arms: [{name: single, detector: npr, train: {each: ALIAS}}]",
    "arms.name": "name: single",
    "arms.detector": "detector: npr",
    "arms.train": "train: {each: ALIAS}",
    "arms.train.each": "each: ALIAS",
    "arms.train.leave_one_out": "leave_one_out: generator",
    "arms.train.sets": "sets: [ALIAS]",
    "arms.train.all": "all: true",
    "arms.train.classes": "classes: [car, cat]",
    "arms.train.fraction": "fraction: 0.5",
    "arms.train.total_images": "total_images: 1000",
    "arms.train.steps": "steps: 1000",
    "arms.input": 'input: common, or input: {train: "random_crop(32)", test: none}',
    "arms.input.train": 'train: "random_crop(32)"',
    "arms.input.test": "test: none",
    "arms.augment": 'augment: [none, "blur_jpeg(p=0.5)"]',
    "arms.equalise": "equalise: [none, match]",
    "arms.recipe": "recipe: small, or recipe: {base: small, epochs: 12}",
    "arms.weights": "weights: {from: ARM}, or weights: timm/resnet50.a1_in1k",
    "arms.weights.from": "from: ARM",
    "arms.weights.where": "where: {npr.factor: 0.5}",
    "arms.weights.epoch": "epoch: selected",
    "arms.weights.path": "path: checkpoint.safetensors",
    "arms.weights.name": "name: timm/resnet50.a1_in1k",
    "arms.weights.parts": "parts: {semantic: open_clip/ViT-B-32/openai}",
    "arms.weights.parts.*": "semantic: open_clip/ViT-B-32/openai",
    "arms.weights.parts.*.name": "name: open_clip/ViT-B-32/openai",
    "arms.weights.parts.*.path": "path: semantic.safetensors",
    "arms.seeds": "seeds: [0, 1, 2]",
    "arms.stages": "stages: [{epochs: 2, freeze: [trunk]}, {epochs: 8}]",
    "arms.stages.train": "train: {sets: [ALIAS]}",
    "arms.stages.augment": 'augment: "blur_jpeg(p=0.5)"',
    "arms.stages.recipe": "recipe: {lr: 1.0e-4}",
    "arms.stages.epochs": "epochs: 2",
    "arms.stages.lr": "lr: 1.0e-4",
    "arms.stages.freeze": "freeze: [trunk]",
    "arms.stages.where": "where: {npr.factor: 0.5}",
    "arms.stages.scored": "scored: true",
    "exclude": "exclude: [{detector: npr, seed: 4}]",
    "ensembles": "ensembles: [{name: npr+ssp, of: [{detector: npr}, {detector: ssp}]}]",
    "ensembles.name": "name: npr+ssp",
    "ensembles.of": "of: [{detector: npr}, {detector: ssp}]",
    "ensembles.by": "by: mean_logit",
    "contrasts": "contrasts: [{compare: {npr.factor: [0.25, 0.5]}}]",
    "contrasts.compare": "compare: {npr.factor: [0.25, 0.5]}",
    "contrasts.compare.*": "npr.factor: [0.25, 0.5]",
    "contrasts.by": "by: family",
    "contrasts.where": "where: {detector: npr}",
    "contrasts.claim": "claim: this procedure on new generators",
    "contrasts.metric": "metric: auc",
    "contrasts.on": "on: unseen",
    "contrasts.margin": "margin: 0.01",
    "contrasts.ordered": "ordered: true",
    "contrasts.correction": "correction: holm",
    "published": "published: npr_table1",
    "resources": "resources: {npr: {gpu: 0.25}}",
    "resources.*": "npr: {gpu: 0.25}",
    "resources.*.cpu": "cpu: 2",
    "resources.*.gpu": "gpu: 0.25",
    "resources.*.memory": "memory: 6GB",
    "resources.*.gpu_type": "gpu_type: H100",
    "plugins": "plugins: [my_detector.py]",
    "leakage": "leakage: exclude",
    "unreadable": "unreadable: refuse",
    "threads": "threads: 1",
    "simulated": "simulated: true",
    "limit": "limit: 64",
}
_PLAIN = re.compile(r"[A-Za-z0-9_./-]*[A-Za-z_./-][A-Za-z0-9_./-]*")
_WORDS_OF_YAML = {"true", "false", "yes", "no", "on", "off", "null", "~"}


def example(place: str, raw: Mapping[Any, Any]) -> str | None:
    """Return the line for a place such as `arms.train`, with a dataset's name from the file."""
    line = LINES.get(place) or LINES.get(
        place.replace("arms.test", "test").replace("stages.train", "train")
    )
    data = raw.get("data")
    names = data if isinstance(data, Mapping) else ()
    alias = next((name for name in names if isinstance(name, str)), None)
    return line.replace("ALIAS", alias or "photos").replace(", or ", "`, or `") if line else None


def as_yaml(value: Any) -> str:
    """Write a value in one line, as it would stand in the file."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(as_yaml, value))}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{as_yaml(k)}: {as_yaml(v)}' for k, v in value.items())}}}"
    if isinstance(value, str):
        plain = _PLAIN.fullmatch(value) and value.lower() not in _WORDS_OF_YAML
        return value if plain else json.dumps(value, ensure_ascii=False)
    return json.dumps(value, default=str)
