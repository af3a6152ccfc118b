"""The thirty SRM kernels: the official ones, what they are blind to, and how colours are taken."""

import numpy as np
import torch
from official_figures import figures_of

from detectors.networks.srm import srm_kernels
from detectors.networks.srm_kernels import SRMKernels, thirty_srm_kernels


def test_they_are_the_official_ones_in_their_order() -> None:
    given = np.array(figures_of("AIDE_patches", []).content["srm30_5x5"])
    assert np.allclose(thirty_srm_kernels().numpy(), given, rtol=0, atol=1e-7)


def test_each_sees_no_flat_colour_and_all_but_first_differences_no_slope() -> None:
    kernels = thirty_srm_kernels().double()
    assert torch.allclose(kernels.sum(dim=(1, 2)), torch.zeros(30).double(), atol=1e-6)
    slope = torch.arange(5.0).double().expand(5, 5)
    for lines in (slope, slope.T):
        answer = (kernels * lines).sum(dim=(1, 2)).abs()
        assert float(answer[8:].max()) < 1e-6
        assert int((answer[:8] == 1).sum()) == 6  # the other two directions run along the lines


def test_all_thirty_differ_and_ssps_three_are_among_them() -> None:
    kernels = thirty_srm_kernels()
    assert len({tuple(kernel.flatten().tolist()) for kernel in kernels}) == 30
    for kernel in srm_kernels()[:, 0]:
        assert int((kernels == kernel).all(dim=(1, 2)).sum()) == 1
    assert srm_kernels().shape == (3, 3, 5, 5)


def test_colours_apart_are_thirty_maps_each_and_summed_are_their_sum() -> None:
    images_BCHW = torch.rand(2, 3, 9, 11, generator=torch.Generator().manual_seed(0))
    apart_BFHW, summed_BFHW = SRMKernels("apart")(images_BCHW), SRMKernels("summed")(images_BCHW)
    assert (apart_BFHW.shape, summed_BFHW.shape) == ((2, 90, 9, 11), (2, 30, 9, 11))
    assert torch.allclose(apart_BFHW.unflatten(1, (3, 30)).sum(1), summed_BFHW, atol=1e-5)
    red_BCHW = images_BCHW * torch.tensor([1.0, 0.0, 0.0]).view(3, 1, 1)
    of_red_BFHW = SRMKernels("apart")(red_BCHW)
    assert torch.equal(of_red_BFHW[:, :30], apart_BFHW[:, :30])
    assert not bool(of_red_BFHW[:, 30:].any())


def test_responses_stay_exact_under_autocast_and_kernels_frozen() -> None:
    images_BCHW = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    srm = SRMKernels("summed")
    with torch.autocast("cpu", torch.bfloat16):
        under_autocast_BFHW = srm(images_BCHW)
    assert torch.equal(under_autocast_BFHW, srm(images_BCHW))
    assert not srm.kernel.requires_grad
