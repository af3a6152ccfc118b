"""Swin-T and DeiT-S: counts, sizes, torchvision as the reference, checkpoints, given trunks."""

import re
import subprocess
import sys
from collections.abc import Mapping

import pytest
import torch
from repository import ROOT
from torch import Tensor

from data.operations import parse
from detectors.contract import build, load_card, parse_options
from detectors.lasting_errors import WeightsMismatch
from detectors.recipes import resolve_recipe
from detectors.timm_names import timm_names
from detectors.weights import load_strictly
from detectors.zoo import deit_s, resnet50, swin_t

COUNTS = {
    ("swin_t", "full"): 27_520_123,
    ("swin_t", "tiny"): 77_749,
    ("deit_s", "full"): 21_666_049,
    ("deit_s", "tiny"): 66_817,
}


def drawn(state: Mapping[str, Tensor], seed: int = 1) -> dict[str, Tensor]:
    """Weights of no structure, so that no layer is at its beginning."""
    generator = torch.Generator().manual_seed(seed)
    return {
        key: 0.05 * torch.randn(value.shape, generator=generator) + (0.5 if value.ndim == 1 else 0)
        if value.is_floating_point()
        else value.clone()
        for key, value in state.items()
    }


@pytest.mark.parametrize(("name", "size"), COUNTS)
def test_parameter_counts(name: str, size: str) -> None:
    with torch.device("meta"):
        network = build(name, {"size": size})
    assert sum(value.numel() for value in network.parameters()) == COUNTS[name, size]


@pytest.mark.parametrize("name", ["swin_t", "deit_s"])
def test_full_takes_224_px_and_tiny_any(name: str) -> None:
    card = load_card(name)
    assert parse_options(card, {}).fixed_input_px() == 224
    assert parse_options(card, {"size": "tiny"}).fixed_input_px() is None
    network = build(name, {"size": "tiny"}, seed=0).eval()
    generator = torch.Generator().manual_seed(0)
    for height, width in [(8, 8), (28, 28), (33, 57), (64, 48)]:
        images_BCHW = torch.rand(2, 3, height, width, generator=generator)
        with torch.inference_mode():
            assert network(images_BCHW).unique().numel() == 2


