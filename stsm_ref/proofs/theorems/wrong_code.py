"""Wrong code, planted in place of ours: each must be refuted, or a proof says nothing."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from stsm_ref import geometry, kernels, slicing
from stsm_ref.geometry import ChannelGroup, Displacement
from stsm_ref.kernels import AxisKernel
from stsm_ref.proofs.replacing import name_in
from stsm_ref.proofs.theorems.theorem import Variant
from stsm_ref.slicing import Windows

_windows, _copy_shifted = slicing.windows, slicing.copy_shifted
_axis_kernel, _cut_channels = kernels.axis_kernel, geometry.cut_channels


def reversed_windows(size: int, distance: int) -> Windows:
    """The other way round."""
    return _windows(size, -distance)


def backward_windows_forward(size: int, distance: int) -> Windows:
    """Both directions forward."""
    return _windows(size, abs(distance))


def windows_one_short(size: int, distance: int) -> Windows:
    """The last place that should be written is not."""
    cut = _windows(size, distance)
    if distance < 0:
        return cut
    return cut._replace(
        source=slice(cut.source.start, cut.source.stop - 1),
        target=slice(cut.target.start, cut.target.stop - 1),
    )


def windows_one_off(size: int, distance: int) -> Windows:
    """One bound of the source off by one."""
    cut = _windows(size, distance)
    return (
        cut._replace(source=slice(cut.source.start, cut.source.stop + 1)) if distance > 0 else cut
    )


def windows_without_limit(size: int, distance: int) -> Windows:
    """A displacement beyond the size is not cut off.

    That is right for one step and wrong for many.
    """
    gap = abs(distance)
    low, high = slice(0, size - gap), slice(gap, size)
    return (
        Windows(low, high, slice(0, gap))
        if distance > 0
        else Windows(high, low, slice(size - gap, size))
    )


def windows_without_zero(size: int, distance: int) -> Windows:
    """The vacated places are left as they are."""
    return _windows(size, distance)._replace(vacant=slice(0, 0))


def _ends(x: Any, moves: Iterable[tuple[int, int]]) -> Iterable[tuple[list[slice], list[slice]]]:
    """For each moved axis the vacated places, and those at the other end."""
    for axis, distance in moves:
        if distance:
            cut = _windows(x.shape[axis], distance)
            vacant, other = [slice(None)] * x.ndim, [slice(None)] * x.ndim
            vacant[axis], other[axis] = cut.vacant, _windows(x.shape[axis], -distance).vacant
            yield vacant, other


def copy_rolled(x: Any, y: Any, moves: Sequence[tuple[int, int]]) -> None:
    """What leaves at one end enters at the other."""
    _copy_shifted(x, y, moves)
    for vacant, other in _ends(x, moves):
        y[tuple(vacant)] = x[tuple(other)]


def copy_with_edge(x: Any, y: Any, moves: Sequence[tuple[int, int]]) -> None:
    """The edge keeps its old content."""
    _copy_shifted(x, y, moves)
    for vacant, _ in _ends(x, moves):
        y[tuple(vacant)] = x[tuple(vacant)]


def copy_with_ones(x: Any, y: Any, moves: Sequence[tuple[int, int]]) -> None:
    """What enters is one, not zero."""
    _copy_shifted(x, y, moves)
    for vacant, _ in _ends(x, moves):
        y[tuple(vacant)] = 1


def copy_swapped(x: Any, y: Any, moves: Sequence[tuple[int, int]]) -> None:
    """The distances of the axes in the wrong order."""
    axes, distances = [axis for axis, _ in moves], [distance for _, distance in moves]
    _copy_shifted(x, y, list(zip(axes, reversed(distances), strict=True)))


def kernel_hot_at_the_other_end(distance: int) -> AxisKernel:
    """The 1 at the other end of the kernel."""
    kernel = _axis_kernel(distance)
    return kernel._replace(hot=kernel.taps - 1 - kernel.hot)


def kernel_padded_on_the_other_side(distance: int) -> AxisKernel:
    """The zeros on the other side: with [1 0] nothing moves."""
    kernel = _axis_kernel(distance)
    return kernel._replace(before=kernel.after, after=kernel.before)


def kernel_padded_on_both_sides(distance: int) -> AxisKernel:
    """The zeros on both sides: the result is too long."""
    kernel = _axis_kernel(distance)
    return kernel._replace(before=abs(distance), after=abs(distance))


def kernel_one_tap_short(distance: int) -> AxisKernel:
    """The padding of a longer kernel."""
    kernel = _axis_kernel(distance)
    return kernel._replace(before=kernel.before + 1) if distance > 0 else kernel


def _cut(
    sizes: Sequence[Any], channels: Any, directions: Sequence[Sequence[Displacement]]
) -> tuple[ChannelGroup, ...]:
    groups, start = [], 0
    for size, term in zip(sizes, directions, strict=True):
        for displacement in term:
            groups.append(ChannelGroup(start, start + size, displacement))
            start = start + size
    return (*groups, ChannelGroup(start, channels, Displacement()))


def shares_rounded_up(
    channels: Any, alpha: Any, directions: Sequence[Sequence[Displacement]]
) -> tuple[ChannelGroup, ...]:
    """The ceiling of each share."""
    sizes = [
        -(-alpha.numerator * channels // (alpha.denominator * len(directions) * len(term)))
        for term in directions
    ]
    return _cut(sizes, channels, directions)


def shares_rounded_to_nearest(
    channels: Any, alpha: Any, directions: Sequence[Sequence[Displacement]]
) -> tuple[ChannelGroup, ...]:
    """Each share to the nearest whole number."""
    doubled = [alpha.denominator * len(directions) * len(term) for term in directions]
    sizes = [(2 * alpha.numerator * channels + shares) // (2 * shares) for shares in doubled]
    return _cut(sizes, channels, directions)


def shares_without_directions(
    channels: Any, alpha: Any, directions: Sequence[Sequence[Displacement]]
) -> tuple[ChannelGroup, ...]:
    """Each direction gets the share of its whole term."""
    sizes = [
        alpha.numerator * channels // (alpha.denominator * len(directions)) for _ in directions
    ]
    return _cut(sizes, channels, directions)


def groups_overlap(
    channels: Any, alpha: Any, directions: Sequence[Sequence[Displacement]]
) -> tuple[ChannelGroup, ...]:
    """Each group reaches one channel into the next."""
    *moved, rest = _cut_channels(channels, alpha, directions)
    return (*(group._replace(stop=group.stop + 1) for group in moved), rest)


def plant(
    module: Any, function: Callable[..., Any], *replacements: Callable[..., Any]
) -> tuple[Variant, ...]:
    """Make one variant for each replacement of a function, named by its docstring.

    Parameters
    ----------
    module : module
        Where the function is looked up when it is called.
    function : callable
        The right code.
    *replacements : callable
        The wrong code.
    """
    name = name_in(module, function)
    return tuple(Variant(_name(wrong), ((module, name, wrong),)) for wrong in replacements)


def _name(function: Any) -> str:
    words = " ".join(str(function.__doc__).split("\n\n")[0].split()).rstrip(".")
    return words[0].lower() + words[1:]
