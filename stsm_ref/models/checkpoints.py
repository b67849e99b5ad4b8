r"""Weights in files: ours, and by mapping their keys to ours torchvision's, those of TSM's repository, and MMAction2's.

Files are data: they are read with ``weights_only=True`` and nothing is fetched. Nothing is loaded unless everything fits.

The shift of TSM's repository and of MMAction2 moves its *first* group of channels backward in time. Weights trained so mean something else
under ``forward-first`` (GEO-5), and no shape would tell; hence the refusal in `load_checkpoint`, and the record in `save_checkpoint`.
"""

import io
import pickle
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from stsm_ref.errors import ModelError
from stsm_ref.files import write_whole
from stsm_ref.models.checkpoint_size import require_checkpoint
from stsm_ref.models.key_names import Source, renamed, rules_of, tell_source
from stsm_ref.models.tsn import TSN

RECORD = "stsm_ref"
"""The key beside ``state_dict`` under which a file of ours says what its network was."""

_COUNTERS = r"\.num_batches_tracked$"  # files from before torch counted batches have none
_NOT_EXPECTED: dict[Source, tuple[str, str]] = {
    # which of our keys a file need not fill, and which of theirs, renamed, it may bring in vain
    "torchvision": (rf"^head\.|\.nl\.|\.tam\.|{_COUNTERS}", r"^backbone\.(fc|classifier)\."),
    "tsm": (_COUNTERS, r"$^"),
    "mmaction2": (_COUNTERS, r"$^"),
    "stsm_ref": (_COUNTERS, r"$^"),
}


@dataclass(frozen=True)
class LoadReport:
    """What `load_checkpoint` did: whose file it was, our keys that it filled, ours that it missed, theirs that it did not use."""

    path: str
    source: Source
    loaded: tuple[str, ...]
    missed: tuple[str, ...]
    unused: tuple[str, ...]

    def __str__(self) -> str:
        """Return the report in a few lines, every missed and unused key by name."""
        lines = [f"{self.path}: {len(self.loaded)} tensors loaded, as {self.source} names them"]
        lines += [f"  missed, as before: {key}" for key in self.missed]
        lines += [f"  unused: {key}" for key in self.unused]
        return "\n".join(lines)


def save_checkpoint(model: TSN, path: str | Path) -> None:
    r"""Write the weights of a network of `create_model` to a file that says which shift they were trained under.

    Parameters
    ----------
    model : TSN
        Not changed.
    path : str or Path
        Written whole or not at all: a file that stood there stays if writing fails.

    Raises
    ------
    ModelError
        If `model` is no network of `create_model`, or has shapes and no values.
    ReportError
        If `path` cannot be written.

    Notes
    -----
    The file is ``{"state_dict": ..., "stsm_ref": {"spec": ..., "num_segments": ...}}``, tensors, strings and ints; ``torch.load`` reads it
    with ``weights_only=True``. `load_checkpoint` refuses it for a model of another spec.

    >>> import tempfile
    >>> from stsm_ref.models import create_model
    >>> model = create_model("tsn_resnet18", shift="tsm", num_segments=2, num_classes=5)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_checkpoint(model, f"{folder}/tsm.pth")
    ...     torch.load(f"{folder}/tsm.pth", weights_only=True)["stsm_ref"]
    {'spec': 'T@1/4,backward-first,floor', 'num_segments': 2}
    """
    if not isinstance(model, TSN):
        raise ModelError(f"model={type(model).__name__} is no network of create_model: use torch.save(model.state_dict(), path)")
    state = dict(model.state_dict())
    if empty := next((key for key, value in state.items() if value.is_meta), None):
        raise ModelError(f"model has {empty} on the device meta, which has no values: save a model that was created on another device")
    content = io.BytesIO()
    torch.save({"state_dict": state, RECORD: {"spec": _text(model), "num_segments": model.num_segments}}, content)
    write_whole(Path(path), content.getvalue())