@pytest.mark.parametrize("name", ["swin_t", "deit_s"])
def test_paths_are_dropped_in_training_alone(name: str) -> None:
    images_BCHW = torch.rand(8, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    for share, differs in ((0.9, True), (0.0, False)):
        network = build(name, {"size": "tiny", "drop_path": share}, seed=0)
        options = parse_options(load_card(name), {"drop_path": share})
        assert options.micro_batch_acts() == differs
        with torch.no_grad():
            trained, again, tested = (
                network.train(mode)(images_BCHW) for mode in (True, True, False)
            )
        assert torch.allclose(trained, again, atol=1e-6) != differs
        assert torch.allclose(trained, tested, atol=1e-6) != differs


@pytest.mark.parametrize("name", ["swin_t", "deit_s", "resnet50"])
def test_a_pretrained_trunk_is_taken_strictly(name: str) -> None:
    network = build(name, {"size": "tiny"}, seed=0)
    trunk = getattr(network.backbone, "model", network.backbone)
    classifier = {"swin_t": "head.fc", "deit_s": "head", "resnet50": "fc"}[name]
    state = drawn(trunk.state_dict())
    extra = {f"{classifier}.weight": torch.zeros(1000, 7), f"{classifier}.bias": torch.zeros(1000)}
    before = {key: value.clone() for key, value in network.classifier.state_dict().items()}
    network.load_backbone({**state, **extra})
    assert all(torch.equal(value, state[key]) for key, value in trunk.state_dict().items())
    assert all(torch.equal(network.classifier.state_dict()[key], before[key]) for key in before)
    first = next(key for key in state if key.endswith("weight"))
    with pytest.raises(WeightsMismatch, match=f"1 missing.*{re.escape(first)}"):
        network.load_backbone({key: value for key, value in state.items() if key != first})
    with pytest.raises(WeightsMismatch, match="1 unknown to the network: stranger"):
        network.load_backbone({**state, "stranger": torch.zeros(1)})
    with pytest.raises(WeightsMismatch, match="1 of another shape"):
        network.load_backbone({**state, first: torch.zeros(2, 2)})
    with pytest.raises(ValueError, match="no part 'semantic'"):
        network.load_backbone(state, "semantic")


def test_old_files_of_torchvision_have_no_counts_of_batches() -> None:
    network = build("resnet50", {"size": "tiny"}, seed=0)
    state = drawn(network.backbone.state_dict())
    old = {key: value for key, value in state.items() if "num_batches" not in key}
    network.load_backbone(old)
    assert torch.equal(network.backbone.conv1.weight, state["conv1.weight"])
    some = dict(old, **{"bn1.num_batches_tracked": torch.tensor(0)})
    with pytest.raises(WeightsMismatch, match="missing"):
        network.load_backbone(some)


def timm_with_two_outputs(name: str) -> torch.nn.Module:
    import timm

    models = {
        "swin_t": "swin_tiny_patch4_window7_224",
        "deit_s": "deit_small_patch16_224",
        "resnet50": "resnet50",
    }
    return timm.create_model(models[name], num_classes=2).eval()


def as_published(name: str, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """As the authors' code names them: Swin's own halves at the end of a stage."""
    if name != "swin_t":
        return dict(state)
    renamed = {}
    for key, value in state.items():
        found = re.match(r"layers\.(\d)\.downsample\.(.*)", key)
        if found:
            key = f"layers.{int(found[1]) - 1}.downsample.{found[2]}"
        renamed[key.replace("head.fc.", "head.")] = value
    buffers = {"layers.0.blocks.1.attn_mask": torch.zeros(1)}
    return {**renamed, **buffers}


@pytest.mark.parametrize("zoo", [swin_t, deit_s, resnet50], ids=lambda zoo: zoo.CARD.name)
def test_official_keys_both_ways_and_fake_is_output_0(zoo) -> None:
    """On the meta device for the names, and in numbers for the sign."""
    options = zoo.CARD.options()
    key_map = zoo.official_weights(options)
    with torch.device("meta"):
        theirs, ours = timm_with_two_outputs(zoo.CARD.name), zoo.build(options)
    official = as_published(zoo.CARD.name, theirs.state_dict())
    mapped = key_map.from_official({f"module.{key}": value for key, value in official.items()})
    expected = ours.state_dict()
    assert {key: value.shape for key, value in mapped.items()} == {
        key: value.shape for key, value in expected.items()
    }
    back = key_map.to_official(mapped)
    assert set(back) == {key for key in official if not key.endswith("attn_mask")}
    width = ours.classifier.in_features
    head = next(key for key in official if key.startswith(("head.", "fc.")))[:-6].rstrip(".")
    rows = torch.randn(2, width, generator=torch.Generator().manual_seed(0))
    read = key_map.from_official({f"{head}.weight": rows, f"{head}.bias": torch.tensor([3.0, 1.0])})
    assert torch.equal(read["classifier.weight"], (rows[0] - rows[1])[None])
    assert float(read["classifier.bias"]) == 2.0, "index 0 is GenImage's folder ai"
    again = key_map.from_official(key_map.to_official(read))
    assert all(torch.equal(again[key], read[key]) for key in read)


def test_the_names_of_timms_networks_are_read_without_it() -> None:
    program = (
        "import sys\nfrom detectors.timm_names import timm_names\n"
        "assert 'swin_tiny_patch4_window7_224' in timm_names()\n"
        "print(sorted({'timm', 'torch', 'torchvision'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
    import timm

    assert set(timm_names()) == set(timm.list_models())


@pytest.mark.parametrize(
    ("key", "lr", "images", "augment"),
    [
        ("swin_t/paper", 1e-3, 1024, "rand_augment_timm | random_erasing | mixup_or_cutmix"),
        ("deit_s/paper", 1e-3, 1024, "rand_augment_timm | random_erasing | mixup_or_cutmix"),
        ("resnet50/paper_without_jsd", 0.05, 128, "rand_augment_timm | random_erasing"),
    ],
)
def test_upstream_recipes(key: str, lr: float, images: int, augment: str) -> None:
    name, _, text = key.partition("/")
    recipe = resolve_recipe(load_card(name), text)
    assert (recipe.lr, recipe.batch_size, recipe.label_smoothing) == (lr, images, 0.1)
    steps = parse(recipe.augment, "augmentation").operations
    assert " | ".join(step.name for step in steps) == augment


@pytest.mark.slow
def test_swin_is_torchvisions() -> None:
    from torchvision.models import swin_t as torchvisions

    theirs, ours = torchvisions(num_classes=1).eval(), build("swin_t", seed=0).eval()
    state = drawn(theirs.state_dict())
    theirs.load_state_dict(state)
    renamed = {}
    for key, value in state.items():
        key = re.sub(
            r"^features\.(\d)\.",
            lambda found: (
                "patch_embed."
                if found[1] == "0"
                else f"layers.{int(found[1]) // 2}."
                + ("blocks." if int(found[1]) % 2 else "downsample.")
            ),
            key,
        )
        key = key.replace("patch_embed.0.", "patch_embed.proj.")
        key = key.replace("patch_embed.2.", "patch_embed.norm.")
        key = key.replace("mlp.0.", "mlp.fc1.").replace("mlp.3.", "mlp.fc2.")
        if not key.endswith("relative_position_index"):
            is_head = key.startswith("head.")
            prefix = "classifier." if is_head else "backbone.model."
            renamed[prefix + key.removeprefix("head.")] = value
    load_strictly(ours, renamed)
    assert_equal_logits(ours, theirs)


@pytest.mark.slow
def test_deit_is_torchvisions_vision_transformer() -> None:
    from torchvision.models import VisionTransformer

    shape = {"image_size": 224, "patch_size": 16, "num_layers": 12, "num_heads": 6}
    theirs = VisionTransformer(**shape, hidden_dim=384, mlp_dim=1536, num_classes=1).eval()
    ours = build("deit_s", seed=0).eval()
    state = drawn(theirs.state_dict())
    theirs.load_state_dict(state)
    words = {
        "class_token": "backbone.model.cls_token",
        "conv_proj": "backbone.model.patch_embed.proj",
        "encoder.pos_embedding": "backbone.model.pos_embed",
        "encoder.layers.encoder_layer_": "backbone.model.blocks.",
        "encoder.ln.": "backbone.model.norm.",
        "heads.head": "classifier",
        "ln_1": "norm1",
        "ln_2": "norm2",
        "self_attention.in_proj_": "attn.qkv.",
        "self_attention.out_proj": "attn.proj",
        "mlp.0": "mlp.fc1",
        "mlp.linear_1": "mlp.fc1",
        "mlp.3": "mlp.fc2",
        "mlp.linear_2": "mlp.fc2",
    }
    renamed = {}
    for key, value in state.items():
        for old, new in words.items():
            key = key.replace(old, new)
        renamed[key] = value
    load_strictly(ours, renamed)
    assert_equal_logits(ours, theirs)


def assert_equal_logits(ours: torch.nn.Module, theirs: torch.nn.Module) -> None:
    images_BCHW = torch.rand(2, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        expected_B = theirs(ours.normalise(images_BCHW)).squeeze(1)
        logit_B = ours(images_BCHW)
    assert torch.allclose(logit_B, expected_B, rtol=1e-4, atol=1e-5)
    assert float(abs(logit_B[0] - logit_B[1])) > 1e-3, "the logit must depend on the image"
