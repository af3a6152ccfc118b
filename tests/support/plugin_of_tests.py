"""A detector from outside the repository: the mean colour, and one hidden layer."""

MEAN_COLOUR = """
from pydantic import Field

from detectors.contract import Card, Options, Pipelines


class MineOptions(Options):
    hidden: int = Field(default=4, ge=1)

    def micro_batch_acts(self):
        return False


CARD = Card(
    name="mine",
    version=1,
    title="Mean colours",
    options=MineOptions,
    presets={"whole": Pipelines(train="random_crop(16)", test="none")},
    default_preset="whole",
)


def build(options):
    import torch
    from torch import nn

    class Mine(nn.Module):
        def __init__(self):
            super().__init__()
            self.hidden = nn.Linear(3, options.hidden)
            self.last = nn.Linear(options.hidden, 1)

        def forward(self, images_BCHW):
            features_BC = images_BCHW.float().mean((2, 3))
            with torch.autocast("cpu", enabled=False):
                return self.last(self.hidden(features_BC).tanh()).squeeze(1)

    return Mine()
"""
