"""What can be counted: a network's structure without its values, and what is said where a network
does not run on that.
"""

import copy
import re
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from stsm_ref.errors import ModelError

WAYS_OUT = (
    # what torch says, and what can be done about it
    (
        r"indices|scalar type|expected .*(Long|Int)\b",
        "if it reads integers, as an embedding does, say dtype=torch.int64",
    ),
    (
        r"expected device|on device",
        "a tensor of its own is on another device than its parameters: register it with "
        "register_buffer(...)",
    ),
    (
        r"meta|item\(\)|nonzero|data-dependent|dynamic|fake impl|no data|numpy",
        "what it does depends on values, and here are none: count the parts that it chooses from, "
        "one by one",
    ),
)


def refuse_uncountable(model: nn.Module) -> None:
    """Raise where it is known before anything runs that `model` cannot be counted."""
    if not isinstance(cast(object, model), nn.Module):
        raise ModelError(
            f"model={model!r} has type {type(model).__name__}, which is not an nn.Module: give "
            "the network itself"
        )
    for name, module in model.named_modules():
        place = f"model.{name}" if name else "model"
        if isinstance(module, torch.jit.ScriptModule):
            raise ModelError(
                f"{place} is scripted or traced, and lets nobody watch its parts: count the "
                "network that it was made from"
            )
        if any(
            is_lazy(value)
            for value in (*module.parameters(recurse=False), *module.buffers(recurse=False))
        ):
            kind = type(module).__name__
            raise ModelError(
                f"{place} is a {kind}, which has no shape before its first input: run the network "
                "once on a real input"
            )


def why_it_stopped(
    network: nn.Module,
    part: nn.Module,
    given: tuple[tuple[int, ...], torch.dtype],
    error: Exception,
) -> str:
    """Say which part of a network stopped, what it says, and what can be done."""
    name = next((name for name, module in network.named_modules() if module is part), "")
    place = f"model.{name}" if name else "model"
    shape, dtype = given
    reason = _first_line(error)
    way_out = next(
        (words for pattern, words in WAYS_OUT if re.search(pattern, reason)),
        "say the input that it reads: one tensor, as in input_shape=(8, 3, 224, 224)",
    )
    return (
        f"{place} ({type(part).__name__}) cannot be counted on an input of shape {shape} and "
        f"{dtype} ({reason}): {way_out}"
    )


def _first_line(error: Exception) -> str:
    """What an error says, in one line of a length that can be read."""
    line = (str(error).splitlines() or [type(error).__name__])[0]
    return line if len(line) <= 160 else f"{line[:160]}..."


def without_memory(model: nn.Module) -> nn.Module:
    """Copy a network's structure in eval mode, each of its tensors replaced by one that has a shape
    and no values.
    """
    memo: dict[int, Any] = {
        id(p): nn.Parameter(torch.empty_like(p, device="meta"), requires_grad=False)
        for p in model.parameters()
    }
    memo |= {id(buffer): torch.empty_like(buffer, device="meta") for buffer in model.buffers()}
    # and tensors that are neither: constants, and weights that are computed from others
    plain = [
        value
        for module in model.modules()
        for value in vars(module).values()
        if isinstance(value, Tensor)
    ]
    memo |= {
        id(value): torch.empty_like(value, device="meta", requires_grad=False) for value in plain
    }
    try:
        return copy.deepcopy(model, memo).eval()
    except Exception as error:  # what cannot be copied raises what it likes
        raise ModelError(
            f"model={type(model).__name__} cannot be copied, and counting runs on a copy "
            f"({_first_line(error)}): take out what cannot"
        ) from error
