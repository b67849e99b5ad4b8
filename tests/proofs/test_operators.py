"""The meaning of each operator against torch itself, at random small arguments, and wrong meanings, which must be noticed."""

import random
from fractions import Fraction

import pytest
import torch

from stsm_ref.proofs import operators_shape
from stsm_ref.proofs.index_map import Constant, Entry, Rounded, SymbolicTensor, UnsupportedError, input_tensor
from stsm_ref.proofs.index_map_integers import Scope, polynomial
from stsm_ref.proofs.operators import MEANINGS, apply
from stsm_ref.proofs.operators_dtypes import converted
from stsm_ref.proofs.operators_numbers import table
from tests.proofs.evaluate import In, meaning_agrees

SIZES = (1, 2, 3, 4)
TO_END = 2**63 - 1


def tensor(*shape, low=1):
    """Different numbers."""
    return torch.arange(low, low + int(torch.Size(shape).numel()), dtype=torch.float32).reshape(shape)


def shape(r, rank):
    return [r.choice(SIZES) for _ in range(rank)]


def random_input(r, rank=3):
    return tensor(*shape(r, rank))


def random_slice(r):
    start = r.choice([None, 0, 1, 2, -1, -2, 7, -9])
    return [start, r.choice([None, 0, 1, 3, -1, -2, 7, -9, TO_END]), r.choice([1, 1, 2, 3])]


def sliced(r):
    return [In(random_input(r)), r.randrange(-3, 3), *random_slice(r)]


def scatter(r):
    x, dim, where = random_input(r), r.randrange(-3, 3), random_slice(r)
    source = torch.ops.aten.slice.Tensor(x, dim, *where) + 1000
    return [In(x), In(source.clone()), dim, *where]


def gradient_of_slice(r):
    x, dim, where = random_input(r), r.randrange(-3, 3), random_slice(r)
    where[0] = where[0] or 0
    grad = torch.ops.aten.slice.Tensor(x, dim, *where).clone()
    return [In(grad), list(x.shape), dim, where[0], TO_END if where[1] is None else where[1], where[2]]


def selected(r):
    x, dim = random_input(r), r.randrange(-3, 3)
    return x, dim, r.randrange(-x.shape[dim], x.shape[dim])


def select_scattered(r):
    x, dim, at = selected(r)
    return [In(x), In(torch.select(x, dim, at).clone() + 100), dim, at]


def select_gradient(r):
    x, dim, at = selected(r)
    return [In(torch.select(x, dim, at).clone()), list(x.shape), dim, at]


def narrowed(r):
    x, dim = random_input(r), r.randrange(-3, 3)
    start = r.randrange(x.shape[dim] + 1)
    return [In(x), dim, start, r.randrange(x.shape[dim] - start + 1)]


def viewed(r):
    a, b, c, d = shape(r, 4)
    target = r.choice(
        [[a, b * c, d], [a * b, c, d], [a * b * c * d], [b, a, c, d], [-1, c * d], [a, 1, b, c * d], [d, c, b, a], [a, -1, c, d]]
    )
    return [In(tensor(a, b, c, d), (0, 1, 2, 3)), target]


def permuted(r):
    dims = [0, -3, 2, -1]
    r.shuffle(dims)
    return [In(random_input(r, 4)), dims]


def expanded(r):
    a, b = shape(r, 2)
    return [In(tensor(a, 1, b), (1,)), r.choice([[a, 3, b], [-1, 2, -1], [2, a, 3, b], [-1, 1, b]])]


def split_sizes(r):
    sizes = shape(r, 3)
    return [In(tensor(2, sum(sizes), 3)), sizes, r.choice([1, -2])]


def padded(r):
    return [
        In(random_input(r)),
        [r.choice([-1, 0, 0, 1, 2]) if r.random() < 0.3 else r.choice([0, 1, 2]) for _ in range(r.choice([2, 4, 6]))],
    ]


