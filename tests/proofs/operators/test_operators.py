"""The meaning of each operator against torch itself, at random small arguments, and wrong
meanings, which must be noticed.
"""

import contextlib
import random
from fractions import Fraction

import pytest
import torch

from stsm_ref.proofs.index_maps.integers import Assumptions, Polynomial, Range, polynomial
from stsm_ref.proofs.index_maps.maps import (
    Cast,
    Constant,
    Integer,
    Load,
    SymbolicTensor,
    UnsupportedError,
    input_tensor,
)
from stsm_ref.proofs.operators import data, dtypes, factories
from stsm_ref.proofs.operators import numbers as operators_numbers
from stsm_ref.proofs.operators import shape as operators_shape
from stsm_ref.proofs.operators.dtypes import converted
from stsm_ref.proofs.operators.numbers import table
from stsm_ref.proofs.operators.table import MEANINGS, apply
from tests.proofs.operators.evaluate import In, Size, meaning_agrees, same_tensor

SIZES = (1, 2, 3, 4)
TO_END = 2**63 - 1


def tensor(*shape, low=1):
    """Different numbers."""
    return torch.arange(low, low + int(torch.Size(shape).numel()), dtype=torch.float32).reshape(
        shape
    )


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
    return [
        In(grad),
        list(x.shape),
        dim,
        where[0],
        TO_END if where[1] is None else where[1],
        where[2],
    ]


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
        [
            [a, b * c, d],
            [a * b, c, d],
            [a * b * c * d],
            [b, a, c, d],
            [-1, c * d],
            [a, 1, b, c * d],
            [d, c, b, a],
            [a, -1, c, d],
        ]
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
        [
            r.choice([-1, 0, 0, 1, 2]) if r.random() < 0.3 else r.choice([0, 1, 2])
            for _ in range(r.choice([2, 4, 6]))
        ],
    ]


