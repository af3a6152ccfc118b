"""Frozen parts and layer-wise rates: what is trained, how fast, and what stays bit for bit."""

import pytest
import torch
from torch import nn

from detectors.contract import build, load_card
from detectors.frozen_parts import freeze
from detectors.lasting_errors import UnknownPart
from detectors.layer_rates import distances, layer_scales
from detectors.optimizers import Optimizer
from detectors.recipe_fields import Recipe
from detectors.recipes import BadRecipe, differing, recorded, resolve_recipe


class Net(nn.Module):
    """A stem, two blocks with dropout and batch normalisation, a head."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(3, 1, 1))
        self.stem = nn.Conv2d(3, 4, 3)
        self.body = nn.Sequential(nn.BatchNorm2d(4), nn.Dropout(0.5), nn.Conv2d(4, 4, 3))
        self.head = nn.Linear(4, 1)

    def forward(self, images_BCHW: torch.Tensor) -> torch.Tensor:
        features_BF = self.body(self.stem(images_BCHW * self.scale)).mean(dim=(2, 3))
        return self.head(features_BF).squeeze(1)


def recipe(**changes) -> Recipe:
    base = {"base": "small", "batch_size": 8, "epochs": 2}
    return resolve_recipe(load_card("npr"), {**base, **changes})


def test_a_frozen_part_has_no_gradient_and_is_in_eval_mode():
    network = Net()
    frozen = freeze(network, ["body", "scale"])
    trainable = {name for name, p in network.named_parameters() if p.requires_grad}
    assert trainable == {"stem.weight", "stem.bias", "head.weight", "head.bias"}
    network.train()
    assert [part.training for part in frozen] == [True]  # what the training loop undoes
    for part in frozen:
        part.eval()
    before = network.body[0].running_mean.clone()
    images_BCHW = torch.rand(4, 3, 9, 9)
    assert torch.equal(network(images_BCHW), network(images_BCHW))  # no dropout
    assert torch.equal(network.body[0].running_mean, before)
    network(images_BCHW).sum().backward()
    assert network.stem.weight.grad is not None  # through the frozen part
    assert network.body[2].weight.grad is None


@pytest.mark.parametrize(
    ("part", "said"), [("boby", "Did you mean body"), ("body.1", "no such part"), ("", "no such")]
)
def test_a_name_that_is_no_part_is_answered_with_the_nearest(part, said):
    with pytest.raises(UnknownPart, match=said):
        freeze(Net(), [part])


def test_parts_are_those_inside_a_second_views_wrapper():
    network = build("dual_input", {"size": "tiny"}, seed=0)
    inner = network.network
    name = next(n for n, child in inner.named_children() if list(child.parameters()))
    freeze(network, [name])
    assert not any(p.requires_grad for p in inner.get_submodule(name).parameters())


def test_one_training_has_one_spelling():
    spelled = recipe(freeze=["trunk", "stem", "trunk.layer1", "stem"])
    assert spelled.freeze == ("stem", "trunk")
    assert recipe(freeze=["stem2", "stem"]).freeze == ("stem", "stem2")  # no part of each other
    assert differing(spelled)["freeze"] == ["stem", "trunk"]
    with pytest.raises(BadRecipe, match="empty name"):
        recipe(freeze=[""])


def test_what_says_nothing_of_them_is_identified_and_recorded_as_before():
    plain = recipe()
    for text in (differing(plain), recorded(plain)):
        assert not {"freeze", "layer_decay"} & set(text)
    assert recorded(recipe(freeze=["a"]))["freeze"] == ["a"]
    assert recorded(recipe(layer_decay=0.5))["layer_decay"] == 0.5
    with pytest.raises(BadRecipe, match="layer_decay"):
        recipe(layer_decay=1.0)


def test_layers_of_a_plain_network_are_its_children():
    assert distances(Net()) == {
        "scale": 3,
        "stem.weight": 2,
        "stem.bias": 2,
        "body.0.weight": 1,
        "body.0.bias": 1,
        "body.2.weight": 1,
        "body.2.bias": 1,
        "head.weight": 0,
        "head.bias": 0,
    }


def test_the_largest_child_is_taken_apart_and_norms_belong_to_what_is_before_them():
    of = distances(build("npr", seed=0))
    assert [of[name] for name in ("trunk.conv1.weight", "trunk.bn1.weight")] == [3, 3]
    assert of["trunk.layer1.0.conv1.weight"] == of["trunk.layer1.2.bn3.bias"] == 2
    assert of["trunk.layer2.0.conv1.weight"] == 1
    assert of["classifier.weight"] == of["classifier.bias"] == 0


@pytest.mark.slow  # imports timm
def test_layers_of_a_model_of_timm_are_timms():
    """Inside a network of ours: what stands before it has its first layer's rate, the head none."""
    import timm
    from timm.optim import param_groups_layer_decay

    model = timm.create_model("vit_tiny_patch16_224", pretrained=False, depth=3)
    expected = {}
    for group in param_groups_layer_decay(model, layer_decay=0.5):
        for parameter in group["params"]:
            expected[id(parameter)] = group["lr_scale"]
    network = nn.Module()
    network.front, network.trunk, network.head = nn.Conv2d(3, 3, 1), model, nn.Linear(4, 1)
    scales = layer_scales(network, 0.5)
    for name, parameter in network.named_parameters():
        if name.startswith("trunk."):
            assert scales[name] == expected[id(parameter)], name
    assert scales["head.weight"] == 1.0
    assert scales["front.weight"] == scales["trunk.patch_embed.proj.weight"] == 0.5**4


@pytest.mark.parametrize("decay_on", ["all", "matrices"])
def test_a_step_at_a_scale_is_a_step_at_that_rate(decay_on):
    """Each layer moves as a network does that has its rate everywhere."""

    def stepped(lr, **changes):
        torch.manual_seed(0)
        network = Net()
        for parameter in network.parameters():
            parameter.grad = torch.full_like(parameter, 0.5)
        optimizer = Optimizer(network, recipe(decay_on=decay_on, **changes))
        optimizer.step(lr)
        optimizer.step(lr / 2)
        return network.state_dict()

    found = stepped(1e-2, layer_decay=0.5)
    for name, distance in distances(Net()).items():
        expected = stepped(1e-2 * 0.5**distance)
        assert torch.equal(found[name], expected[name]), name
