r"""Weights in files: ours, and by mapping their names to ours those of torchvision, MMAction2, and
the repositories of TSM, TDN and TANet.

Files are data: they are read with ``weights_only=True`` and nothing is fetched. Nothing is loaded
unless everything fits.

The shift of TSM's repository and of MMAction2 moves its *first* group of channels backward in time.
Weights trained so mean something else under ``forward-first`` (GEO-5), and no shape would tell; nor
would one tell weights that were trained without a shift, or with one at other places. Hence the
refusals in `load_checkpoint`, and the record in `save_checkpoint`.
"""

import errno
import io
import pickle
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn

from stsm_ref._files import write_whole
from stsm_ref.errors import ModelError, ReportError
from stsm_ref.models.checkpoints._fit import (
    OWN_SHIFT,
    RECORD,
    form,
    misfits_of,
    refuse_other_classes,
    refuse_other_forms,
    refuse_other_shift,
    refuse_other_spec,
    refuse_own_shift,
    shifted_places,
    spec_text,
)
from stsm_ref.models.checkpoints.key_mapping import (
    Source,
    is_counter,
    lone_wrapper,
    plain_names,
    renamed,
    rules_of,
    shown,
    source_of,
    tell_source,
    without_wrappers,
)
from stsm_ref.models.checkpoints.size import require_checkpoint
from stsm_ref.models.tdn import TDNResNet, as_tdn_starts
from stsm_ref.models.tsn import TSN

_COUNTERS = r"\.num_batches_tracked$"  # files from before torch counted batches have none
_NOT_EXPECTED: dict[Source, tuple[str, str]] = {
    # which of our keys a file need not fill, and which of theirs, renamed, it may bring in vain
    "torchvision": (
        rf"^head\.|\.nl\.|\.tam\.|\.difference\.|\.temporal\.|\.difference_stem\.2\.|{_COUNTERS}",
        r"^backbone\.(fc|classifier|last_linear)\.",
    ),
    "tsm": (_COUNTERS, r"$^"),
    "tdn": (
        _COUNTERS,
        r"^backbone\.conv1_temp1?\.",
    ),  # a convolution that TDN builds and never calls
    "tanet": (_COUNTERS, r"$^"),
    "mmaction2": (_COUNTERS, r"$^"),
    "stsm_ref": (_COUNTERS, r"$^"),
}
_TRAINED_ON_VIDEO = ("tsm", "tdn", "tanet", "mmaction2")
"""Whose files say, by their names, whether they were trained with a shift, and where it stood."""


@dataclass(frozen=True)
class LoadReport:
    """What `load_checkpoint` did: whose file it was, our keys that it filled, ours that it missed,
    theirs that it did not use.
    """

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
    r"""Write the weights of a network of `create_model` to a file that says which shift they were
    trained under.

    Parameters
    ----------
    model : TSN
        Not changed.
    path : str or Path
        Written whole or not at all: a file that stood there stays if writing fails.

    Raises
    ------
    ModelError
        If `model` is not a network of `create_model` (one that wraps it is told to give it), has
        shapes and no values, or has shifts of more than one spec.
    ReportError
        If `path` cannot be written.

    Notes
    -----
    The file is
    ``{"state_dict": ..., "stsm_ref": {"spec": ..., "num_segments": ..., "sites": [...]}}``,
    tensors, strings and ints; ``torch.load`` reads it with ``weights_only=True``. `load_checkpoint`
    refuses it for a model of another spec, or one whose shift stands elsewhere. What
    `torch.compile` and the like put into the names of parts is left out of them.

    >>> import tempfile
    >>> from stsm_ref.models import create_model
    >>> model = create_model("tsn_resnet18", shift="tsm", num_segments=2, num_classes=5)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_checkpoint(model, f"{folder}/tsm.pth")
    ...     torch.load(f"{folder}/tsm.pth", weights_only=True)["stsm_ref"]["spec"]
    'T@1/4,backward-first,floor'
    """
    _checked_network(model, "use torch.save(model.state_dict(), path)")
    if not isinstance(cast(object, path), str | Path) or "\0" in str(path):
        raise ReportError(f"path={path!r} is not a path of a file: give a string or a Path")
    spec, sites = spec_text(model), model.sites
    state = {without_wrappers(key): value for key, value in model.state_dict().items()}
    _refuse_meta(state, "save")
    content = io.BytesIO()
    torch.save(
        {
            "state_dict": state,
            RECORD: {"spec": spec, "num_segments": model.num_segments, "sites": list(sites)},
        },
        content,
    )
    write_whole(Path(path), content.getvalue())


