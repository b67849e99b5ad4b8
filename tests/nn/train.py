"""A few steps of training, the same in one process as in several."""

import torch
from torch import nn

CLIPS, NUM_SEGMENTS, STEPS = 4, 3, 2


def train(model: nn.Module, clips: range) -> None:
    """Take `STEPS` steps of gradient descent on the given of the `CLIPS` clips; the loss is a
    mean over clips.
    """
    generator = torch.Generator().manual_seed(1)
    data = torch.randn(CLIPS, NUM_SEGMENTS, 3, 16, 16, dtype=torch.float64, generator=generator)
    optimiser = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(STEPS):
        optimiser.zero_grad()
        scores = model(data[clips].flatten(0, 1))
        scores.square().mean().backward()
        optimiser.step()
