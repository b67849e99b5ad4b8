"""Modules that are wrong in numbers: an integer wraps, a float rounds, a zero has the wrong sign, a
term cancels another.

Each is the shift of TSM, ``T@1/4,backward-first`` in the layout TCHW, but for such a fault: at few
sizes, or for few values. None may be proved. The names in `RIGHT_BESIDE` are right: they do the
like of a wrong one and must not be refuted.
"""

# ruff: noqa: D102  # a forward is a forward, and the name of each module says what it is

import torch
from torch import nn

WRONG: dict[str, object] = {}
RIGHT_BESIDE: dict[str, object] = {}


def tsm(x):
    """The right module."""
    y = torch.zeros_like(x)
    y[:-1, :1] = x[1:, :1]
    y[1:, 1:2] = x[:-1, 1:2]
    y[:, 2:] = x[:, 2:]
    return y


def frames(x, dtype=torch.int64):
    """The numbers of the frames, as a column."""
    return torch.arange(x.shape[0], dtype=dtype).view(-1, 1, 1, 1)


class Map(nn.Module):
    """A function as a module."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


def wrong(function):
    """Enter a wrong module."""
    WRONG[function.__name__] = function
    return function


def right(function):
    """Enter a right module that stands beside wrong ones."""
    RIGHT_BESIDE[function.__name__] = function
    return function


# integers that wrap


def _only_where(condition, x):
    return torch.where(condition, tsm(x), torch.zeros(()))


@wrong
def uint8_frames_wrap_at_256(x):
    return _only_where((frames(x, torch.uint8) > 0) | (frames(x) == 0), x)


@wrong
def int8_frames_turn_negative_at_128(x):
    return _only_where(frames(x, torch.int8) >= 0, x)


@wrong
def int16_frames_turn_negative(x):
    return _only_where(frames(x, torch.int16) >= 0, x)


@wrong
def int32_products_turn_negative(x):
    return _only_where(frames(x, torch.int32) * (2**20) >= 0, x)


@wrong
def int64_products_turn_negative(x):
    return _only_where(frames(x) * frames(x) * frames(x) * (2**40) >= 0, x)


@wrong
def uint8_difference_is_never_negative(x):
    t = frames(x).clamp(max=5).to(torch.uint8)
    return _only_where(t - 1 < 6, x)


@wrong
def uint8_negative_is_positive(x):
    t = frames(x).clamp(max=5).to(torch.uint8)
    return _only_where(-t <= 0, x)


@wrong
def int8_sum_wraps(x):
    t = frames(x).clamp(max=100).to(torch.int8)
    return _only_where(t + t >= 0, x)


@wrong
def cast_to_uint8_wraps(x):
    return _only_where(frames(x).to(torch.uint8) == frames(x), x)


@wrong
def cast_to_bool_and_back(x):
    return _only_where(frames(x).bool().long() == frames(x).clamp(max=2), x)


@wrong
def int8_table_filled_with_a_size(x):
    return _only_where(torch.full((), x.shape[0], dtype=torch.int8) > 0, x)


@wrong
def int8_absolute_value_is_negative(x):
    t = (-frames(x).clamp(max=128)).to(torch.int8)
    return _only_where(t.abs() >= 0, x)


@wrong
def int32_index_of_a_wide_range(x):
    t = torch.arange(x.shape[0], dtype=torch.int16).long()
    return tsm(x)[t]


@wrong
def uint8_index_is_a_mask(x):
    return tsm(x)[torch.arange(x.shape[0], dtype=torch.uint8)]


# conditions as numbers


@wrong
def a_bool_and_a_bool_are_one(x):
    late = frames(x) > 3
    return torch.where(late + late == 1, torch.zeros(()), tsm(x))


@wrong
def a_bool_times_a_bool_is_a_bool(x):
    late = frames(x) > 3
    return torch.where((late * late + late).long() == 1, torch.zeros(()), tsm(x))


@wrong
def conditions_are_summed_in_bool(x):
    t = frames(x)
    both = (t >= 0) + (t >= 4)
    return tsm(x) * both.float() - tsm(x) * (t >= 4).float() * 0.5


@wrong
def half_a_condition_is_none(x):
    half = torch.full((1,), 0.5, dtype=torch.int64)
    return _only_where(half > 0, x)


@wrong
def fraction_written_into_integers(x):
    t = torch.zeros_like(frames(x)).fill_(0.75)
    return _only_where(t > 0, x)


@wrong
def half_as_bool_is_true(x):
    return _only_where(torch.full((), 0.5).bool().float() == 0.5, x)


# quotients and remainders


@wrong
def remainder_of_a_negative_is_positive(x):
    return _only_where((frames(x) - 3) % 4 == frames(x) - 3, x)


@wrong
def quotient_of_a_negative_rounds_down(x):
    return _only_where((frames(x) - 3) // 4 >= 0, x)


@wrong
def division_of_integers_is_no_integer(x):
    return _only_where((frames(x) / 2).long() * 2 == frames(x), x)


@wrong
def truncated_quotient(x):
    return _only_where(torch.div(-frames(x), 2, rounding_mode="trunc") * 2 == -frames(x), x)


@wrong
def remainder_by_256(x):
    return _only_where(frames(x) % 256 == frames(x), x)


# floats that do not hold an integer


@wrong
def half_holds_2048(x):
    return _only_where(frames(x).half() + 1 > frames(x), x)


@wrong
def bfloat16_holds_256(x):
    return _only_where(frames(x).bfloat16() + 1 > frames(x), x)


@wrong
def float32_holds_two_to_the_24th(x):
    t = frames(x).float()
    return _only_where(t + 1 > t, x)


@wrong
def float_frames_of_half(x):
    return _only_where(frames(x, torch.float16) + 1 > frames(x), x)


@wrong
def tenth_in_float32(x):
    return _only_where(torch.full((), 0.1).double() == 0.1, x)


@wrong
def tenth_in_half(x):
    return _only_where(torch.full((), 0.1).half().float() == 0.1, x)


@wrong
def three_tenths(x):
    tenth = torch.full((), 0.1, dtype=torch.float64)
    return _only_where(tenth + tenth + tenth == 0.3, x)


# zeros and their signs


@wrong
def minus_zero_where_nothing_is(x):
    return torch.where(tsm(torch.ones_like(x)) > 0, tsm(x), -0.0)


@wrong
def minus_zero_filled_in(x):
    y = torch.full_like(x, -0.0)
    y[:-1, :1], y[1:, 1:2], y[:, 2:] = x[1:, :1], x[:-1, 1:2], x[:, 2:]
    return y


@wrong
def negated_zeros(x):
    y = -torch.zeros_like(x)
    y[:-1, :1], y[1:, 1:2], y[:, 2:] = x[1:, :1], x[:-1, 1:2], x[:, 2:]
    return y


@wrong
def padded_with_minus_zero(x):
    wide = nn.functional.pad(x, (0, 0, 0, 0, 0, 0, 1, 1), value=-0.0)
    return torch.cat([wide[2:, :1], wide[:-2, 1:2], x[:, 2:]], dim=1)


@wrong
def zero_times_minus_one(x):
    zero = torch.zeros_like(x[:1]) * -1.0
    return torch.cat(
        [torch.cat([x[1:, :1], zero[:, :1]]), torch.cat([zero[:, 1:2], x[:-1, 1:2]]), x[:, 2:]],
        dim=1,
    )


@wrong
def masked_with_minus_zero(x):
    c, t = torch.arange(x.shape[1]).view(1, -1, 1, 1), frames(x)
    enters = ((c == 0) & (t == x.shape[0] - 1)) | ((c == 1) & (t == 0))
    return tsm(x).masked_fill(enters, -0.0)


# sums and products that round


@wrong
def cancelled_constant(x):
    return tsm(x + 4096.0) - tsm(torch.full_like(x, 4096.0))


@wrong
def cancelled_neighbour(x):
    return tsm(x) + x.flip(3) - x.flip(3)


@wrong
def twice_minus_once(x):
    return tsm(x) * 2 - tsm(x)


@wrong
def doubled_and_halved(x):
    return tsm(x * 2.0) * 0.5


@wrong
def halved_and_doubled(x):
    return tsm(x * 0.5) * 2.0


@wrong
def thirds(x):
    return tsm(x / 3) * 3


@wrong
def a_little_more(x):
    return tsm(x) * 1.0000001


@wrong
def a_tiny_summand(x):
    return tsm(x) + 1e-30


@wrong
def mean_of_two(x):
    return (tsm(x) + tsm(x)) / 2


@wrong
def convolution_of_halves(x):
    weight = torch.full((x.shape[1], 1, 2, 1), 0.5)
    twice = tsm(x).repeat_interleave(2, dim=2)
    return nn.functional.conv2d(twice, weight, stride=(2, 1), groups=x.shape[1])


@wrong
def matrix_and_its_inverse(x):
    matrix = torch.eye(x.shape[1]) * 3
    inverse = torch.eye(x.shape[1]) / 3
    return torch.einsum("dc,tchw->tdhw", matrix @ inverse, tsm(x))


@wrong
def added_at_one_place_twice(x):
    t = torch.arange(x.shape[0])
    y = tsm(x)
    return torch.zeros_like(x).index_add(0, t, y).index_add(0, t, x).index_add(0, t, -x)


@wrong
def nothing_times_infinity(x):
    return torch.where(frames(x) >= 0, tsm(x) + (x * 1e30) * 1e30 * 0, tsm(x))


@wrong
def memory_of_nobody_times_zero(x):
    return tsm(x) + torch.empty_like(x) * 0


@wrong
def memory_of_nobody_minus_the_like(x):
    return tsm(x) + (torch.empty_like(x) - torch.empty_like(x))


# through narrower formats, and what looks at values


@wrong
def through_half(x):
    return tsm(x.half()).float()


@wrong
def through_bfloat16(x):
    return tsm(x.bfloat16().float())


@wrong
def low_bits_through_half(x):
    high = x.half().float()
    return tsm(high) + tsm(x - high)


@wrong
def through_int32(x):
    return tsm(x.int().float())


@wrong
def through_complex(x):
    return torch.complex(tsm(x), torch.zeros_like(x)).abs()


@wrong
def clamped_at_large_values(x):
    return tsm(x).clamp(-1e30, 1e30)


@wrong
def not_a_number_becomes_zero(x):
    return torch.nan_to_num(tsm(x))


@wrong
def where_it_equals_itself(x):
    return tsm(torch.where(x == x, x, 0.0))  # noqa: PLR0124  # NaN


@wrong
def absolute_value_times_sign(x):
    return tsm(x.abs() * x.sign())


@wrong
def rounded_and_the_rest(x):
    return tsm(x.round() + (x - x.round()))


@wrong
def floor_and_fraction(x):
    return tsm(x.floor() + x.frac())


@wrong
def smaller_of_it_and_a_constant(x):
    return torch.minimum(tsm(x), torch.full((), 3e38))


@wrong
def larger_of_it_and_a_constant(x):
    return tsm(x).clamp_min(-3e38)


@wrong
def remainder_by_a_large_number(x):
    return torch.remainder(tsm(x), 1e30)


@wrong
def exponent_and_logarithm(x):
    return tsm(x).exp().log()


@wrong
def square_root_of_a_square(x):
    return tsm(x).square().sqrt()


@wrong
def subnormals_flushed(x):
    return torch.where(tsm(x).abs() < 1e-38, 0.0, tsm(x))


# what stands in the same memory, beyond an axis, or in the dtype of something else


@wrong
def written_after_it_was_seen(x):
    y = tsm(x)
    late = y[2:]
    y[2:] = 0
    return torch.cat([y[:2], late])


@wrong
def windows_of_old_memory(x):
    y = tsm(x)
    seen = y.unfold(0, 1, 1)
    y[0] = 3
    return seen.squeeze(-1)


@wrong
def transposed_in_place_through_a_view(x):
    y = tsm(x)
    y[:, :, :3, :3].transpose_(2, 3).add_(1)
    return y


@wrong
def added_by_out(x):
    y = tsm(x)
    torch.add(y, 1.0, out=y)
    return y


@wrong
def index_of_the_last(x):
    return tsm(x)[torch.arange(x.shape[0]) - 1]


@wrong
def gathered_beyond_the_end(x):
    return tsm(x).gather(0, (frames(x) + 1).clamp(max=x.shape[0]).expand(x.shape))


@wrong
def selected_before_the_start(x):
    return tsm(x) + tsm(x).index_select(0, torch.full((1,), -1)) * 0


@wrong
def written_twice_at_one_place(x):
    y, t = tsm(x), torch.arange(x.shape[0]).clamp(max=2)
    z = torch.zeros_like(y)
    z[t] = y
    return torch.where(frames(x) < 3, z, y)


@wrong
def added_in_uint8_at_one_place(x):
    t = torch.zeros(4, dtype=torch.uint8)
    index = (torch.zeros(3, dtype=torch.int64),)
    t.index_put_(index, torch.full((3,), 200, dtype=torch.uint8), accumulate=True)
    return torch.where(t[0] == 88, torch.zeros(()), tsm(x))


@wrong
def weights_of_zero_on_memory_of_nobody(x):
    weight = torch.zeros(x.shape[1], 1, 1, 1)
    return tsm(x) + nn.functional.conv2d(torch.empty_like(x), weight, groups=x.shape[1])


@wrong
def a_number_without_axes_wraps(x):
    return torch.where(torch.full((), 300).to(torch.uint8) == 44, torch.zeros(()), tsm(x))


@wrong
def compared_in_float32(x):
    return torch.where(
        torch.full((1,), 2**24 + 1) == torch.full((1,), 2.0**24), torch.zeros(()), tsm(x)
    )


@wrong
def int8_changed_in_place(x):
    t = torch.arange(x.shape[0], dtype=torch.int8)
    t += 100
    return _only_where(t.view(-1, 1, 1, 1) > 0, x)


@wrong
def copied_into_half(x):
    y, z = torch.empty_like(x, dtype=torch.float16), torch.empty_like(x)
    y.copy_(tsm(x))
    return z.copy_(y)


@wrong
def fraction_padded_into_integers(x):
    mask = nn.functional.pad(torch.zeros(x.shape[0] - 1, dtype=torch.uint8), (0, 1), value=2.7)
    return torch.where(mask.view(-1, 1, 1, 1) == 2, torch.zeros(()), tsm(x))


@wrong
def a_size_to_the_fourth_is_no_int64(x):
    t = x.shape[0]
    return _only_where(torch.full((1,), t * t * t * t) > 0, x)


@wrong
def double_of_many_frames(x):
    return tsm(x).double() if x.shape[0] > 4 else tsm(x)


# right ones of the kind


@right
def through_double_and_back(x):
    return tsm(x.double()).float()


@right
def uint8_masks_that_fit(x):
    return _only_where((frames(x) >= 0).to(torch.uint8) == 1, x)


@right
def a_number_that_rounds_to_one(x):
    return tsm(x) * 1.00000000001


@right
def ones_and_zeros_in_half(x):
    return tsm(x) * (frames(x) >= 0).half().float()


@right
def a_difference_of_equal_constants(x):
    return tsm(x) + (1e-30 - torch.full_like(x, 1e-30))


@right
def small_frames_in_int8(x):
    t = frames(x).clamp(max=100).to(torch.int8)
    return _only_where(t >= 0, x)