def load_checkpoint(
    model: TSN, path: str | Path, *, head: bool = True, as_initialisation: bool = False
) -> LoadReport:
    r"""Load a local checkpoint file into a network of `create_model`: all that must fit, or
    nothing.

    Parameters
    ----------
    model : TSN
        Changed in place, only if the whole file fits.
    path : str or Path
        A file of ``torch.save``: torchvision's (its ImageNet classifier is never used),
        MMAction2's, that of the repositories of TSM, TDN or TANet, or ours, of `save_checkpoint` or
        a bare state dict. A bare one does not say under which shift it was trained: then nothing
        can be known, and it is loaded as if under the model's. Names may carry what DataParallel,
        `torch.compile`, `AveragedModel` or the like put around a network, and the state dict may
        stand under any name, as long as the file holds one network.
    head : bool
        Whether to load the last linear map; False keeps the fresh one, for another set of classes.
    as_initialisation : bool
        Load weights that were trained under another spec, in another order, at other places, or
        without a shift all the same, to train on from there. TDN's temporal convolutions are left
        out where something else stands in their place.

    Returns
    -------
    LoadReport
        Every key loaded, missed and unused.

    Raises
    ------
    ModelError
        If the file cannot be read, or holds anything but tensors, or more than one network; if it
        is of another network (a key that has no place, a tensor of another shape, a place that gets
        none); if a tensor is sparse, quantized or of another kind of number, where floats of
        another precision are converted; if its classes are others; if its names say that it was
        trained with TSM's shift and `model` has another, none, or other places for it, or that it
        was trained without a shift and `model` has one; or if our record in it says so of spec or
        places.

    Notes
    -----
    From a torchvision file only the plain backbone is filled: the head, and what NL, TANet and TDN
    add, stay fresh and are reported as missed. TDN's second stem and its second first stage are
    made from the same file, as TDN makes them (see `as_tdn_starts`). TSM's non-local blocks have
    one bias more than ours, in front of a BatchNorm; it is subtracted from that layer's running
    mean. That a TSM file was trained with a quarter of the channels is not written in it: a spec
    ``T`` of any alpha takes it.
    """
    _checked_network(model, "use its own load_state_dict(..., strict=True)")
    theirs, record = _read(path)
    plain = plain_names(theirs)
    source = tell_source(path, plain)
    rules = rules_of(source, plain)
    their_key = {renamed(key, rules): origin for key, origin in plain.items()}
    if len(their_key) < len(theirs):
        lost = next(key for key in theirs if key not in their_key.values())
        raise ModelError(
            f"path={str(path)!r} fills one place twice, by {shown(lost)} and another key: save "
            "one network a file"
        )
    if (wrapped := lone_wrapper(plain)) is not None:
        raise ModelError(
            f"path={str(path)!r} is the checkpoint of another network ({source}): it wraps a "
            "whole block, and nothing that is known here "
            f"stands beside it, as {shown(wrapped)} says: create the model that the file was "
            "saved from"
        )
    our_key = {without_wrappers(key): key for key in model.state_dict()}
    ours = {key: model.state_dict()[name] for key, name in our_key.items()}
    _refuse_meta(ours, "load into")
    found = _with_bias_in_batch_norm(
        {key: theirs[origin] for key, origin in their_key.items()}, ours
    )
    if source == "torchvision" and isinstance(model.backbone, TDNResNet):
        found = as_tdn_starts(found, ours)

    may_miss, may_leave = (
        _NOT_EXPECTED[source] if head else (rf"^head\.|{rule}" for rule in _NOT_EXPECTED[source])
    )
    own_shift_is_gone = as_initialisation and not any(re.search(OWN_SHIFT, key) for key in ours)
    if own_shift_is_gone:
        may_leave = rf"{may_leave}|{OWN_SHIFT}"
    fits = {
        key: value
        for key, value in found.items()
        if not re.search(may_leave, key) and not is_counter(key, value)
    }
    missed = tuple(key for key in ours if key not in fits)
    if source in _TRAINED_ON_VIDEO and not as_initialisation:
        refuse_own_shift(path, fits, ours)
    refuse_other_forms(path, fits, ours)
    refuse_other_classes(path, fits, ours)
    if misfits := misfits_of(fits, ours, [key for key in missed if not re.search(may_miss, key)]):
        more = f", and {len(misfits) - 3} more" if len(misfits) > 3 else ""
        raise ModelError(
            f"path={str(path)!r} is the checkpoint of another network ({source}): "
            f"{'; '.join(misfits[:3])}{more}: "
            "create the model that the file was saved from"
        )
    if source in _TRAINED_ON_VIDEO and not as_initialisation:
        refuse_other_shift(path, source, shifted_places(their_key, found), model)
    if record is not None and not as_initialisation:
        refuse_other_spec(path, record, model)
    model.load_state_dict(
        {our_key[key]: value for key, value in _converted(path, fits, ours).items()}, strict=False
    )
    return LoadReport(
        str(path),
        source,
        tuple(our_key[key] for key in fits),
        tuple(our_key[key] for key in missed),
        tuple(their_key[key] for key in found if key not in fits),
    )


