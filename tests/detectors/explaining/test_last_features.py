import pytest
import torch
from torch import nn
from torch.nn import functional

from detectors.contract import build
from detectors.explaining.last_features import LastFeatures, NoLastLayer


def features_and_logits(network, count=3, side=32):
    network.eval()
    images = torch.rand(count, 3, side, side, generator=torch.Generator().manual_seed(1))
    reader = LastFeatures(network)
    with torch.inference_mode(), reader.reading():
        logits = network(images)
    return reader.taken(count), logits


@pytest.mark.parametrize("name", ["npr", "simple_cnn", "resnet50", "log_dct_linear", "univfd"])
def test_the_last_layer_makes_the_logit_of_them(name):
    network = build(name, {"size": "tiny"}, seed=0)
    features, logits = features_and_logits(network)
    [head] = [m for m in network.modules() if isinstance(m, nn.Linear) and m.out_features <= 2]
    outputs = functional.linear(features, head.weight, head.bias)
    ours = outputs[:, -1] - outputs[:, 0] if head.out_features == 2 else outputs[:, 0]
    assert torch.allclose(ours, logits, atol=1e-5)


def test_of_networks_that_vote_all_features_are_joined():
    network = build("npr_multi", {"size": "tiny", "join": "mean_logit"}, seed=0)
    one, _ = features_and_logits(build("npr", {"size": "tiny"}, seed=0))
    many, _ = features_and_logits(network)
    assert many.shape[1] == len(network.members) * one.shape[1]


def test_a_network_without_a_linear_layer_is_refused():
    class Mean(nn.Module):
        def forward(self, images_BCHW):
            return images_BCHW.mean(dim=(1, 2, 3))

    with pytest.raises(NoLastLayer, match="Mean ends with no linear layer"):
        features_and_logits(Mean())
