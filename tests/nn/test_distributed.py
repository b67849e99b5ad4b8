"""The shift in a network that several processes train together."""

import subprocess
import sys

import pytest
import torch
from torch import distributed

from stsm_ref.nn import insert_shift
from tests import ROOT
from tests.patience import PATIENCE

from .networks import ResNet
from .train import CLIPS, NUM_SEGMENTS, train


@pytest.mark.skipif(
    not distributed.is_available(), reason="torch was built without torch.distributed"
)
def test_two_processes_train_as_one(tmp_path):
    """DistributedDataParallel over two gloo processes ends at the weights of one process that
    has all the clips.
    """
    result = tmp_path / "weights.pt"
    command = [sys.executable, "-m", "tests.nn.ddp_worker"]
    processes = [
        subprocess.Popen(
            [*command, str(rank), "2", str(tmp_path / "rendezvous"), str(result)], cwd=ROOT
        )
        for rank in range(2)
    ]
    try:
        assert [process.wait(timeout=PATIENCE) for process in processes] == [0, 0]
    finally:
        for process in processes:
            process.kill()
    torch.manual_seed(0)
    model = ResNet((1,), 8).double().eval()
    start = {name: value.clone() for name, value in model.state_dict().items()}
    insert_shift(model, NUM_SEGMENTS, quiet=True)
    train(model, clips=range(CLIPS))
    together = torch.load(result, weights_only=True)
    assert list(together) == list(start)
    for name, value in model.state_dict().items():
        torch.testing.assert_close(together[name], value, rtol=1e-12, atol=1e-12)
    assert not torch.equal(together["layer1.0.conv1.weight"], start["layer1.0.conv1.weight"])