def _checked_network(model: nn.Module, way_out: str) -> None:
    """Raise if it is not a network of `create_model`; say where that is if this one only
    wraps it.
    """
    if isinstance(model, TSN):
        return
    kind = type(model).__name__
    for attribute in ("module", "_orig_mod"):
        if isinstance(model, nn.Module) and isinstance(getattr(model, attribute, None), TSN):
            raise ModelError(
                f"model={kind} wraps a network of create_model: give that, model.{attribute}"
            )
    raise ModelError(f"model={kind} is not a network of create_model: {way_out}")


def _refuse_meta(state: dict[str, Tensor], verb: str) -> None:
    if empty := next((key for key, value in state.items() if value.is_meta), None):
        raise ModelError(
            f"model has {empty} on the device meta, which has no values: {verb} a model that was "
            "created on another device"
        )


DAMAGED = "is damaged, or is not a file of torch.save"


def _read(path: str | Path) -> tuple[dict[str, Tensor], Any]:
    """Read the tensors of a file by name, and our record of their network where there is one."""
    require_checkpoint(path)
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        # in an archive that was cut short torch looks for places before its start
        why = DAMAGED if error.errno == errno.EINVAL else f"cannot be read ({error.strerror})"
        raise ModelError(f"path={str(path)!r} {why}: give a file that torch.save wrote") from None
    except pickle.UnpicklingError as error:
        raise ModelError(f"path={str(path)!r} {_why_not_tensors(error)}") from None
    except Exception as error:  # a damaged file may make the reader raise anything
        raise ModelError(
            f"path={str(path)!r} is not a checkpoint ({error}): give a file that torch.save wrote"
        ) from None
    return _chosen_state(path, content)


def _why_not_tensors(error: pickle.UnpicklingError) -> str:
    """Tell files that hold objects, which only their own code can make again, from damaged ones, by
    what torch says of them.
    """
    found = re.search(r"GLOBAL (\S+)", str(error))
    if found is None:
        return f"{DAMAGED}: give a file that torch.save wrote"
    return (
        f"holds more than tensors (the first is {shown(found[1])}), as whole networks and files "
        "to resume training from do: where you "
        "trust it, write its state dict alone, as in torch.save(torch.load(path, "
        "weights_only=False)['state_dict'], another_path)"
    )


def _is_state_dict(content: Any) -> bool:
    return isinstance(content, dict) and all(
        isinstance(key, str) and isinstance(value, Tensor) for key, value in content.items()
    )


def _chosen_state(path: str | Path, content: Any) -> tuple[dict[str, Tensor], Any]:
    """Return the state dict that a file is, or holds beside other things, and our record where
    there is one.
    """
    if _is_state_dict(content):
        return dict(content), None
    entries = (
        {name: value for name, value in content.items() if value and _is_state_dict(value)}
        if isinstance(content, dict)
        else {}
    )
    networks = [name for name, value in entries.items() if source_of(plain_names(value))]
    if len(networks) > 1:
        names = " and ".join(shown(str(name)) for name in networks)
        raise ModelError(
            f"path={str(path)!r} holds more than one network, {names}: save the one that you mean "
            "alone, "
            f"as in torch.save(torch.load(path)[{shown(str(networks[-1]))}], another_path)"
        )
    # of several that are nobody's, the one that is most likely meant, for the message that will say
    # so
    for name in (*networks, "state_dict", *entries):
        if name in entries:
            return dict(entries[name]), content.get(RECORD)
    raise ModelError(
        f"path={str(path)!r} is not a state dict: save a dict of tensors by name, alone or under "
        "'state_dict'"
    )


def _with_bias_in_batch_norm(
    found: dict[str, Tensor], ours: dict[str, Tensor]
) -> dict[str, Tensor]:
    """Take TSM's bias of W into the mean that the next BatchNorm subtracts: BN(Wy + b) is BN(Wy)
    with the mean less b.
    """
    for key in [key for key in found if key.endswith(".nl.out.bias") and key not in ours]:
        mean = key.replace("out.bias", "bn.running_mean")
        plain = (
            mean in found
            and mean in ours
            and form(found[mean]) == form(found[key]) == form(ours[mean])
        )
        if plain and found[mean].shape == found[key].shape:
            found[mean] = found[mean] - found.pop(key)
    return found


def _converted(
    path: str | Path, fits: dict[str, Tensor], ours: dict[str, Tensor]
) -> dict[str, Tensor]:
    """Bring every tensor to the model's dtype before the first is copied: afterwards no copy can
    fail half-way.
    """
    try:
        return {key: value.to(ours[key].dtype) for key, value in fits.items()}
    except RuntimeError as error:  # torch has dtypes that it cannot convert
        raise ModelError(
            f"path={str(path)!r} has tensors that torch cannot convert ({error}): save them in "
            "the model's dtype"
        ) from None
