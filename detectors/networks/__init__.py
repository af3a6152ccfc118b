"""The networks behind the cards. These modules import torch; the cards import them in `build`."""
