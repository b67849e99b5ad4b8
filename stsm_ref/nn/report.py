"""What an insertion did, and what is in place: the records that `stsm_ref.nn.insertion`
hands out.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from torch import nn

from stsm_ref.geometry import ShiftSpec
from stsm_ref.nn.residual import EVERY_SECOND_FROM, LeftOut, Reading

NAMED_AT_MOST = 3
"""Names that a message gives as examples."""
FEWEST_CHANNELS = 16
"""The paper's own spec, T+H+W@3/8, moves a channel from 16 on."""


@dataclass(frozen=True)
class Site:
    """A convolution before which the shift stands, its input channels, and how many of them
    move.
    """

    name: str
    channels: int
    moved: int


@dataclass(frozen=True)
class InsertionReport:
    """What `insert_shift` did, and where it did nothing and why; `str` of it is a table."""

    sites: tuple[Site, ...]
    num_segments: int
    spec: ShiftSpec
    skipped: tuple[str, ...] = ()
    untraceable: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()

    def __str__(self) -> str:
        width = max(len("before"), *(len(site.name) for site in self.sites))
        lines = [
            f"STSM {self.spec}, num_segments={self.num_segments}: {len(self.sites)} inserted, 0 "
            "parameters added",
            f"{'before':<{width}}  channels  move",
            *(f"{site.name:<{width}}  {site.channels:>8}  {site.moved:>4}" for site in self.sites),
        ]
        if self.skipped:
            lines.append(
                f"every second block left as it was, a stage having {EVERY_SECOND_FROM} or more: "
                f"{', '.join(self.skipped)}"
            )
        lines += [
            f"left out, since the block {reason}: {', '.join(names)}"
            for reason, names in by_reason(self.left_out)
        ]
        if self.untraceable:
            lines.append(
                "not searched, since forward depends on values (name sites=[...] there): "
                f"{', '.join(self.untraceable)}"
            )
        return "\n".join(lines)


@dataclass(frozen=True)
class PlacedShift:
    """A shift that is in a network: `name` is the layer before which it stands, or the shift's own
    where someone placed it by hand.

    `channels` and `moved` are None where the module does not know its input, as `STSM` by hand does
    not.
    """

    name: str
    num_segments: int
    spec: ShiftSpec
    channels: int | None
    moved: int | None
    sparse: bool


def by_reason(left_out: Iterable[LeftOut]) -> list[tuple[str, list[str]]]:
    """The names of the blocks for each reason, reasons in the order of their first block."""
    names: dict[str, list[str]] = {}
    for block in left_out:
        names.setdefault(block.reason, []).append(block.name)
    return list(names.items())


def nothing_found(model: nn.Module, reading: Reading) -> str:
    """Why no block takes the shift, and names of this model's own to start from."""
    kind = type(model).__name__
    own = [
        name
        for name, module in model.named_modules()
        if isinstance(module, nn.Conv2d) and not _is_narrow(module)
    ]
    inside = [
        name for name in own if any(name.startswith(f"{block.name}.") for block in reading.left_out)
    ]
    names = ", ".join(map(repr, (inside or own)[:NAMED_AT_MOST]))
    way_out = (
        f"name the convolutions, sites=[{names}, ...]"
        if names
        else "it has no nn.Conv2d with channels enough to move"
    )
    unread = (
        f" (forward of {', '.join(reading.untraceable)} could not be read)"
        if reading.untraceable
        else ""
    )
    if not reading.left_out:
        return (
            f"model={kind} has no residual block of nn.Conv2d layers that could be "
            f"found{unread}: {way_out}"
        )
    reasons = "; ".join(
        (
            f"{len(blocks)} left out, since the block {reason}: "
            f"{', '.join(blocks[:NAMED_AT_MOST])}{', ...' * (len(blocks) > NAMED_AT_MOST)}"
        )
        for reason, blocks in by_reason(reading.left_out)
    )
    return (
        f"model={kind} has {len(reading.left_out)} residual blocks, none of which takes the "
        f"shift by itself ({reasons}){unread}: {way_out}"
    )


def _is_narrow(convolution: nn.Conv2d) -> bool:
    """Whether it reads frames or less, so that no channel could move."""
    return convolution.in_channels < FEWEST_CHANNELS