def zero_padded(r):
    while True:
        x, pads = padded(r)
        if all(
            x.tensor.shape[-1 - k] + pads[2 * k] + pads[2 * k + 1] >= 0
            for k in range(len(pads) // 2)
        ):
            return [x, pads]


def padded_by_mode(r):
    if r.random() < 0.5:
        return [*zero_padded(r), "constant", r.choice([None, 2.5])]
    axes = r.choice([1, 2, 3])
    return [
        In(random_input(r, axes + 2)),
        [r.choice([0, 1, 2]) for _ in range(2 * axes)],
        "replicate",
        None,
    ]


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
    weight = torch.tensor(
        [
            float(r.choice([0, 0, 1, -2, 3]))
            for _ in range(groups * per_out * per_in * int(torch.Size(kernel).numel()))
        ]
    )
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
    out = torch.ops.aten.convolution(
        x.tensor, weight, None, stride, padding, dilation, False, [0] * len(stride), groups
    )
    grad = In(tensor(*out.shape), (1,))
    return [
        grad,
        x,
        weight,
        None,
        stride,
        padding,
        dilation,
        False,
        [0] * len(stride),
        groups,
        [True, False, False],
    ]


def looked_up(r):
    x, dim = random_input(r), r.randrange(3)
    index = torch.tensor(
        [r.randrange(-x.shape[dim], x.shape[dim]) for _ in range(r.choice([1, 2, 4]))]
    )
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


def index_of(r, count, size, *, low=0):
    return torch.tensor([r.randrange(low, size) for _ in range(count)], dtype=torch.int64)


def gathered(r):
    x, dim = random_input(r), r.randrange(-3, 3)
    sizes = [r.randrange(1, size + 1) for size in x.shape]
    sizes[dim] = r.choice([1, 2, 5])
    index = index_of(r, int(torch.Size(sizes).numel()), x.shape[dim]).reshape(sizes)
    return x, dim, index


def added_by_index(r):
    x, dim, index = gathered(r)
    return [In(x, (0, 1, 2)), dim, index, In(tensor(*index.shape, low=100), (0, 1, 2))]


def put_by_index(r, accumulate):
    x = tensor(3, 4, 2)
    low, places = (
        (-1, r.sample(range(-2, 2), 2)) if r.random() < 0.5 else (0, r.sample(range(3), 2))
    )
    first = torch.tensor(places if low == 0 else [places[0] % 3, (places[0] + 1) % 3 - 3])
    second = torch.tensor(r.sample(range(4), 2))
    indices = r.choice([[first], [None, second], [first, second], [first.view(2, 1), second]])
    want = torch.ops.aten.index.Tensor(x, indices)
    return [In(x, (0, 1, 2)), indices, In(want.clone() + 100), accumulate]


def copied_by_index(r):
    x, dim = tensor(3, 4, 5), r.randrange(-3, 3)
    index = torch.tensor(r.sample(range(x.shape[dim]), r.choice([1, 2, 3])))
    sizes = list(x.shape)
    sizes[dim] = len(index)
    return [In(x, (0, 1, 2)), dim, index, In(tensor(*sizes, low=100))]


def in_windows(r):
    x, dim = random_input(r), r.randrange(-3, 3)
    return [In(x), dim, r.randrange(1, x.shape[dim] + 1), r.choice([1, 2, 3])]


def gradient_of_windows(r):
    x, dim, size, step = in_windows(r)
    sizes = list(x.tensor.shape)
    return [
        In(torch.ops.aten.unfold.default(x.tensor, dim, size, step).clone()),
        sizes,
        dim,
        size,
        step,
    ]


def matrix_and(r, *front):
    a, b, c = shape(r, 3)
    numbers = torch.tensor(
        [float(r.choice([0, 0, 1, -2])) for _ in range(int(torch.Size([*front, a, b]).numel()))]
    )
    known, unknown = numbers.reshape(*front, a, b), In(tensor(*front, b, c), (len(front),))
    if r.random() < 0.5:
        return [known, unknown]
    return [
        In(unknown.tensor.transpose(-1, -2).clone(), (len(front) + 1,)),
        known.transpose(-1, -2).clone(),
    ]


def any_matrices(r):
    numbers = torch.tensor([[1.0, 0.0, 2.0], [0.0, -1.0, 0.0]])
    x = tensor(2, 3, 2)
    return r.choice(
        [
            [numbers, In(x, (1,))],
            [numbers[0], In(x, (1,))],
            [In(tensor(4, 2, 2), (2,)), numbers],
            [numbers, In(tensor(3), (0,))],
        ]
    )


NUMBERS = {
    "uint8": [0, 1, 2, 127, 128, 254, 255],
    "int8": [0, 1, -1, 2, 100, 127, -128, -127],
    "int16": [0, 1, -1, 300, 32767, -32768],
    "int32": [0, 1, -1, 2**24 + 1, 2**31 - 1, -(2**31)],
    "int64": [0, 1, -1, 5, 256, 2**24 + 1, 2**40 + 1, 2**63 - 1, -(2**63)],
    "bool": [False, True],
    "float32": [
        0.0,
        -0.0,
        1.0,
        -1.0,
        0.1,
        2.5,
        -3.75,
        1e-45,
        3.4028234663852886e38,
        16777216.0,
        1e-38,
    ],
    "float64": [0.0, -0.0, 1.0, 0.1, -2.5, 5e-324, 1e300, 2.0**53, 1e-40, 65504.0],
    "float16": [0.0, -0.0, 1.0, 0.1, -2048.0, 65504.0, 6e-8],
    "bfloat16": [0.0, -0.0, 1.0, -256.0, 0.1, 3e38],
}


def known_tensor(r, name, count=4):
    """Extreme numbers of a dtype, on an axis or without one."""
    dtype = getattr(torch, name)
    made = torch.tensor(
        [r.choice(NUMBERS[name]) for _ in range(count)],
        dtype=torch.float64 if "float" in name else torch.int64,
    )
    made = made.to(dtype)
    return made if r.random() < 0.8 else made[0].clone()


def any_number(r):
    """A number of Python."""
    return r.choice([0, 1, -1, 2, 3, 100, 255, 256, -129, 0.5, 2.5, -0.0, 1e-50, 1e30, 0.1, True])


def two_numbers(r):
    return [known_tensor(r, r.choice([*NUMBERS])), known_tensor(r, r.choice([*NUMBERS]))]


def of_numbers(r, kinds=tuple(NUMBERS)):
    return known_tensor(r, r.choice(kinds))


INTEGERS = ("uint8", "int8", "int16", "int32", "int64")


def integers_and_a_number(r):
    return [of_numbers(r, INTEGERS), r.choice([1, 2, 3, 7, 100])]


def two_integers(r):
    return [of_numbers(r, INTEGERS), of_numbers(r, INTEGERS)]


ON_NUMBERS = {
    **{
        f"aten.{name}.Tensor": two_numbers
        for name in ("add", "sub", "mul", "div", "ge", "gt", "le", "lt", "eq", "ne", "rsub")
    },
    **{
        f"aten.{name}.Scalar": lambda r: [of_numbers(r), any_number(r)]
        for name in ("add", "sub", "mul", "div", "ge", "gt", "le", "lt", "eq", "ne", "rsub")
    },
    **{f"aten.logical_{name}.default": two_numbers for name in ("and", "or", "xor")},
    **{
        f"aten.{name}.Tensor": lambda r: [
            of_numbers(r, ("bool", "bool", "uint8")) for _ in range(2)
        ]
        for name in ("bitwise_and", "bitwise_or", "bitwise_xor", "__and__", "__or__", "__xor__")
    },
    **dict.fromkeys(
        ("aten.neg.default", "aten.logical_not.default", "aten.bitwise_not.default"),
        lambda r: [of_numbers(r)],
    ),
    "aten.abs.default": lambda r: [of_numbers(r, INTEGERS)],
    "aten.remainder.Scalar": integers_and_a_number,
    "aten.floor_divide.Scalar": integers_and_a_number,
    "aten.remainder.Tensor": lambda r: [of_numbers(r, INTEGERS), torch.tensor(r.choice([1, 2, 5]))],
    "aten.floor_divide.default": lambda r: [
        of_numbers(r, INTEGERS),
        torch.tensor(r.choice([1, 2, 5])),
    ],
    "aten.div.Tensor_mode": lambda r: [
        of_numbers(r, INTEGERS),
        torch.tensor(r.choice([1, 2, 5])),
        "floor",
    ],
    "aten.div.Scalar_mode": lambda r: [
        *integers_and_a_number(r),
        r.choice(["floor", "floor", None]),
    ],
    "aten.maximum.default": two_integers,
    "aten.minimum.default": two_integers,
    "aten.clamp.default": lambda r: [
        of_numbers(r, INTEGERS),
        *r.choice([(0, None), (None, 1), (-1, 1), (2, 0), (0, 300), (-200, 5)]),
    ],
    "aten.clamp_min.default": lambda r: [of_numbers(r, INTEGERS), r.choice([0, -1, 3, 200])],
    "aten.clamp_max.default": lambda r: [of_numbers(r, INTEGERS), r.choice([0, -1, 3, 200])],
    "aten.where.self": lambda r: [torch.tensor([True, False, True, False]), *two_numbers(r)],
    "aten.where.ScalarOther": lambda r: [
        torch.tensor([True, False, True, False]),
        of_numbers(r),
        any_number(r),
    ],
    "aten.where.ScalarSelf": lambda r: [
        torch.tensor([True, False, True, False]),
        any_number(r),
        of_numbers(r),
    ],
    "aten.where.Scalar": lambda r: [
        torch.tensor([True, False, True, False]),
        any_number(r),
        any_number(r),
    ],
    "aten.masked_fill.Scalar": lambda r: [
        of_numbers(r),
        torch.tensor([True, False, True, False]),
        any_number(r),
    ],
    "aten.masked_fill.Tensor": lambda r: [
        of_numbers(r),
        torch.tensor([True, False, True, False]),
        known_tensor(r, "float32").reshape(-1)[0],
    ],
    "aten.fill.Scalar": lambda r: [of_numbers(r), any_number(r)],
    "aten.fill.Tensor": lambda r: [of_numbers(r), of_numbers(r).reshape(-1)[0]],
    "aten.copy.default": two_numbers,
    "aten.full_like.default": lambda r: [of_numbers(r), any_number(r)],
    "aten.new_full.default": lambda r: [of_numbers(r), [2], any_number(r)],
    "aten.full.default": lambda r: [[2], any_number(r)],
    "aten.scalar_tensor.default": lambda r: [any_number(r)],
    "aten.to.dtype": lambda r: [
        of_numbers(r),
        getattr(torch, r.choice([*NUMBERS])),
        False,
        False,
        None,
    ],
    "aten.cat.default": lambda r: [[each.reshape(-1) for each in two_numbers(r)], 0],
    "aten.mm.default": lambda r: [
        known_tensor(r, "float32", 6).expand(6).reshape(2, 3),
        known_tensor(r, "float32", 6).expand(6).reshape(3, 2),
    ],
}
"""Arguments that are numbers of every dtype: the largest, the least, the smallest, and zeros
with either sign.
"""
COMPARED = {
    f"aten.{name}.{kind}": None
    for name in ("ge", "gt", "le", "lt", "eq", "ne")
    for kind in ("Tensor", "Scalar")
}
CASES = {
    "aten.slice.Tensor": sliced,
    "aten.narrow.default": narrowed,
    "aten.select.int": lambda r: [In((found := selected(r))[0]), *found[1:]],
    "aten.permute.default": permuted,
    **dict.fromkeys(
        ("aten.transpose.int", "aten.swapaxes.default", "aten.swapdims.default"),
        lambda r: [In(random_input(r)), r.randrange(-3, 3), r.randrange(-3, 3)],
    ),
    **dict.fromkeys(
        ("aten.view_as.default", "aten.reshape_as.default"),
        lambda r: [In(tensor(2, 6), (0, 1)), In(tensor(3, 4), (0, 1))],
    ),
    "aten.movedim.int": lambda r: [In(random_input(r, 4)), r.randrange(-4, 4), r.randrange(-4, 4)],
    "aten.unsqueeze.default": lambda r: [In(random_input(r)), r.randrange(-4, 4)],
    "aten.squeeze.dim": lambda r: [In(tensor(2, r.choice([1, 2]), 3)), r.choice([1, -2, 0])],
    "aten.squeeze.dims": lambda r: [
        In(tensor(1, r.choice([1, 2]), 3)),
        r.choice([[0, 1], [-2], [0, 2]]),
    ],
    "aten.squeeze.default": lambda r: [In(tensor(r.choice([1, 2]), 1, 3))],
    "aten.expand.default": expanded,
    "aten.expand_as.default": lambda r: [In(tensor(2, 1, 3), (1,)), In(tensor(2, 4, 3))],
    **dict.fromkeys(
        ("aten.view.default", "aten._unsafe_view.default", "aten.reshape.default"), viewed
    ),
    "aten.flatten.using_ints": lambda r: [
        In(random_input(r, 4)),
        *r.choice([(0, 1), (1, 2), (-2, -1), (0, -1), (1, 1)]),
    ],
    "aten.unflatten.int": lambda r: [
        In(tensor(2, 6, 3), (1,)),
        r.choice([1, -2]),
        r.choice([[2, 3], [-1, 2], [6, 1], [3, -1, 1]]),
    ],
    **dict.fromkeys(("aten.split_with_sizes.default", "aten.split.sizes"), split_sizes),
    "aten.split.Tensor": lambda r: [
        In(tensor(2, r.choice([4, 5, 6])), (1,)),
        r.choice([1, 2, 4, 9]),
        -1,
    ],
    "aten.chunk.default": lambda r: [
        In(tensor(2, r.choice([4, 5, 6])), (1,)),
        r.choice([1, 2, 3, 4]),
        1,
    ],
    "aten.unbind.int": lambda r: [In(tensor(2, 3, 2), (1,)), 1],
    "aten.flip.default": lambda r: [In(random_input(r)), r.choice([[0], [-1], [0, 2], []])],
    "aten.roll.default": lambda r: (
        rolled(r) if r.random() < 0.8 else [In(random_input(r), (0, 1, 2)), [r.choice([1, -2])], []]
    ),
    "aten.to.dtype": lambda r: [
        In(random_input(r)),
        r.choice([torch.float32, torch.float64]),
        False,
        False,
        None,
    ],
    "aten._to_copy.default": lambda r: [In(random_input(r))],
    "aten.to.dtype_layout": lambda r: [In(random_input(r))],
    **dict.fromkeys(("aten.add.Tensor", "aten.sub.Tensor"), pair),
    **dict.fromkeys(
        ("aten.add.Scalar", "aten.sub.Scalar", "aten.rsub.Scalar", "aten.mul.Scalar"), with_number
    ),
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
    **dict.fromkeys(
        ("aten.logical_not.default", "aten.bitwise_not.default"), lambda r: [truths(r)]
    ),
    **dict.fromkeys(
        ("aten.logical_and.default", "aten.bitwise_and.Tensor"), lambda r: [truths(r), truths(r)]
    ),
    **{
        name: ON_NUMBERS[name]
        for name in ON_NUMBERS
        if any(part in name for part in ("_or", "xor", "__", "clamp_m", "imum"))
    },
    **{
        name: ON_NUMBERS[name]
        for name in ON_NUMBERS
        if any(part in name for part in ("abs", "remainder", "floor", "mode", "scalar"))
    },
    "aten.where.self": one_or_other,
    "aten.where.ScalarOther": lambda r: [truths(r), In(tensor(2, 3)), 0.0],
    "aten.where.ScalarSelf": lambda r: [truths(r), 0.0, In(tensor(2, 3))],
    "aten.where.Scalar": lambda r: [truths(r), 1.0, 0.0],
    "aten.masked_fill.Scalar": lambda r: [In(tensor(2, 3)), truths(r), r.choice([0, 2.5])],
    "aten.masked_fill.Tensor": lambda r: [
        In(tensor(2, 3)),
        truths(r),
        torch.tensor(r.choice([0.0, 2.5])),
    ],
    "aten.clamp.default": bounded,
    "aten.dropout.default": lambda r: [In(random_input(r)), *r.choice([(0.0, True), (0.5, False)])],
    "aten.gather.default": lambda r: [In((found := gathered(r))[0]), found[1], found[2]],
    "aten.scatter_add.default": added_by_index,
    "aten.index_add.default": copied_by_index,
    "aten.index_copy.default": copied_by_index,
    "aten.index_fill.int_Scalar": lambda r: [*copied_by_index(r)[:3], r.choice([0, 2.5])],
    "aten.index_put.default": lambda r: put_by_index(r, r.random() < 0.5),
    "aten._unsafe_index_put.default": lambda r: put_by_index(r, r.random() < 0.5),
    "aten._unsafe_index.Tensor": one_index,
    "aten.unfold.default": in_windows,
    "aten.unfold_backward.default": gradient_of_windows,
    "aten.mm.default": matrix_and,
    "aten.bmm.default": lambda r: matrix_and(r, 2),
    "aten.matmul.default": any_matrices,
    **dict.fromkeys(
        (
            "aten.clone.default",
            "aten.contiguous.default",
            "aten.alias.default",
            "aten.detach.default",
            "aten.lift_fresh_copy.default",
        ),
        lambda r: [In(random_input(r))],
    ),
    **dict.fromkeys(("aten.zeros.default", "aten.ones.default"), lambda r: [shape(r, 2)]),
    "aten.full.default": lambda r: [shape(r, 2), r.choice([2.5, 0.0, 3, True])],
    **dict.fromkeys(
        ("aten.zeros_like.default", "aten.ones_like.default"), lambda r: [In(random_input(r))]
    ),
    "aten.full_like.default": lambda r: [In(random_input(r)), 2.5],
    **dict.fromkeys(
        ("aten.new_zeros.default", "aten.new_ones.default"),
        lambda r: [In(random_input(r)), shape(r, 2)],
    ),
    "aten.new_full.default": lambda r: [In(random_input(r)), shape(r, 2), 2.5],
    "aten.fill.Tensor": lambda r: [In(random_input(r)), torch.tensor(2.5)],
    "aten.fill.Scalar": lambda r: [In(random_input(r)), 3],
    "aten.arange.default": lambda r: [r.choice([0, 1, 5])],
    "aten.arange.start": lambda r: [r.choice([-1, 0, 2]), r.choice([2, 5])],
    "aten.arange.start_step": lambda r: [
        r.choice([-1, 0, 2]),
        r.choice([2, 5]),
        r.choice([1, 2, 3]),
    ],
    "aten.copy.default": lambda r: [
        In(tensor(2, 3)),
        In(tensor(*r.choice([(2, 3), (3,), (1, 3)]), low=50)),
    ],
    "aten.slice_scatter.default": scatter,
    "aten.slice_backward.default": gradient_of_slice,
    "aten.select_scatter.default": select_scattered,
    "aten.select_backward.default": select_gradient,
    "aten.cat.default": put_together,
    "aten.stack.default": stacked,
    "aten.pad.default": padded_by_mode,
    "aten.constant_pad_nd.default": lambda r: [*zero_padded(r), r.choice([0, 2.5])],
    **{
        f"aten.replication_pad{k}d.default": lambda r, k=k: [
            In(random_input(r, k + 2)),
            [r.choice([0, 1, 2]) for _ in range(2 * k)],
        ]
        for k in (1, 2, 3)
    },
    "aten.index_select.default": chosen,
    "aten.index.Tensor": one_index,
    "aten.convolution.default": any_convolution,
    "aten.convolution_backward.default": gradient_of_convolution,
    **{f"aten.conv{k}d.default": lambda r, k=k: list(convolved(r, k)) for k in (1, 2, 3)},
    **{f"aten.conv{k}d.padding": lambda r, k=k: named_padding(r, k) for k in (1, 2, 3)},
}
NO_VALUES = {
    "aten.empty.memory_format",
    "aten.empty_like.default",
    "aten.new_empty.default",
    "aten.new_empty_strided.default",
}
"""What they hold is unknown, in torch as in the table."""


def overload(name):
    _, operator, kind = name.split(".")
    return getattr(getattr(torch.ops.aten, operator), kind)


NEEDS_PLACES = (
    "conv",
    "mm",
    "matmul",
    "index_put",
    "index_copy",
    "index_fill",
    "index_add",
    "scatter_add",
    "unfold_backward",
)
"""Their meanings are read at fixed places: at an unknown one they may have no answer, or read
tables in full.
"""


def with_kwargs(name, args):
    """The arguments in front, and those that have to be named."""
    return (args[:-1], {"rounding_mode": args[-1]}) if "_mode" in name else (args, {})


def check(name, draws=20):
    """Hold the meaning against torch at random arguments."""
    r = random.Random(name)
    claims = 0
    for _ in range(draws):
        args, kwargs = with_kwargs(name, CASES[name](r))
        try:
            claims += meaning_agrees(
                overload(name),
                args,
                kwargs,
                symbolic_index=not any(part in name for part in NEEDS_PLACES),
            )
        except RuntimeError:
            assert name in ON_NUMBERS, args  # torch refuses what these draw now and then
        except UnsupportedError:
            assert name in ON_NUMBERS, args
    assert claims


def check_on_numbers(name, draws):
    """Hold the meaning against torch at numbers of every dtype; how much it claims."""
    r, claims = random.Random(name), 0
    for _ in range(draws):
        args, kwargs = with_kwargs(name, ON_NUMBERS[name](r))
        try:
            overload(name)(*args, **kwargs)
        except (RuntimeError, TypeError):
            continue  # torch refuses it, and so will torch.export
        with contextlib.suppress(UnsupportedError):
            claims += meaning_agrees(overload(name), args, kwargs, symbolic_index=False)
    return claims


def test_every_meaning_is_tested() -> None:
    """No operator is in the table without a case here."""
    assert MEANINGS.keys() == CASES.keys() | NO_VALUES


@pytest.mark.filterwarnings("ignore:Using padding='same':UserWarning")
@pytest.mark.parametrize("name", sorted(CASES))
def test_meaning_agrees_with_torch(name: str) -> None:
    """Shape, dtype and every entry, at sizes and positions that the meaning does not know,
    equal what torch computes.
    """
    check(name, 6 if "3d" in name or "conv" in name else 16)


@pytest.mark.parametrize("name", sorted(ON_NUMBERS))
def test_numbers_are_those_of_torch(name: str) -> None:
    """Of every dtype, at its ends: what is claimed to be exact is what torch computes, to the
    bit, and something is claimed.
    """
    assert check_on_numbers(name, 100) > 7


def convert_everything() -> int:
    """Hold the conversions of all numbers from every dtype to every other against torch; how
    much is claimed.
    """
    claims = 0
    for before, numbers in NUMBERS.items():
        x = torch.tensor(numbers, dtype=torch.float64 if "float" in before else torch.int64).to(
            getattr(torch, before)
        )
        for after in NUMBERS:
            args = [x, getattr(torch, after), False, False, None]
            claims += meaning_agrees(torch.ops.aten.to.dtype, args, symbolic_index=False)
    return claims


def test_every_conversion_is_that_of_torch() -> None:
    """From every dtype to every other, at the ends of both; nothing is claimed of what no
    integer holds, and much of the rest.
    """
    assert convert_everything() > 600


SPECIAL = (
    float("nan"),
    float("inf"),
    float("-inf"),
    -0.0,
    0.0,
    1e-45,
    -3e-39,
    3.4028234663852886e38,
    1.0,
    -7.25,
)
MOVES = {
    name
    for name in CASES
    if not any(
        part in name
        for part in (
            "conv",
            "zeros",
            "ones",
            "full",
            "fill.",
            "arange",
            "where.Scalar",
            "scalar",
            "_backward",
        )
    )
}


def spoiled(r, args):
    """The arguments with special numbers in the inputs."""
    if isinstance(args, In):
        chosen_ = torch.tensor([r.choice(SPECIAL) for _ in range(args.tensor.numel())]).reshape(
            args.tensor.shape
        )
        return In(chosen_ if args.tensor.dtype == torch.float32 else args.tensor, args.fixed)
    return [spoiled(r, each) for each in args] if isinstance(args, list | tuple) else args


@pytest.mark.parametrize("name", sorted(MOVES))
def test_special_numbers_are_moved_as_they_are(name: str) -> None:
    """NaN, infinities, -0.0, subnormal numbers and the largest: to the bit where no arithmetic
    is done.
    """
    r = random.Random(name)
    for _ in range(3):
        args = spoiled(r, CASES[name](r))
        with contextlib.suppress(UnsupportedError, RuntimeError):
            meaning_agrees(
                overload(name), args, symbolic_index=not any(part in name for part in NEEDS_PLACES)
            )


LONG = 300


@pytest.mark.parametrize("name", ["uint8", "int8", "int16", "int32", "int64", "float32", "float64"])
def test_ranges_beyond_256_are_those_of_torch(name: str) -> None:
    """A range over an axis of any size, in every dtype; what is computed with it; and what is
    not claimed.
    """
    dtype = getattr(torch, name)
    kwargs = {"dtype": dtype}
    claims = meaning_agrees(torch.ops.aten.arange.start_step, [0, Size(LONG), 1], kwargs)
    assert claims == (
        0 if "float" in name else LONG
    )  # an axis of any size may be longer than a float counts
    real = (
        torch.arange(LONG, dtype=dtype)
        if name not in {"uint8", "int8"}
        else torch.arange(LONG).to(dtype)
    )
    programs = [
        lambda t, do: do("add.Scalar", t, 100, 1),
        lambda t, do: do("mul.Tensor", t, t),
        lambda t, do: do("neg.default", t),
        lambda t, do: do("gt.Scalar", t, 5),
        lambda t, do: do("eq.Scalar", do("to.dtype", t, torch.uint8), 44),
        lambda t, do: do("to.dtype", do("to.dtype", t, torch.bool), torch.int64),
        lambda t, do: do(
            "to.dtype", do("clamp_max.default", do("to.dtype", t, torch.int64), 200), torch.float32
        ),
        lambda t, do: do(
            "to.dtype", do("sub.Scalar", do("to.dtype", t, torch.int32), 200, 1), torch.int8
        ),
        lambda t, do: do("remainder.Scalar", do("to.dtype", t, torch.int64), 7),
        lambda t, do: do(
            "floor_divide.Scalar", do("sub.Scalar", do("to.dtype", t, torch.int64), 9, 1), 4
        ),
    ]
    for program in programs:
        assumptions = Assumptions({"T": Range(polynomial(1), None)})
        made = apply(torch.ops.aten.arange.default, [Polynomial.variable("T")], kwargs, assumptions)

        def symbolic(operator, *args, assumptions=assumptions):
            return apply(overload(f"aten.{operator}"), args, {}, assumptions)

        numeric = lambda operator, *args: overload(f"aten.{operator}")(*args)  # noqa: E731  # the same for torch
        try:
            same_tensor(
                program(made, symbolic), program(real, numeric), assumptions, {"T": LONG}, {}
            )
        except UnsupportedError:
            assert "float" in name  # a float that may have rounded is not counted with


@pytest.mark.parametrize("name", sorted(NO_VALUES))
def test_uninitialised_memory_has_its_shape(name: str) -> None:
    """The shape is what was asked for; of the entries nothing is said."""
    x = input_tensor("x", (polynomial(2), polynomial(3)))
    arguments = {
        "aten.empty.memory_format": [[2, 3]],
        "aten.empty_like.default": [x],
        "aten.new_empty.default": [x, [2, 3]],
    }
    made = apply(overload(name), arguments.get(name, [x, [2, 3], [3, 1]]), {}, Assumptions({}))
    assert [size.constant for size in made.shape] == [2, 3]
    assert isinstance(made.read((polynomial(0), polynomial(0)), Assumptions({})), Load)
    assert made.read((polynomial(0), polynomial(0)), Assumptions({})).name == "uninitialised"


def off_by_one(assumptions, x, dim, start, end, step):
    return operators_shape.slice_(
        assumptions, x, dim, (start or 0) + 1 if isinstance(start, int | None) else start, end, step
    )


def unclamped(assumptions, x, dim, start, end, step):
    first, last = polynomial(start or 0), polynomial(end if end is not None else 0)
    return SymbolicTensor(operators_shape.replaced(x.shape, x.axis(dim), last - first), x.read)


PLANTS = {
    "slice starts one late": ("aten.slice.Tensor", off_by_one),
    "slice does not clamp": ("aten.slice.Tensor", unclamped),
    "pads the other side": (
        "aten.constant_pad_nd.default",
        lambda s, x, pads, v: MEANINGS["aten.pad.default"](s, x, pads[::-1], "constant", v),
    ),
    "rolls the other way": (
        "aten.roll.default",
        lambda s, x, by, dims: MEANINGS["aten.flip.default"](s, x, dims),
    ),
    "cat in reverse": (
        "aten.cat.default",
        lambda s, ts, dim, was=MEANINGS["aten.cat.default"]: was(s, ts[::-1], dim),
    ),
    "convolves with the flipped kernel": (
        "aten.conv1d.default",
        lambda s, x, w, *rest, was=MEANINGS["aten.conv1d.default"]: was(
            s, x, MEANINGS["aten.flip.default"](s, w, [-1]), *rest
        ),
    ),
    "forgets the bias": (
        "aten.conv2d.default",
        lambda s, x, w, b, *rest, was=MEANINGS["aten.conv2d.default"]: was(s, x, w, None, *rest),
    ),
    "gradient of a convolution without its transposition": (
        "aten.convolution_backward.default",
        lambda s, g, x, w, *rest, was=MEANINGS["aten.convolution_backward.default"]: was(
            s, g, x, MEANINGS["aten.flip.default"](s, w, [-1]), *rest
        ),
    ),
    "scatter drops the rest": (
        "aten.slice_scatter.default",
        lambda s, x, *rest, was=MEANINGS["aten.slice_scatter.default"]: was(
            s, MEANINGS["aten.zeros_like.default"](s, x, None), *rest
        ),
    ),
    "select counts from the front only": (
        "aten.select.int",
        lambda s, x, dim, i, was=MEANINGS["aten.select.int"]: was(s, x, dim, max(i, 0)),
    ),
    "transposes other axes": (
        "aten.transpose.int",
        lambda s, x, a, b, was=MEANINGS["aten.transpose.int"]: was(s, x, a, a),
    ),
    "permutes the inverse way": (
        "aten.permute.default",
        lambda s, x, dims, was=MEANINGS["aten.permute.default"]: was(
            s, x, [[x.axis(d) for d in dims].index(a) for a in range(x.rank)]
        ),
    ),
    "subtracts the other way": (
        "aten.sub.Tensor",
        lambda s, x, y, a, was=MEANINGS["aten.sub.Tensor"]: was(s, y, x, a),
    ),
    "less is less or equal": ("aten.lt.Tensor", MEANINGS["aten.le.Tensor"]),
    "gathers on another axis": (
        "aten.gather.default",
        lambda s, x, dim, i, _, was=MEANINGS["aten.gather.default"]: was(s, x, dim - 1, i),
    ),
    "windows start late": (
        "aten.unfold.default",
        lambda s, x, d, n, step, was=MEANINGS["aten.unfold.default"]: was(s, x, d, n, 1),
    ),
    "multiplies by the transpose": (
        "aten.mm.default",
        lambda s, a, b, was=MEANINGS["aten.mm.default"]: MEANINGS["aten.permute.default"](
            s, was(s, a, b), [1, 0]
        ),
    ),
    "adds where it should write": (
        "aten.index_copy.default",
        lambda s, x, d, i, y: MEANINGS["aten.index_add.default"](s, x, d, i, y, 1),
    ),
}
NUMBER_PLANTS = {
    "integers that do not wrap": ("wrapped", lambda value, *_: Integer(value)),
    "floats that hold every integer": ("_float_of", lambda value, *_: value),
    "floats that hold every number": ("fits", lambda *_: True),
    "a bool is what was added": ("truth", lambda value, *_: value),
    "numbers as they were written": ("number_in", lambda value, *_: Constant(Fraction(value))),
}
"""A mechanism broken, in every module that uses it."""


@pytest.mark.parametrize("plant", sorted(PLANTS))
def test_a_wrong_meaning_is_noticed(monkeypatch: pytest.MonkeyPatch, plant: str) -> None:
    """With a wrong meaning in the table, the comparison with torch fails."""
    name, wrong = PLANTS[plant]
    monkeypatch.setitem(MEANINGS, name, wrong)
    with pytest.raises((AssertionError, UnsupportedError)):
        check(name)


@pytest.mark.parametrize("plant", sorted(NUMBER_PLANTS))
def test_a_broken_mechanism_is_noticed(monkeypatch: pytest.MonkeyPatch, plant: str) -> None:
    """Without wrapping, rounding or conversion, the comparison with torch fails at numbers, or
    at ranges beyond 256.
    """
    name, wrong = NUMBER_PLANTS[plant]
    for module in (dtypes, operators_numbers, factories, data):
        if hasattr(module, name):
            monkeypatch.setattr(module, name, wrong)

    def everything():
        convert_everything()
        for operator in (
            "aten.add.Tensor",
            "aten.mul.Tensor",
            "aten.to.dtype",
            "aten.add.Scalar",
            "aten.fill.Scalar",
            "aten.full.default",
        ):
            check_on_numbers(operator, 60)
        for dtype in (torch.uint8, torch.float16):
            x = torch.arange(LONG * 8)
            made = apply(
                torch.ops.aten.arange.default,
                [Polynomial.variable("T")],
                {},
                (assumptions := Assumptions({"T": Range(polynomial(1), None)})),
            )
            same_tensor(converted(made, dtype), x.to(dtype), assumptions, {"T": LONG * 8}, {})

    with pytest.raises((AssertionError, ArithmeticError)):
        everything()


def test_narrowing_conversions_are_not_the_identity() -> None:
    """Of what half precision makes of an entry nothing is said; of a number, exactly what torch
    makes of it.
    """
    half = converted(input_tensor("x", ()), torch.float16)
    assert isinstance(half.read((), Assumptions({})), Cast)
    known = converted(table("t", torch.tensor(0.1)), torch.float16)
    assert known.read((), Assumptions({})) == Constant(
        Fraction(float(torch.tensor(0.1, dtype=torch.float16)))
    )
