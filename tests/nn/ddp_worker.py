"""One process of the distributed test: train a few steps on this process's clips and write the
weights down.
"""

import sys

import torch
from torch import distributed
from torch.nn.parallel import DistributedDataParallel

from stsm_ref.nn import insert_shift
from tests.nn.networks import ResNet
from tests.nn.train import CLIPS, NUM_SEGMENTS, train


def main(rank: int, world: int, rendezvous: str, result: str) -> None:
    """Join the others through the file `rendezvous`, train, and let the first process save."""
    torch.set_num_threads(1)
    distributed.init_process_group(
        "gloo", init_method=f"file://{rendezvous}", rank=rank, world_size=world
    )
    torch.manual_seed(0)
    model = ResNet((1,), 8).double().eval()  # batch statistics would differ from one process to two
    insert_shift(model, NUM_SEGMENTS, quiet=True)
    train(DistributedDataParallel(model), clips=range(rank, CLIPS, world))
    if rank == 0:
        torch.save(model.state_dict(), result)
    distributed.destroy_process_group()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4])
