"""Frozen backbones: what they compute, which weights they take, and that they stay frozen."""

import json
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn

from detectors.backbone_names import BadBackboneName, fits_backbone, parse_backbone_name
from detectors.lasting_errors import WeightsMismatch
from detectors.networks.backbones import frozen_backbone
from detectors.networks.frozen_backbone import FrozenBackbone
from detectors.networks.open_clip_towers import open_clip_tower
from detectors.weights import load_strictly

SMALL_CLIP = "crossgen-small"
VISION = {"image_size": 28, "layers": 2, "width": 64, "patch_size": 14}
TEXT = {"context_length": 8, "vocab_size": 32, "width": 16, "heads": 2, "layers": 1}


@pytest.fixture(scope="module")
def small_clip(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A small CLIP that open_clip knows by name."""
    import open_clip

    folder = tmp_path_factory.mktemp("configs")
    for name, quick_gelu in ((SMALL_CLIP, False), (f"{SMALL_CLIP}-quickgelu", True)):
        config = {
            "embed_dim": 24,
            "quick_gelu": quick_gelu,
            "vision_cfg": VISION,
            "text_cfg": TEXT,
        }
        (folder / f"{name}.json").write_text(json.dumps(config))
    open_clip.add_model_config(folder)
    yield
    for file in folder.iterdir():
        file.unlink()


def images(count: int, side: int, seed: int = 1) -> Tensor:
    return torch.rand(count, 3, side, side, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("open_clip/ViT-L-14", ("open_clip", "ViT-L-14", "")),
        ("open_clip/ViT-L-14/openai", ("open_clip", "ViT-L-14", "openai")),
        ("timm/vit_small_patch14_dinov2.lvd142m", ("timm", "vit_small_patch14_dinov2.lvd142m", "")),
        ("tiny", ("tiny", "tiny", "")),
    ],
)
def test_a_name_says_library_model_and_tag(text: str, parts: tuple[str, str, str]) -> None:
    name = parse_backbone_name(text)
    assert (name.library, name.model, name.tag) == parts


@pytest.mark.parametrize("text", ["ViT-L-14", "clip/ViT-L-14", "timm/a/b", "open_clip/", "Tiny"])
def test_what_names_no_backbone_is_refused(text: str) -> None:
    with pytest.raises(BadBackboneName, match="open_clip/ViT-L-14/openai"):
        frozen_backbone(text)


@pytest.mark.parametrize(
    ("weights", "backbone", "fits"),
    [
        ("open_clip/ViT-L-14/openai", "open_clip/ViT-L-14/openai", True),
        ("open_clip/ViT-L-14-quickgelu/openai", "open_clip/ViT-L-14/openai", True),
        ("open_clip/ViT-L-14/laion2b_s32b_b82k", "open_clip/ViT-L-14/openai", False),
        ("open_clip/ViT-B-32/openai", "open_clip/ViT-L-14/openai", False),
        ("open_clip/convnext_xxlarge/any", "open_clip/convnext_xxlarge", True),
        ("timm/vit.a", "timm/vit", True),
        ("timm/vit.a", "timm/vit.b", False),
        ("timm/vit.a", "tiny", False),
        ("my-clip", "open_clip/ViT-L-14/openai", True),
    ],
)
def test_weights_fit_the_backbone_of_their_model_and_activation(
    weights: str, backbone: str, fits: bool
) -> None:
    assert fits_backbone(weights, backbone) == fits


@pytest.mark.parametrize("name", ["open_clip/ViT-L-41/openai", "timm/test_vitt"])
def test_a_model_that_the_library_lacks_is_refused_with_a_suggestion(name: str) -> None:
    with pytest.raises(BadBackboneName, match="Did you mean"):
        frozen_backbone(name)


def test_features_of_an_image_do_not_depend_on_its_batch() -> None:
    backbone = frozen_backbone("tiny")
    images_BCHW = images(5, 40)
    together_BF = backbone.features(images_BCHW)
    assert together_BF.shape == (5, backbone.num_features)
    for place in range(5):
        assert torch.equal(backbone.features(images_BCHW[place : place + 1])[0], together_BF[place])
    assert torch.equal(backbone.features(images_BCHW.flip(0)).flip(0), together_BF)


def test_a_backbone_stays_in_eval_mode_without_gradient_and_in_float32() -> None:
    backbone = frozen_backbone("timm/test_vit")
    inside = nn.Sequential(backbone).train()
    assert inside.training
    assert not any(module.training for module in backbone.modules())
    assert not any(parameter.requires_grad for parameter in backbone.parameters())
    images_BCHW = images(2, 160)
    features_BF = backbone.features(images_BCHW)
    assert not features_BF.requires_grad
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(backbone.features(images_BCHW), features_BF)


def test_a_backbone_of_one_size_refuses_others_by_name() -> None:
    with pytest.raises(ValueError, match=r"timm/test_vit takes 160 x 160 px and was given 64 x 96"):
        frozen_backbone("timm/test_vit").features(torch.rand(1, 3, 64, 96))


def test_timm_features_are_those_before_the_classifier() -> None:
    import timm

    whole = timm.create_model("test_vit", pretrained=False, num_classes=7).eval()
    backbone = frozen_backbone("timm/test_vit")
    backbone.load_backbone(whole.state_dict())  # the classifier in it is left out
    images_BCHW = images(2, 160)
    mean, std = (
        torch.tensor(whole.pretrained_cfg[key]).view(1, 3, 1, 1) for key in ("mean", "std")
    )
    with torch.inference_mode():
        normal_BCHW = (images_BCHW - mean) / std
        expected_BF = whole.forward_head(whole.forward_features(normal_BCHW), pre_logits=True)
    torch.testing.assert_close(backbone.features(images_BCHW), expected_BF, rtol=1e-5, atol=1e-5)


def test_a_transformer_at_another_size_takes_the_same_weights() -> None:
    native, smaller = (
        frozen_backbone("timm/test_vit"),
        frozen_backbone("timm/test_vit", input_px=64),
    )
    smaller.load_backbone(native.extractor.state_dict())
    assert smaller.input_px == 64
    assert smaller.features(images(1, 64)).shape == (1, native.num_features)
    with pytest.raises(ValueError, match="test_resnet was given input_px 64"):
        frozen_backbone("timm/test_resnet", input_px=64)


@pytest.mark.usefixtures("small_clip")
def test_clip_embeddings_are_those_of_encode_image() -> None:
    import open_clip

    whole = open_clip.create_model(SMALL_CLIP, pretrained=None).eval()
    backbone = frozen_backbone(f"open_clip/{SMALL_CLIP}")
    backbone.load_backbone(whole.state_dict())  # with the text tower's keys
    assert (backbone.num_features, backbone.input_px) == (24, 28)
    images_BCHW = images(3, 28)
    mean = torch.tensor([0.48145466, 0.4578275, 0.40821073]).view(1, 3, 1, 1)
    std = torch.tensor([0.26862954, 0.26130258, 0.27577711]).view(1, 3, 1, 1)
    with torch.inference_mode():
        expected_BF = whole.encode_image((images_BCHW - mean) / std)
    torch.testing.assert_close(backbone.features(images_BCHW), expected_BF, rtol=1e-5, atol=1e-5)
    of_half = {key: value.half() for key, value in whole.state_dict().items()}
    backbone.load_backbone(of_half)
    assert all(value.dtype == torch.float32 for value in backbone.extractor.state_dict().values())


@pytest.mark.usefixtures("small_clip")
@pytest.mark.parametrize("quick", [True, False])
def test_the_numbers_of_a_block_follow_the_activation(quick: bool) -> None:
    name = f"open_clip/{SMALL_CLIP}{'-quickgelu' if quick else ''}"
    tower = frozen_backbone(name).extractor
    block = tower.transformer.resblocks[0]
    hidden = torch.randn(2, 5, 64, generator=torch.Generator().manual_seed(3))
    inner = block.mlp.c_fc(hidden)
    active = inner * torch.sigmoid(1.702 * inner) if quick else nn.functional.gelu(inner)
    expected = active @ block.mlp.c_proj.weight.T + block.mlp.c_proj.bias
    torch.testing.assert_close(block.mlp(hidden), expected)


@pytest.mark.usefixtures("small_clip")
@pytest.mark.parametrize(
    ("tag", "quick", "mean"),
    [("openai", True, 0.48145466), ("laion2b_s32b_b82k", False, 0.5), ("dfn2b", True, 0.48145466)],
)
def test_the_tag_decides_activation_and_normalisation(
    tag: str, quick: bool, mean: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    import open_clip

    small = {"embed_dim": 24, "vision_cfg": VISION}
    monkeypatch.setattr(open_clip, "get_model_config", lambda model: small)  # its tags are real
    backbone = open_clip_tower(parse_backbone_name(f"open_clip/ViT-L-14/{tag}"), None)
    activation = type(backbone.extractor.transformer.resblocks[0].mlp.gelu).__name__
    assert activation == ("QuickGELU" if quick else "GELU")
    assert float(backbone.normalise.mean[0, 0, 0, 0]) == pytest.approx(mean)


@pytest.mark.parametrize("name", ["open_clip/ViT-L-14", "open_clip/ViT-B-32"])
def test_a_model_whose_weights_differ_in_activation_wants_a_tag(name: str) -> None:
    with pytest.raises(BadBackboneName, match=rf"{name}/openai or {name}/laion"):
        frozen_backbone(name)


@pytest.mark.usefixtures("small_clip")
def test_the_trunk_of_a_clip_is_what_is_projected() -> None:
    embedding = frozen_backbone(f"open_clip/{SMALL_CLIP}")
    trunk = frozen_backbone(f"open_clip/{SMALL_CLIP}", output="trunk")
    state = embedding.extractor.state_dict()
    trunk.load_backbone(state)
    images_BCHW = images(2, 28)
    projected_BF = trunk.features(images_BCHW) @ state["proj"]
    assert trunk.num_features == 64
    torch.testing.assert_close(projected_BF, embedding.features(images_BCHW))


def test_a_convolutional_trunk_is_normalised_at_each_place_and_then_averaged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import open_clip

    config = {"embed_dim": 8, "vision_cfg": {"timm_model_name": "test_convnext", "timm_pool": ""}}
    monkeypatch.setattr(open_clip, "get_model_config", lambda model: config)
    backbone = frozen_backbone("open_clip/convnext_xxlarge")
    whole = frozen_backbone("open_clip/convnext_xxlarge", output="embedding")
    state = {f"visual.{key}": value for key, value in whole.extractor.state_dict().items()}
    backbone.load_backbone({**state, "logit_scale": torch.zeros(())})
    trunk = backbone.extractor.trunk
    assert backbone.num_features == trunk.num_features
    with torch.inference_mode():
        map_BCHW = trunk.forward_features(backbone.normalise(images(2, 64)))
        places_BHWC = map_BCHW.permute(0, 2, 3, 1)
        norm = trunk.head.norm
        normal_BHWC = nn.functional.layer_norm(
            places_BHWC, norm.normalized_shape, norm.weight, norm.bias, norm.eps
        )
    torch.testing.assert_close(backbone.features(images(2, 64)), normal_BHWC.mean(dim=(1, 2)))


def test_imagenets_statistics_may_replace_the_librarys() -> None:
    backbone = frozen_backbone("timm/test_vit", statistics="imagenet")
    assert backbone.normalise.mean.flatten().tolist() == pytest.approx([0.485, 0.456, 0.406])


@pytest.mark.usefixtures("small_clip")
@pytest.mark.parametrize("name", ["tiny", "timm/test_vit", f"open_clip/{SMALL_CLIP}"])
def test_weights_that_do_not_fit_are_refused_with_the_keys(name: str) -> None:
    backbone = frozen_backbone(name)
    state = dict(backbone.extractor.state_dict())
    before = {key: value.clone() for key, value in state.items()}
    key = next(iter(state))
    missing = {other: value for other, value in state.items() if other != key}
    shaped = {**state, key: state[key][..., :-1]}
    for wrong, words in (
        (missing, rf"missing from the weights: {key}"),
        ({**state, "strange.weight": torch.zeros(1)}, r"unknown to the network: strange\.weight"),
        (shaped, rf"{key} \("),
    ):
        with pytest.raises(WeightsMismatch, match=words) as raised:
            backbone.load_backbone(wrong)
        assert str(raised.value).startswith(f"{name}: ")
    assert all(
        torch.equal(value, before[k]) for k, value in backbone.extractor.state_dict().items()
    )


def test_a_backbone_is_a_function_of_torchs_generator() -> None:
    def built(seed: int) -> FrozenBackbone:
        torch.manual_seed(seed)
        return frozen_backbone("tiny")

    with torch.random.fork_rng(devices=[]):
        one, same, other = built(1), built(1), built(2)
    weight = "network.0.weight"
    assert torch.equal(one.state_dict()[weight], same.state_dict()[weight])
    assert not torch.equal(one.state_dict()[weight], other.state_dict()[weight])


@pytest.mark.slow
def test_the_tower_of_univfd_has_304_million_weights() -> None:
    backbone = frozen_backbone("open_clip/ViT-L-14/openai")
    assert sum(value.numel() for value in backbone.parameters()) == 303_966_208
    assert (backbone.num_features, backbone.input_px) == (768, 224)
    assert bool(torch.isfinite(backbone.features(images(1, 224))).all())


def test_given_weights_are_stated_by_their_checksum_and_no_others_are_taken() -> None:
    one, same, other = (nn.Sequential(frozen_backbone("tiny"), nn.Linear(32, 1)) for _ in range(3))
    state = frozen_backbone("tiny").state_dict()
    given = {key.removeprefix("network."): value for key, value in state.items()}
    assert any(key.startswith("0.network.") for key in one.state_dict())
    for detector in (one, same):
        detector[0].load_backbone(given)
    assert set(one.state_dict()) == {"0.sha256", "1.weight", "1.bias"}
    assert [name for name, _ in one.named_parameters()] == ["1.weight", "1.bias"]
    same.load_state_dict(one.state_dict())
    images_BCHW = images(2, 32)
    assert torch.equal(same(images_BCHW), one(images_BCHW))
    other[0].load_backbone({key: value + 1 for key, value in given.items()})
    with pytest.raises(WeightsMismatch, match="trained over tiny with the checksum"):
        other.load_state_dict(one.state_dict())
    with pytest.raises(WeightsMismatch, match=r"unknown to the network: 0\.sha256"):
        load_strictly(nn.Sequential(frozen_backbone("tiny"), nn.Linear(32, 1)), one.state_dict())


def test_given_weights_move_with_the_detector() -> None:
    detector = nn.Sequential(frozen_backbone("tiny"))
    detector[0].load_backbone(frozen_backbone("tiny").extractor.state_dict())
    detector.double()
    assert next(detector[0].extractor.parameters()).dtype == torch.float64
