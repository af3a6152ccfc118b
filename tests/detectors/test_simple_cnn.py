"""SimpleCNN: sizes stated by the study, the two-output logit, the fixed input."""

import pytest
import torch

from detectors.contract import build


@pytest.mark.parametrize(
    ("options", "parameters"),
    [({}, 26_080_066), ({"padding": 0}, 19_264_322), ({"size": "tiny"}, 93_730)],
)
def test_parameter_counts(options: dict, parameters: int) -> None:
    network = build("simple_cnn", options)
    assert sum(value.numel() for value in network.parameters()) == parameters


def test_logit_is_fake_minus_real() -> None:
    network = build("simple_cnn", {"size": "tiny"}, seed=0).eval()
    images_BCHW = torch.rand(3, 3, 20, 28)
    with torch.inference_mode():
        features_BCHW = network.features(network.normalise(images_BCHW))
        outputs_B2 = network.classifier(features_BCHW.mean(dim=(2, 3)))
        expected_B = outputs_B2[:, 1] - outputs_B2[:, 0]
        assert torch.equal(network(images_BCHW), expected_B)


def test_another_size_than_the_hidden_layer_takes_is_refused() -> None:
    network = build("simple_cnn", {"input_px": 32})
    assert network(torch.rand(2, 3, 32, 32)).shape == (2,)
    with pytest.raises(ValueError, match=r"48 x 32 px: .*32 x 32 only.*resize\(32,32\)"):
        network(torch.rand(2, 3, 48, 32))
