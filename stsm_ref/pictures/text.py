"""Pictures in text, for `stsm-ref explain`: every digit comes out of the functions that it
explains.
"""

from collections.abc import Callable

import numpy as np

from stsm_ref._describe import short
from stsm_ref.composition import route_through_layers
from stsm_ref.correlate import correlate
from stsm_ref.geometry import Displacement, ShiftSpec
from stsm_ref.kernels import (
    OneHotKernel,
    kernels_1x2,
    kernels_2x1,
    kernels_2x2,
    kernels_3d,
    one_hot_kernel,
)
from stsm_ref.matrices import shift_matrix
from stsm_ref.slicing import shift, stsm


def picture(identifier: str) -> str:
    """Draw the requirement `identifier` in a few lines.

    >>> print(picture("PAD-1"))
    d = +1   kernel [1 0]   zeros before, after = 1, 0   1234 -> 0123
    d = -1   kernel [0 1]   zeros before, after = 0, 1   1234 -> 2340
    """
    family = identifier.partition("-")[0]
    return _PICTURES.get(identifier, _PICTURES.get(family, _strips))()


def _line(values: np.typing.ArrayLike) -> str:
    return "".join(map(str, np.ravel(values)))


def _strips() -> str:
    strip = np.array([1, 2, 3, 4])
    lines = []
    for d in (1, -1):
        weights, [(before, after)], _ = one_hot_kernel(d)
        moved = _line(shift(strip, d, axes=0))
        lines.append(
            f"d = {d:+d}   kernel {weights}   zeros before, after = {before}, {after}   "
            f"{_line(strip)} -> {moved}"
        )
    return "\n".join(lines)


def beside(blocks: list[list[str]], gap: str = "    ") -> str:
    """Lay blocks of lines side by side."""
    height = max(map(len, blocks))
    widths = [max(map(len, block)) for block in blocks]
    padded = [[*block, *[""] * (height - len(block))] for block in blocks]
    return "\n".join(
        gap.join(f"{block[i]:{w}}" for block, w in zip(padded, widths, strict=True)).rstrip()
        for i in range(height)
    )


def _grids(kernels: tuple[OneHotKernel, ...]) -> str:
    """Each kernel as a grid, slabs in time one under the other, under the displacement that it
    makes.
    """
    blocks = []
    for weights, padding, displacement in kernels:
        rows = [" ".join(map(str, row)) for row in weights.reshape(-1, weights.shape[-1])]
        if weights.ndim == 3:
            rows.insert(weights.shape[1], "-" * len(rows[0]))
        moved = short(
            (0,) * (3 - len(displacement)) + tuple(displacement)
        )  # a kernel of fewer axes is along the last ones
        blocks.append(
            [
                f"moves {moved}",
                *rows,
                f"pad {' '.join(f'{before},{after}' for before, after in padding)}",
            ]
        )
    across = 4 if kernels[0].weights.ndim == 3 else 2
    rows_of_blocks = [blocks[i : i + across] for i in range(0, len(blocks), across)]
    return "\n\n".join(beside(row) for row in rows_of_blocks)


def _channels(spec: ShiftSpec, channels: int = 16) -> str:
    """One column for each channel: its number and what it does."""
    names = {}
    for start, stop, displacement in spec.partition(channels):
        names.update(dict.fromkeys(range(start, stop), short(displacement) or "."))
    width = max(map(len, names.values())) + 1
    head = "".join(f"{c:>{width + 1}}" for c in names)
    return (
        f"{spec}, C = {channels}\nchannel{head}\nmoves  "
        f"{''.join(f'{name:>{width + 1}}' for name in names.values())}"
    )


def _orders() -> str:
    return "\n\n".join(
        _channels(ShiftSpec("HW", "1/2", order), 8) for order in ("forward-first", "backward-first")
    )


def _matrix() -> str:
    later, earlier = (shift_matrix(4, d).toarray() for d in (1, -1))
    blocks = [
        ("S+", later),
        ("S+ S+", later @ later),
        ("S+' S+", later.T @ later),
        ("S- S+", earlier @ later),
    ]
    return beside([[name, *(" ".join(map(str, row)) for row in matrix)] for name, matrix in blocks])


def _gradient() -> str:
    strip = np.array([1, 2, 3, 4])
    return f"forward  d = +1   x    {_line(strip)} -> {_line(shift(strip, 1, axes=0))}\n" + (
        f"VJP      d = -1   grad {_line(strip)} -> {_line(shift(strip, -1, axes=0))}"
    )


def _layers() -> str:
    x = np.zeros((1, 16, 3, 3), np.int64)
    route = route_through_layers(Displacement(dh=1, dw=-1), channels=16)
    x[0, route.source] = np.arange(1, 10).reshape(3, 3)
    blocks, channel = [[f"channel {route.source}", *map(_line, x[0, route.source])]], route.source
    for weights in route.weights:
        x = np.einsum("oc,tchw->tohw", weights, stsm(x))
        channel = int(np.argmax(weights[:, channel]))
        blocks += [["shift, 1x1", "", "   ->"], [f"channel {channel}", *map(_line, x[0, channel])]]
    return beside(blocks)


def _values() -> str:
    x = np.array([np.inf, -0.0, 5.0])
    convolved = correlate(x, one_hot_kernel(-1), axes=0)
    return (
        f"x            {x}\nshift by -1  {shift(x, -1, axes=0)}\nkernel [0 1] {convolved}   "
        "(0*inf is NaN)"
    )


_PICTURES: dict[str, Callable[[], str]] = {
    "GEO": lambda: _channels(ShiftSpec()),
    "GEO-1": _strips,
    "GEO-5": _orders,
    "SHIFT-1": lambda: _channels(ShiftSpec()),
    "SHIFT-4": lambda: _channels(ShiftSpec()),
    "SHIFT-5": lambda: _channels(ShiftSpec()),
    "TSM": lambda: _channels(ShiftSpec.tsm(8)),
    "KERN-1x2": lambda: _grids(kernels_1x2()),
    "KERN-2x1": lambda: _grids(kernels_2x1()),
    "KERN-2x2": lambda: _grids(kernels_2x2()),
    "KERN-3D": lambda: _grids(kernels_3d()),
    "CONV-2": _values,
    "NUM-1": _values,
    "MAT": _matrix,
    "INV": _matrix,
    "GRAD": _gradient,
    "CAP": _layers,
}