def load_checkpoint(model: TSN, path: str | Path, *, head: bool = True, as_initialisation: bool = False) -> LoadReport:
    r"""Load a local checkpoint file into a network of `create_model`: all that must fit, or nothing.

    Parameters
    ----------
    model : TSN
        Changed in place, only if the whole file fits.
    path : str or Path
        A file of ``torch.save``: torchvision's (its ImageNet classifier is never used), TSM's repository's, MMAction2's or ours, of
        `save_checkpoint` or a bare state dict. A bare one does not say under which shift it was trained: then nothing can be known, and
        it is loaded as if under the model's.
    head : bool
        Whether to load the last linear map; False keeps the fresh one, for another set of classes.
    as_initialisation : bool
        Load weights that were trained under another spec or a shift of the other order all the same, to train on from there.

    Returns
    -------
    LoadReport
        Every key loaded, missed and unused.

    Raises
    ------
    ModelError
        If the file cannot be read or holds anything but tensors; if it is of another network (a key that has no place, a tensor of another
        shape, a place that gets none); if a tensor is sparse, quantized or of another kind of number, where floats of another precision
        are converted; if its classes are others; if it was trained under TSM's order of channels and `model` shifts forward first; or if it
        says that it was trained under another spec than the model's.

    Notes
    -----
    From a torchvision file only the plain trunk is filled: the head, and what NL and TANet add, stay fresh and are reported as missed.
    TSM's non-local blocks have one bias more than ours, in front of a BatchNorm; it is subtracted from that layer's running mean.
    """
    if not isinstance(model, TSN):
        raise ModelError(f"model={type(model).__name__} is no network of create_model: use its own load_state_dict(..., strict=True)")
    theirs, record = _read(path)
    source = tell_source(path, theirs)
    rules = rules_of(source, theirs)
    their_key = {renamed(key, rules): key for key in theirs}
    if len(their_key) < len(theirs):
        lost = next(key for key in theirs if key not in their_key.values())
        raise ModelError(f"path={str(path)!r} fills one place twice, by {lost!r} and another key: save one network a file")
    ours = model.state_dict()
    found = _with_bias_in_batch_norm({key: theirs[origin] for key, origin in their_key.items()}, ours)

    may_miss, may_leave = _NOT_EXPECTED[source] if head else (rf"^head\.|{rule}" for rule in _NOT_EXPECTED[source])
    fits = {key: value for key, value in found.items() if not re.search(may_leave, key)}
    missed = tuple(key for key in ours if key not in fits)
    _refuse_other_forms(path, fits, ours)
    _refuse_other_classes(path, fits, ours)
    if misfits := _misfits(fits, ours, [key for key in missed if not re.search(may_miss, key)]):
        more = f", and {len(misfits) - 3} more" if len(misfits) > 3 else ""
        raise ModelError(
            f"path={str(path)!r} is the checkpoint of another network ({source}): {'; '.join(misfits[:3])}{more}: "
            "create the model that the file was saved from"
        )
    if source in {"tsm", "mmaction2"} and any(".net." in key for key in theirs) and not as_initialisation:
        _refuse_other_order(path, model)
    if record is not None and not as_initialisation:
        _refuse_other_spec(path, record, model)
    model.load_state_dict(_converted(path, fits, ours), strict=False)
    return LoadReport(str(path), source, tuple(fits), missed, tuple(their_key[key] for key in found if key not in fits))


def _read(path: str | Path) -> tuple[dict[str, Tensor], Any]:
    """Read the tensors of a file by name, and our record of their network where there is one."""
    require_checkpoint(path)
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise ModelError(f"path={str(path)!r} cannot be read ({error.strerror}): give a file that torch.save wrote") from None
    except pickle.UnpicklingError:
        raise ModelError(f"path={str(path)!r} holds more than tensors, or is damaged: save its state_dict() alone") from None
    except Exception as error:  # a damaged file may make the reader raise anything
        raise ModelError(f"path={str(path)!r} is no checkpoint ({error}): give a file that torch.save wrote") from None
    record = None
    if isinstance(content, dict) and isinstance(content.get("state_dict"), dict):
        content, record = content["state_dict"], content.get(RECORD)
    if not isinstance(content, dict) or not all(isinstance(k, str) and isinstance(v, Tensor) for k, v in content.items()):
        raise ModelError(f"path={str(path)!r} is no state dict: save a dict of tensors by name, alone or under 'state_dict'")
    return dict(content), record


