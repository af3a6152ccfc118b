import math

import pytest
import torch
from torch import nn

from detectors.contract import build
from detectors.explaining.grad_cam import grad_cam

WEIGHTS = (2.0, -1.0, 0.5)


class MeanOfColours(nn.Module):
    """logit = sum of w_c mean(x_c): its Grad-CAM is known on paper."""

    def __init__(self, sign=1.0, bias=0.0):
        super().__init__()
        self.drop = nn.Dropout(0.5)
        self.trunk = nn.Conv2d(3, 3, 1, bias=False)
        self.head = nn.Linear(3, 1)
        self.trunk.weight.data = torch.eye(3).view(3, 3, 1, 1)
        self.head.weight.data = sign * torch.tensor([WEIGHTS])
        self.head.bias.data.fill_(bias)

    def forward(self, images_BCHW):
        return self.head(self.trunk(self.drop(images_BCHW)).mean(dim=(2, 3))).squeeze(1)


def image(height=6, width=4):
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(3))


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_it_is_the_weighted_sum_of_channels_cut_off_at_0(sign):
    network, x = MeanOfColours(sign), image()
    found = grad_cam(network, x)
    assert found.layer == "trunk"
    logit = sign * sum(w * float(x[0, c].mean()) for c, w in enumerate(WEIGHTS))
    assert found.word == ("fake" if logit > 0 else "real")
    # For either word: what it says of the negated logit of the negated network is the same.
    towards = sign * math.copysign(1.0, logit)
    weighted = sum(towards * w / 24 * x[0, c] for c, w in enumerate(WEIGHTS)).clamp_min(0)
    assert torch.allclose(torch.from_numpy(found.map_HW), weighted, atol=1e-7)


def test_of_an_image_called_real_it_shows_what_speaks_for_real():
    x = image()
    fake, real = (grad_cam(MeanOfColours(bias=b), x) for b in (10.0, -10.0))
    assert (fake.word, real.word) == ("fake", "real")
    assert (fake.map_HW * real.map_HW == 0).all()
    assert fake.map_HW.max() > 0


def test_the_network_is_left_as_it_was():
    network = MeanOfColours().train()
    network.trunk.eval()
    grad_cam(network, image())
    assert network.training
    assert not network.trunk.training
    assert all(each.grad is None for each in network.parameters())
    assert not any(each._forward_hooks for each in network.modules())


def test_frozen_parameters_do_not_hide_it():
    network = MeanOfColours().requires_grad_(False)
    assert grad_cam(network, image()) is not None


@pytest.mark.parametrize(
    ("name", "size", "shape", "layer"),
    [
        ("simple_cnn", (32, 48), (8, 12), "features"),
        ("gramnet", (64, 64), None, "backbone."),  # not the places of a Gram matrix
        ("dual_input", (32, 32), (8, 8), "features"),
    ],
)
def test_places_of_each_kind_of_network(name, size, shape, layer):
    torch.manual_seed(0)
    found = grad_cam(build(name, {"size": "tiny"}, seed=0), torch.rand(1, 3, *size))
    assert shape is None or found.map_HW.shape == shape
    assert layer in found.layer


@pytest.mark.parametrize("name", ["log_dct_linear", "spec", "univfd"])
def test_without_places_in_the_image_there_is_none(name):
    assert grad_cam(build(name, {"size": "tiny"}, seed=0), torch.rand(1, 3, 32, 32)) is None


class Squares(nn.Module):
    """8 px squares as in a transformer: channels last, or tokens behind that of the class."""

    def __init__(self, as_tokens):
        super().__init__()
        self.cut = nn.Conv2d(3, 10, 8, stride=8)
        self.norm = nn.LayerNorm(10)
        self.unused = nn.LayerNorm(10)
        self.head = nn.Linear(10, 1)
        self.as_tokens = as_tokens

    def forward(self, images_BCHW):
        x = self.cut(images_BCHW).permute(0, 2, 3, 1)
        if not self.as_tokens:
            return self.head(self.norm(x).mean(dim=(1, 2))).squeeze(1)
        tokens = torch.cat([torch.zeros_like(x[:, 0, :1]), x.flatten(1, 2)], dim=1)
        seen = self.norm(tokens)
        seen = torch.cat([seen.mean(dim=1, keepdim=True), seen[:, 1:]], dim=1)
        return self.head(self.unused(seen)[:, 0]).squeeze(1)


@pytest.mark.parametrize("as_tokens", [False, True])
def test_places_of_transformers(as_tokens):
    torch.manual_seed(0)
    found = grad_cam(Squares(as_tokens), torch.rand(1, 3, 64, 96))
    # Not the last norm of tokens: behind it only the class's own leads to the logit.
    assert (found.layer, found.map_HW.shape) == ("norm", (8, 12))