def zero_padded(r):
    while True:
        x, pads = padded(r)
        if all(x.tensor.shape[-1 - k] + pads[2 * k] + pads[2 * k + 1] >= 0 for k in range(len(pads) // 2)):
            return [x, pads]


def padded_by_mode(r):
    if r.random() < 0.5:
        return [*zero_padded(r), "constant", r.choice([None, 2.5])]
    axes = r.choice([1, 2, 3])
    return [In(random_input(r, axes + 2)), [r.choice([0, 1, 2]) for _ in range(2 * axes)], "replicate", None]


def put_together(r):
    sizes, dim = shape(r, 3), r.randrange(-3, 3)
    tensors = []
    for k in range(r.choice([1, 2, 3])):
        size = list(sizes)
        size[dim] = r.choice([0, *SIZES])
        tensors.append(In(tensor(*size, low=100 * k)))
    return [tensors, dim]


def stacked(r):
    sizes = shape(r, 2)
    return [[In(tensor(*sizes, low=100 * k)) for k in range(r.choice([1, 3]))], r.randrange(-3, 3)]


def rolled(r):
    dims = r.sample([0, 1, 2], r.choice([1, 2]))
    return [In(random_input(r)), [r.choice([-3, -2, -1, 0, 1, 2, 5]) for _ in dims], dims]


def pair(r):
    a, b = shape(r, 2)
    return [In(tensor(a, b)), In(tensor(*r.choice([(a, b), (b,)]), low=50))]


def with_number(r):
    return [In(random_input(r)), r.choice([2, -1, 0.5, 0])]


def whole_numbers(r):
    return torch.tensor([[r.randrange(-3, 4) for _ in range(3)] for _ in range(2)])


def convolved(r, axes, transposed=False):
    groups, per_in, per_out = r.choice([(1, 1, 2), (1, 2, 3), (3, 1, 1), (2, 2, 1)])
    kernel = [r.choice([1, 2, 3] if axes < 3 else [1, 2]) for _ in range(axes)]
    stride, dilation = ([r.choice([1, 1, 2]) for _ in range(axes)] for _ in range(2))
    padding = [r.choice([0, 1, 2]) for _ in range(axes)]
    sizes = [d * (k - 1) + r.choice([1, 2, 3]) for d, k in zip(dilation, kernel, strict=True)]
    x = In(tensor(2, groups * per_in, *sizes), (1,))
    weight = torch.tensor([float(r.choice([0, 0, 1, -2, 3])) for _ in range(groups * per_out * per_in * int(torch.Size(kernel).numel()))])
    weight = weight.reshape(groups * per_out, per_in, *kernel)
    bias = r.choice([None, torch.arange(1.0, groups * per_out + 1)])
    return x, weight, bias, stride, padding, dilation, groups


def any_convolution(r):
    x, weight, bias, stride, padding, dilation, groups = convolved(r, r.choice([1, 2, 3]))
    return [x, weight, bias, stride, padding, dilation, False, [0] * len(stride), groups]


def named_padding(r, axes):
    x, weight, bias, stride, _, dilation, groups = convolved(r, axes)
    name = r.choice(["same", "valid"])
    return [x, weight, bias, [1] * axes if name == "same" else stride, name, dilation, groups]


def gradient_of_convolution(r):
    x, weight, _, stride, padding, dilation, groups = convolved(r, r.choice([1, 2, 3]))
    out = torch.ops.aten.convolution(x.tensor, weight, None, stride, padding, dilation, False, [0] * len(stride), groups)
    grad = In(tensor(*out.shape), (1,))
    return [grad, x, weight, None, stride, padding, dilation, False, [0] * len(stride), groups, [True, False, False]]


def looked_up(r):
    x, dim = random_input(r), r.randrange(3)
    index = torch.tensor([r.randrange(-x.shape[dim], x.shape[dim]) for _ in range(r.choice([1, 2, 4]))])
    return x, dim, index


def one_index(r):
    x, dim, index = looked_up(r)
    return [In(x), [None] * dim + [index.reshape(r.choice([(-1,), (1, -1)]))]]


def chosen(r):
    x, dim, index = looked_up(r)
    return [In(x), dim, index % x.shape[dim]]


def bounded(r):
    return [whole_numbers(r), *r.choice([(0, None), (None, 1), (-1, 1), (2, 0)])]


def truths(r):
    return torch.tensor([[r.random() < 0.5 for _ in range(3)] for _ in range(2)])


def one_or_other(r):
    return [truths(r), In(tensor(2, 3)), In(tensor(2, 3, low=50))]


COMPARED = {f"aten.{name}.{kind}": None for name in ("ge", "gt", "le", "lt", "eq") for kind in ("Tensor", "Scalar")}
CASES = {
    "aten.slice.Tensor": sliced,
    "aten.narrow.default": narrowed,
    "aten.select.int": lambda r: [In((found := selected(r))[0]), *found[1:]],
    "aten.permute.default": permuted,
    "aten.transpose.int": lambda r: [In(random_input(r)), r.randrange(-3, 3), r.randrange(-3, 3)],
    "aten.movedim.int": lambda r: [In(random_input(r, 4)), r.randrange(-4, 4), r.randrange(-4, 4)],
    "aten.unsqueeze.default": lambda r: [In(random_input(r)), r.randrange(-4, 4)],
    "aten.squeeze.dim": lambda r: [In(tensor(2, r.choice([1, 2]), 3)), r.choice([1, -2, 0])],
    "aten.squeeze.dims": lambda r: [In(tensor(1, r.choice([1, 2]), 3)), r.choice([[0, 1], [-2], [0, 2]])],
    "aten.squeeze.default": lambda r: [In(tensor(r.choice([1, 2]), 1, 3))],
    "aten.expand.default": expanded,
    **dict.fromkeys(("aten.view.default", "aten._unsafe_view.default", "aten.reshape.default"), viewed),
    "aten.flatten.using_ints": lambda r: [In(random_input(r, 4)), *r.choice([(0, 1), (1, 2), (-2, -1), (0, -1), (1, 1)])],
    "aten.unflatten.int": lambda r: [In(tensor(2, 6, 3), (1,)), r.choice([1, -2]), r.choice([[2, 3], [-1, 2], [6, 1], [3, -1, 1]])],
    **dict.fromkeys(("aten.split_with_sizes.default", "aten.split.sizes"), split_sizes),
    "aten.split.Tensor": lambda r: [In(tensor(2, r.choice([4, 5, 6])), (1,)), r.choice([1, 2, 4, 9]), -1],
    "aten.chunk.default": lambda r: [In(tensor(2, r.choice([4, 5, 6])), (1,)), r.choice([1, 2, 3, 4]), 1],
    "aten.unbind.int": lambda r: [In(tensor(2, 3, 2), (1,)), 1],
    "aten.flip.default": lambda r: [In(random_input(r)), r.choice([[0], [-1], [0, 2], []])],
    "aten.roll.default": lambda r: rolled(r) if r.random() < 0.8 else [In(random_input(r), (0, 1, 2)), [r.choice([1, -2])], []],
    "aten.to.dtype": lambda r: [In(random_input(r)), r.choice([torch.float32, torch.float64]), False, False, None],
    "aten._to_copy.default": lambda r: [In(random_input(r))],
    "aten.to.dtype_layout": lambda r: [In(random_input(r))],
    **dict.fromkeys(("aten.add.Tensor", "aten.sub.Tensor"), pair),
    **dict.fromkeys(("aten.add.Scalar", "aten.sub.Scalar", "aten.rsub.Scalar", "aten.mul.Scalar"), with_number),
    "aten.rsub.Tensor": pair,
    "aten.mul.Tensor": lambda r: [In(tensor(2, 3)), torch.tensor([1.0, 0.0, -2.0])],
    "aten.div.Tensor": lambda r: [In(tensor(2, 3)), torch.tensor([1.0, 4.0, -2.0])],
    "aten.div.Scalar": lambda r: [In(random_input(r)), r.choice([2, -4, 0.5])],
    "aten.neg.default": lambda r: [In(random_input(r))],
    **{
        name: (lambda r: [whole_numbers(r), r.choice([0, 1])])
        if name.endswith("Scalar")
        else (lambda r: [whole_numbers(r), whole_numbers(r)])
        for name in COMPARED
    },
    **dict.fromkeys(("aten.logical_not.default", "aten.bitwise_not.default"), lambda r: [truths(r)]),
    **dict.fromkeys(("aten.logical_and.default", "aten.bitwise_and.Tensor"), lambda r: [truths(r), truths(r)]),
    "aten.where.self": one_or_other,
    "aten.where.ScalarOther": lambda r: [truths(r), In(tensor(2, 3)), 0.0],
    "aten.where.ScalarSelf": lambda r: [truths(r), 0.0, In(tensor(2, 3))],
    "aten.where.Scalar": lambda r: [truths(r), 1.0, 0.0],
    "aten.masked_fill.Scalar": lambda r: [In(tensor(2, 3)), truths(r), r.choice([0, 2.5])],
    "aten.clamp.default": bounded,
    **dict.fromkeys(
        ("aten.clone.default", "aten.contiguous.default", "aten.alias.default", "aten.detach.default", "aten.lift_fresh_copy.default"),
        lambda r: [In(random_input(r))],
    ),
    **dict.fromkeys(("aten.zeros.default", "aten.ones.default"), lambda r: [shape(r, 2)]),
    "aten.full.default": lambda r: [shape(r, 2), r.choice([2.5, 0.0, 3, True])],
    **dict.fromkeys(("aten.zeros_like.default", "aten.ones_like.default"), lambda r: [In(random_input(r))]),
    "aten.full_like.default": lambda r: [In(random_input(r)), 2.5],
    **dict.fromkeys(("aten.new_zeros.default", "aten.new_ones.default"), lambda r: [In(random_input(r)), shape(r, 2)]),
    "aten.new_full.default": lambda r: [In(random_input(r)), shape(r, 2), 2.5],
    "aten.fill.Tensor": lambda r: [In(random_input(r)), torch.tensor(2.5)],
    "aten.fill.Scalar": lambda r: [In(random_input(r)), 3],
    "aten.arange.default": lambda r: [r.choice([0, 1, 5])],
    "aten.arange.start": lambda r: [r.choice([-1, 0, 2]), r.choice([2, 5])],
    "aten.arange.start_step": lambda r: [r.choice([-1, 0, 2]), r.choice([2, 5]), r.choice([1, 2, 3])],
    "aten.copy.default": lambda r: [In(tensor(2, 3)), In(tensor(*r.choice([(2, 3), (3,), (1, 3)]), low=50))],
    "aten.slice_scatter.default": scatter,
    "aten.slice_backward.default": gradient_of_slice,
    "aten.select_scatter.default": select_scattered,
    "aten.select_backward.default": select_gradient,
    "aten.cat.default": put_together,
    "aten.stack.default": stacked,
    "aten.pad.default": padded_by_mode,
    "aten.constant_pad_nd.default": lambda r: [*zero_padded(r), r.choice([0, 2.5])],
    **{
        f"aten.replication_pad{k}d.default": lambda r, k=k: [In(random_input(r, k + 2)), [r.choice([0, 1, 2]) for _ in range(2 * k)]]
        for k in (1, 2, 3)
    },
    "aten.index_select.default": chosen,
    "aten.index.Tensor": one_index,
    "aten.convolution.default": any_convolution,
    "aten.convolution_backward.default": gradient_of_convolution,
    **{f"aten.conv{k}d.default": lambda r, k=k: list(convolved(r, k)) for k in (1, 2, 3)},
    **{f"aten.conv{k}d.padding": lambda r, k=k: named_padding(r, k) for k in (1, 2, 3)},
}
NO_VALUES = {"aten.empty.memory_format", "aten.empty_like.default", "aten.new_empty.default", "aten.new_empty_strided.default"}
"""What they hold is unknown, in torch as in the table."""


def overload(name):
    _, operator, kind = name.split(".")
    return getattr(getattr(torch.ops.aten, operator), kind)


def check(name, draws=20):
    """Hold the meaning against torch at random arguments."""
    r = random.Random(name)
    for _ in range(draws):
        args = CASES[name](r)
        meaning_agrees(overload(name), args, symbolic_index="conv" not in name)


def test_every_meaning_is_tested() -> None:
    """No operator is in the table without a case here."""
    assert MEANINGS.keys() == CASES.keys() | NO_VALUES


@pytest.mark.filterwarnings("ignore:Using padding='same':UserWarning")
@pytest.mark.parametrize("name", sorted(CASES))
def test_meaning_agrees_with_torch(name: str) -> None:
    """Shape, dtype and every entry, at sizes and positions that the meaning does not know, equal what torch computes."""
    check(name, 8 if "3d" in name else 20)


@pytest.mark.parametrize("name", sorted(NO_VALUES))
def test_uninitialised_memory_has_its_shape(name: str) -> None:
    """The shape is what was asked for; of the entries nothing is said."""
    x = input_tensor("x", (polynomial(2), polynomial(3)))
    arguments = {"aten.empty.memory_format": [[2, 3]], "aten.empty_like.default": [x], "aten.new_empty.default": [x, [2, 3]]}
    made = apply(overload(name), arguments.get(name, [x, [2, 3], [3, 1]]), {}, Scope({}))
    assert [size.constant for size in made.shape] == [2, 3]
    assert isinstance(made.read((polynomial(0), polynomial(0)), Scope({})), Entry)
    assert made.read((polynomial(0), polynomial(0)), Scope({})).name == "uninitialised"


def off_by_one(scope, x, dim, start, end, step):
    return operators_shape.slice_(scope, x, dim, (start or 0) + 1 if isinstance(start, int | None) else start, end, step)


def unclamped(scope, x, dim, start, end, step):
    first, last = polynomial(start or 0), polynomial(end if end is not None else 0)
    return SymbolicTensor(operators_shape.replaced(x.shape, x.axis(dim), last - first), x.read)


PLANTS = {
    "slice starts one late": ("aten.slice.Tensor", off_by_one),
    "slice does not clamp": ("aten.slice.Tensor", unclamped),
    "pads the other side": (
        "aten.constant_pad_nd.default",
        lambda s, x, pads, v: MEANINGS["aten.pad.default"](s, x, pads[::-1], "constant", v),
    ),
    "rolls the other way": ("aten.roll.default", lambda s, x, by, dims: MEANINGS["aten.flip.default"](s, x, dims)),
    "cat in reverse": ("aten.cat.default", lambda s, ts, dim, was=MEANINGS["aten.cat.default"]: was(s, ts[::-1], dim)),
    "convolves with the flipped kernel": (
        "aten.conv1d.default",
        lambda s, x, w, *rest, was=MEANINGS["aten.conv1d.default"]: was(s, x, MEANINGS["aten.flip.default"](s, w, [-1]), *rest),
    ),
    "forgets the bias": ("aten.conv2d.default", lambda s, x, w, b, *rest, was=MEANINGS["aten.conv2d.default"]: was(s, x, w, None, *rest)),
    "gradient of a convolution without its transposition": (
        "aten.convolution_backward.default",
        lambda s, g, x, w, *rest, was=MEANINGS["aten.convolution_backward.default"]: was(
            s, g, x, MEANINGS["aten.flip.default"](s, w, [-1]), *rest
        ),
    ),
    "scatter drops the rest": (
        "aten.slice_scatter.default",
        lambda s, x, *rest, was=MEANINGS["aten.slice_scatter.default"]: was(s, MEANINGS["aten.zeros_like.default"](s, x, None), *rest),
    ),
    "select counts from the front only": (
        "aten.select.int",
        lambda s, x, dim, i, was=MEANINGS["aten.select.int"]: was(s, x, dim, max(i, 0)),
    ),
    "transposes other axes": ("aten.transpose.int", lambda s, x, a, b, was=MEANINGS["aten.transpose.int"]: was(s, x, a, a)),
    "permutes the inverse way": (
        "aten.permute.default",
        lambda s, x, dims, was=MEANINGS["aten.permute.default"]: was(s, x, [[x.axis(d) for d in dims].index(a) for a in range(x.rank)]),
    ),
    "subtracts the other way": ("aten.sub.Tensor", lambda s, x, y, a, was=MEANINGS["aten.sub.Tensor"]: was(s, y, x, a)),
    "less is less or equal": ("aten.lt.Tensor", MEANINGS["aten.le.Tensor"]),
}


@pytest.mark.parametrize("plant", sorted(PLANTS))
def test_a_wrong_meaning_is_noticed(monkeypatch: pytest.MonkeyPatch, plant: str) -> None:
    """With a wrong meaning in the table, the comparison with torch fails."""
    name, wrong = PLANTS[plant]
    monkeypatch.setitem(MEANINGS, name, wrong)
    with pytest.raises((AssertionError, UnsupportedError)):
        check(name)


def test_narrowing_conversions_are_not_the_identity() -> None:
    """Of what half precision makes of an entry nothing is said; of a number, exactly what torch makes of it."""
    half = converted(input_tensor("x", ()), torch.float16)
    assert isinstance(half.read((), Scope({})), Rounded)
    known = converted(table("t", torch.tensor(0.1)), torch.float16)
    assert known.read((), Scope({})) == Constant(Fraction(float(torch.tensor(0.1, dtype=torch.float16))))
