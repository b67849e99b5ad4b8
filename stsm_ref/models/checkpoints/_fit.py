"""Whether the tensors of a file fit a network: kinds, shapes, and the shift under which names or
our record say they were trained.
"""

import re
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from stsm_ref.errors import ModelError
from stsm_ref.models.checkpoints.key_mapping import Source, shown, what_it_tells
from stsm_ref.models.tsn import TSN

RECORD = "stsm_ref"
"""The key beside ``state_dict`` under which a file of ours says what its network was."""
OWN_SHIFT = r"^backbone\.layer\d\.\d+\.temporal\."
"""The names of TDN's own temporal convolutions."""


def form(tensor: Tensor) -> str:
    """Say in words what kind of tensor this is; between two of one kind, a copy changes the
    precision and no more.
    """
    if tensor.is_nested or tensor.is_quantized or tensor.is_meta:
        return f"a {'nested' if tensor.is_nested else 'quantized' if tensor.is_quantized else 'meta'} tensor"
    if tensor.layout != torch.strided:
        return f"a {str(tensor.layout).removeprefix('torch.')} tensor"
    kinds = {
        "complex numbers": tensor.is_complex(),
        "floating-point numbers": tensor.is_floating_point(),
        "booleans": tensor.dtype == torch.bool,
    }
    return f"a tensor of {next((kind for kind, holds in kinds.items() if holds), 'integers')}"


def refuse_other_forms(path: str | Path, fits: dict[str, Tensor], ours: dict[str, Tensor]) -> None:
    """Refuse a tensor of another kind than the model's: a copy would change more than its
    precision.
    """
    forms = [
        (key, value.dtype, form(value), form(ours[key]))
        for key, value in fits.items()
        if key in ours
    ]
    for key, dtype, theirs, mine in forms:
        if theirs != mine:
            raise ModelError(
                f"path={str(path)!r} has {key} as {theirs} ({dtype}), model as {mine} "
                f"({ours[key].dtype}): "
                "save dense tensors of the model's kind; only their precision is converted"
            )


def refuse_other_classes(
    path: str | Path, fits: dict[str, Tensor], ours: dict[str, Tensor]
) -> None:
    """Refuse a last linear map of another number of classes."""
    theirs, mine = (
        fits.get("head.fc.weight", ours["head.fc.weight"]).shape,
        ours["head.fc.weight"].shape,
    )
    if theirs[:1] != mine[:1] and len(theirs) == len(mine):
        raise ModelError(
            f"path={str(path)!r} classifies {theirs[0]} classes, model {mine[0]}: "
            f"use create_model(..., num_classes={theirs[0]}), or head=False"
        )


def misfits_of(
    fits: dict[str, Tensor], ours: dict[str, Tensor], without_tensor: list[str]
) -> list[str]:
    """Say what shows that the file is of another network: the most telling first."""
    homeless = [key for key in fits if key not in ours]
    telling = [words] if (words := what_it_tells(homeless)) else []
    no_place = [f"{shown(key).strip(chr(39))} has no place in the model" for key in homeless]
    empty = [f"{key} gets no tensor" for key in without_tensor]
    shapes = [(key, tuple(fits[key].shape), tuple(ours[key].shape)) for key in fits if key in ours]
    return (
        telling
        + no_place
        + empty
        + [
            f"{key} has shape {theirs}, not {mine}"
            for key, theirs, mine in shapes
            if theirs != mine
        ]
    )


def shifted_places(their_key: dict[str, str], found: dict[str, Tensor]) -> set[str]:
    """Name our convolutions before which the file's network shifts, which its wrappers say."""
    wrapped = [
        key
        for key, origin in their_key.items()
        if ".net." in origin and key.endswith(".weight") and found[key].ndim == 4
    ]
    return {key.removesuffix(".weight") for key in wrapped}


def refuse_other_shift(path: str | Path, source: Source, shifted: set[str], model: TSN) -> None:
    """Refuse weights that were trained with TSM's shift for a model without it, and those without
    one for a model that has one.
    """
    train_on = "or as_initialisation=True to train on from there"
    if source == "tanet" or not shifted:
        if model.spec is not None:
            raise ModelError(
                f"path={str(path)!r} was trained without a shift, model.spec={model.spec}: use "
                f"create_model(..., shift='none'), {train_on}"
            )
        return
    if model.spec is None or model.spec.order != "backward-first" or model.spec.terms != "T":
        raise ModelError(
            f"path={str(path)!r} was trained with a shift whose first group moves backward in "
            "time, and along no other axis, "
            f"model.spec={model.spec}: use create_model(..., shift='tsm'), {train_on}"
        )
    if elsewhere := sorted(shifted.symmetric_difference(model.sites)):
        raise ModelError(
            f"path={str(path)!r} was trained with the shift at other places, "
            f"{shown(elsewhere[0])} and {len(elsewhere) - 1} more differ: "
            f"put it before the same convolutions, {train_on}"
        )


def refuse_own_shift(path: str | Path, fits: dict[str, Tensor], ours: dict[str, Tensor]) -> None:
    """Refuse weights that were trained with TDN's temporal convolution for a model in which
    something else stands in its place.
    """
    if (
        any(re.search(OWN_SHIFT, key) and key not in ours for key in fits)
        and "backbone.difference_stem.1.weight" in ours
    ):
        raise ModelError(
            f"path={str(path)!r} was trained with TDN's own temporal convolution, which model "
            "has not: "
            "use create_model('tdn_resnet50', shift='tsm'), or as_initialisation=True to train on "
            "from there without it"
        )


def spec_text(model: TSN) -> str | None:
    """Write the model's spec as `ShiftSpec.parse` reads it, or None where nothing moves."""
    return None if model.spec is None else str(model.spec)


def refuse_other_spec(path: str | Path, record: Any, model: TSN) -> None:
    """Refuse a file of ours whose record says another spec, or other places, than the model's."""
    if not isinstance(record, dict) or not isinstance(spec := record.get("spec", 0), str | None):
        raise ModelError(
            f"path={str(path)!r} has a record {RECORD!r} that names no spec: write the file with "
            "save_checkpoint"
        )
    if spec != spec_text(model):
        raise ModelError(
            f"path={str(path)!r} was trained under spec={spec}, model.spec={model.spec}: "
            f"use create_model(..., shift={spec or 'none'!r}), or as_initialisation=True to train "
            "on from there"
        )
    sites = record.get("sites", list(model.sites))
    if (
        spec is not None
        and isinstance(sites, list)
        and (elsewhere := sorted(set(map(str, sites)).symmetric_difference(model.sites)))
    ):
        raise ModelError(
            f"path={str(path)!r} was trained with the shift at other places, "
            f"{shown(elsewhere[0])} and {len(elsewhere) - 1} more differ: "
            "put it before the same convolutions, or as_initialisation=True to train on from there"
        )