def _with_bias_in_batch_norm(found: dict[str, Tensor], ours: dict[str, Tensor]) -> dict[str, Tensor]:
    """Take TSM's bias of W into the mean that the next BatchNorm subtracts: BN(Wy + b) is BN(Wy) with the mean less b."""
    for key in [key for key in found if key.endswith(".nl.out.bias") and key not in ours]:
        mean = key.replace("out.bias", "bn.running_mean")
        plain = mean in found and mean in ours and _form(found[mean]) == _form(found[key]) == _form(ours[mean])
        if plain and found[mean].shape == found[key].shape:
            found[mean] = found[mean] - found.pop(key)
    return found


def _form(tensor: Tensor) -> str:
    """Say in words what kind of tensor this is; between two of one kind, a copy changes the precision and no more."""
    if tensor.is_nested or tensor.is_quantized or tensor.is_meta:
        return f"a {'nested' if tensor.is_nested else 'quantized' if tensor.is_quantized else 'meta'} tensor"
    if tensor.layout != torch.strided:
        return f"a {str(tensor.layout).removeprefix('torch.')} tensor"
    kinds = {"complex": tensor.is_complex(), "floating-point": tensor.is_floating_point(), "boolean": tensor.dtype == torch.bool}
    return f"a tensor of {next((kind for kind, holds in kinds.items() if holds), 'whole')} numbers"


def _refuse_other_forms(path: str | Path, fits: dict[str, Tensor], ours: dict[str, Tensor]) -> None:
    forms = [(key, value.dtype, _form(value), _form(ours[key])) for key, value in fits.items() if key in ours]
    for key, dtype, theirs, mine in forms:
        if theirs != mine:
            raise ModelError(
                f"path={str(path)!r} has {key} as {theirs} ({dtype}), model as {mine} ({ours[key].dtype}): "
                "save dense tensors of the model's kind; only their precision is converted"
            )


def _converted(path: str | Path, fits: dict[str, Tensor], ours: dict[str, Tensor]) -> dict[str, Tensor]:
    """Bring every tensor to the model's dtype before the first is copied: afterwards no copy can fail half-way."""
    try:
        return {key: value.to(ours[key].dtype) for key, value in fits.items()}
    except RuntimeError as error:  # torch has dtypes that it cannot convert
        raise ModelError(f"path={str(path)!r} has tensors that torch cannot convert ({error}): save them in the model's dtype") from None


def _refuse_other_classes(path: str | Path, fits: dict[str, Tensor], ours: dict[str, Tensor]) -> None:
    theirs, mine = fits.get("head.fc.weight", ours["head.fc.weight"]).shape, ours["head.fc.weight"].shape
    if theirs[:1] != mine[:1] and len(theirs) == len(mine):
        raise ModelError(
            f"path={str(path)!r} classifies {theirs[0]} classes, model {mine[0]}: "
            f"use create_model(..., num_classes={theirs[0]}), or head=False"
        )


def _misfits(fits: dict[str, Tensor], ours: dict[str, Tensor], without_tensor: list[str]) -> list[str]:
    """Say what shows that the file is of another network: the most telling first."""
    homeless = [f"{key} has no place in the model" for key in fits if key not in ours]
    empty = [f"{key} gets no tensor" for key in without_tensor]
    shapes = [(key, tuple(fits[key].shape), tuple(ours[key].shape)) for key in fits if key in ours]
    return homeless + empty + [f"{key} has shape {theirs}, not {mine}" for key, theirs, mine in shapes if theirs != mine]


def _refuse_other_order(path: str | Path, model: TSN) -> None:
    if model.spec is None or model.spec.order != "backward-first":
        raise ModelError(
            f"path={str(path)!r} was trained with a shift whose first group moves backward in time, model.spec={model.spec}: "
            "use create_model(..., shift='tsm') or a spec with order='backward-first', or as_initialisation=True to train on from there"
        )


def _text(model: TSN) -> str | None:
    """Write the model's spec as `ShiftSpec.parse` reads it, or None where nothing moves."""
    return None if model.spec is None else str(model.spec)


def _refuse_other_spec(path: str | Path, record: Any, model: TSN) -> None:
    if not isinstance(record, dict) or not isinstance(spec := record.get("spec", 0), str | None):
        raise ModelError(f"path={str(path)!r} has a record {RECORD!r} that names no spec: write the file with save_checkpoint")
    if spec != _text(model):
        raise ModelError(
            f"path={str(path)!r} was trained under spec={spec}, model.spec={model.spec}: "
            f"use create_model(..., shift={spec or 'none'!r}), or as_initialisation=True to train on from there"
        )
