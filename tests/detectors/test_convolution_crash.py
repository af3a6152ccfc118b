"""No detector of the zoo holds a convolution that crashes torch on some CPUs."""

import pytest
import torch

from detectors.contract_checks.subject import Subject
from detectors.zoo import zoo_names

FEWEST_CHANNELS = 10


@pytest.mark.parametrize("name", zoo_names())
def test_narrow_convolutions_of_stride_two_are_not_one_pixel_wide(name: str) -> None:
    """oneDNN writes outside its memory in their backward pass, below ten channels."""
    wrong = [
        key
        for key, module in Subject(name).network().named_modules()
        if isinstance(module, torch.nn.Conv2d)
        and (module.kernel_size, module.stride) == ((1, 1), (2, 2))
        and module.in_channels < FEWEST_CHANNELS
    ]
    assert wrong == []
