"""Right modules in the ways that people write them: each is the shift of TSM,
``T@1/4,backward-first``, in the layout TCHW.

The first eighth of the channels comes from the frame after, the second from the frame before, the
rest stays; what enters is zero. `RIGHT` has for each what is decided of it, forward and backward:
``bits`` if every entry is moved as it is, ``value`` if it is equal in value for finite inputs, and
``unrecorded`` where torch.export has no graph of it.
"""

# ruff: noqa: D101, D102  # a forward is a forward, and the name of each module says what it is

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812  # as everybody writes it

RIGHT: dict[str, tuple[str, str]] = {}
MODULES = {}


class Map(nn.Module):
    """A function as a module."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


def right(forward, backward):
    """Enter a right module, or a function of a tensor, with what is decided of it."""

    def enter(made):
        RIGHT[made.__name__] = forward, backward
        MODULES[made.__name__] = made if isinstance(made, type) else lambda: Map(made)
        return made

    return enter


def cut(x):
    """Ends of the first and of the second group of channels."""
    return x.shape[1] // 8, x.shape[1] // 4


@right("bits", "value")
def slices_into_zeros(x):
    one, two = cut(x)
    y = torch.zeros_like(x)
    y[:-1, :one] = x[1:, :one]
    y[1:, one:two] = x[:-1, one:two]
    y[:, two:] = x[:, two:]
    return y


@right("bits", "value")
def cat_with_zeros(x):
    one, two = cut(x)
    zero = torch.zeros_like(x[:1])
    before = torch.cat([x[1:, :one], zero[:, :one]])
    after = torch.cat([zero[:, one:two], x[:-1, one:two]])
    return torch.cat([before, after, x[:, two:]], dim=1)


@right("bits", "value")
def pad_and_narrow(x):
    one, two = cut(x)
    wide = F.pad(x, (0, 0, 0, 0, 0, 0, 1, 1))
    t = x.shape[0]
    parts = [
        wide.narrow(0, 2, t)[:, :one],
        wide.narrow(0, 0, t)[:, one:two],
        wide.narrow(0, 1, t)[:, two:],
    ]
    return torch.cat(parts, dim=1)


@right("bits", "bits")
def negative_pads(x):
    before, after, still = x.split(
        [x.shape[1] // 8, x.shape[1] // 8, x.shape[1] - x.shape[1] // 4], dim=1
    )
    return torch.cat(
        [F.pad(before, (0, 0, 0, 0, 0, 0, -1, 1)), F.pad(after, (0, 0, 0, 0, 0, 0, 1, -1)), still],
        dim=1,
    )


@right("value", "value")
def roll_and_mask(x):
    one, two = cut(x)
    t = torch.arange(x.shape[0]).view(-1, 1, 1, 1)
    not_last, not_first = (t < x.shape[0] - 1).float(), (t > 0).float()
    before, after = x[:, :one].roll(-1, 0) * not_last, x[:, one:two].roll(1, 0) * not_first
    return torch.cat([before, after, x[:, two:]], dim=1)


@right("bits", "value")
def masks_with_and(x):
    c = torch.arange(x.shape[1]).view(1, -1, 1, 1)
    t = torch.arange(x.shape[0]).view(-1, 1, 1, 1)
    one, two = cut(x)
    first, second = c < one, (c >= one) & (c < two)
    y = torch.where(first, x.roll(-1, 0), torch.where(second, x.roll(1, 0), x))
    enters = (first & (t == x.shape[0] - 1)) | (second & ~(t > 0))
    return y.masked_fill(enters, 0.0)


@right("bits", "value")
def where_with_full(x):
    one, two = cut(x)
    frames = torch.full((), x.shape[0])
    t = torch.arange(x.shape[0]).view(-1, 1, 1, 1)
    before = torch.where(t + 1 < frames, x[:, :one].roll(-1, 0), 0.0)
    after = torch.where(t != 0, x[:, one:two].roll(1, 0), torch.zeros(()))
    return torch.cat([before, after, x[:, two:]], dim=1)


@right("bits", "value")
def windows(x):
    one, two = cut(x)
    w = F.pad(x, (0, 0, 0, 0, 0, 0, 1, 1)).unfold(0, 3, 1)
    return torch.cat([w[:, :one, ..., 2], w[:, one:two, ..., 0], w[:, two:, ..., 1]], dim=1)


@right("bits", "value")
def gathered(x):
    one, two = cut(x)
    c = torch.arange(x.shape[1]).view(1, -1, 1, 1)
    step = (c < one).long() - ((c >= one) & (c < two)).long()
    source = torch.arange(x.shape[0]).view(-1, 1, 1, 1) + step + 1
    wide = F.pad(x, (0, 0, 0, 0, 0, 0, 1, 1))
    return wide.gather(0, source.expand(x.shape))


@right("bits", "value")
def selected_by_index(x):
    one, two = cut(x)
    wide = torch.cat([x.new_zeros(1, *x.shape[1:]), x, x.new_zeros(1, *x.shape[1:])])
    t = torch.arange(x.shape[0], device=x.device)
    return torch.cat(
        [wide[:, :one].index_select(0, t + 2), wide[:, one:two].index_select(0, t), x[:, two:]],
        dim=1,
    )


@right("value", "value")
def clamped_index_and_mask(x):
    one, two = cut(x)
    t = torch.arange(x.shape[0])
    before = x[(t + 1).clamp(max=x.shape[0] - 1), :one] * (t < x.shape[0] - 1).view(-1, 1, 1, 1)
    after = x[(t - 1).clamp(min=0), one:two] * (t > 0).view(-1, 1, 1, 1)
    return torch.cat([before, after, x[:, two:]], dim=1)


@right("bits", "value")
def copied_by_index(x):
    one, two = cut(x)
    t = torch.arange(x.shape[0] - 1)
    before = torch.zeros_like(x[:, :one]).index_copy_(0, t, x[1:, :one])
    after = torch.zeros_like(x[:, one:two]).index_copy_(0, t + 1, x[:-1, one:two])
    return torch.cat([before, after, x[:, two:]], dim=1)


@right("bits", "value")
def put_by_index(x):
    one, two = cut(x)
    t = torch.arange(1, x.shape[0])
    y = torch.zeros_like(x)
    y[t - 1, :one] = x[t, :one]
    y[t, one:two] = x[t - 1, one:two]
    y[:, two:] = x[:, two:]
    return y


@right("value", "unrecorded")
def einsum_with_a_matrix(x):
    one, two = cut(x)
    t = torch.arange(x.shape[0])
    later = (t[:, None] + 1 == t[None, :]).to(x.dtype)
    before = torch.einsum("st,tchw->schw", later, x[:, :one])
    after = torch.einsum("ts,tchw->schw", later, x[:, one:two])
    return torch.cat([before, after, x[:, two:]], dim=1)


@right("value", "value")
def matmul_with_a_matrix(x):
    one, two = cut(x)
    frames = x.flatten(1)
    same = torch.eye(x.shape[0])
    later = F.pad(same[1:], (0, 0, 0, 1))
    before = (later @ frames).view_as(x)[:, :one]
    after = torch.mm(later.t(), frames).view_as(x)[:, one:two]
    return torch.cat([before, after, x[:, two:]], dim=1)


@right("value", "unrecorded")
def bmm_with_a_matrix(x):
    one, two = cut(x)
    t = torch.arange(x.shape[0])
    later = (t.unsqueeze(1) == t - 1).float()
    apart = x.permute(1, 0, 2, 3).flatten(2)  # C T HW
    before = torch.bmm(later.expand(one, -1, -1), apart[:one])
    after = later.t() @ apart[one:two]
    moved = torch.cat([before, after, apart[two:]])
    return moved.unflatten(2, (x.shape[2], x.shape[3])).permute(1, 0, 2, 3)


def one_hot(channels, *rest):
    weight = torch.zeros(channels, 1, 3, *rest)
    weight[: channels // 8, :, 2] = 1
    weight[channels // 8 : channels // 4, :, 0] = 1
    weight[channels // 4 :, :, 1] = 1
    return weight


@right("value", "value")
class DepthwiseConv1d(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(8, 8, 3, padding=1, groups=8, bias=False)
        self.conv.weight = nn.Parameter(one_hot(8), requires_grad=False)

    def forward(self, x):
        t, c, h, w = x.shape
        y = self.conv(x.permute(2, 3, 1, 0).reshape(h * w, c, t))
        return y.view(h, w, c, t).permute(3, 2, 0, 1)


@right("value", "value")
class DepthwiseConv3d(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("weight", one_hot(8, 1, 1))

    def forward(self, x):
        clip = x.transpose(0, 1).unsqueeze(0)
        return F.conv3d(clip, self.weight, padding=(1, 0, 0), groups=8).squeeze(0).transpose(0, 1)


@right("bits", "value")
def flipped_there_and_back(x):
    one, two = cut(x)

    def later(part):
        return torch.cat([torch.zeros_like(part[:1]), part[:-1]])

    return torch.cat([later(x[:, :one].flip(0)).flip(0), later(x[:, one:two]), x[:, two:]], dim=1)


@right("bits", "bits")
def chunked(x):
    first, second, *rest = x.chunk(8, dim=1)
    first = torch.cat([first[1:], torch.zeros_like(first[:1])])
    second = torch.cat([torch.zeros_like(second[:1]), second[:-1]])
    return torch.cat([first, second, *rest], 1)


@right("bits", "value")
def stacked_channels(x):
    zero = torch.zeros_like(x[:1, 0])
    first = torch.cat((x[1:, 0], zero))
    second = torch.cat((zero, x[:-1, 1]))
    return torch.stack([first, second, *x.unbind(1)[2:]], dim=1)


@right("bits", "value")
def time_at_the_end(x):
    t, c, h, w = x.shape
    flat = x.permute(1, 2, 3, 0).reshape(c, h * w, t)
    moved = torch.cat([F.pad(flat[:1, :, 1:], (0, 1)), F.pad(flat[1:2, :, :-1], (1, 0)), flat[2:]])
    return moved.reshape(c, h, w, t).permute(3, 0, 1, 2).contiguous()


@right("bits", "value")
def groups_as_an_axis(x):
    t, c, h, w = x.shape
    folds = x.reshape(t, 8, c // 8, h, w)
    y = torch.zeros_like(folds)
    y[:-1, 0] = folds[1:, 0]
    y[1:, 1] = folds[:-1, 1]
    y[:, 2:] = folds[:, 2:]
    return y.view(t, c, h, w)


@right("bits", "value")
def flat_memory(x):
    t, c, h, w = x.shape
    frame = c * h * w
    flat = x.reshape(-1)
    before = F.pad(flat[frame:], (0, frame)).view(t, c, h, w)
    after = F.pad(flat[: flat.shape[0] - frame], (frame, 0)).view(t, c, h, w)
    one, two = cut(x)
    return torch.cat([before[:, :one], after[:, one:two], x[:, two:]], dim=1)


@right("bits", "value")
def clone_and_assign(x):
    one, two = cut(x)
    y = x.clone()
    y[:-1, :one] = x[1:, :one]
    y[-1, :one] = 0
    y[1:, one:two] = x[:-1, one:two]
    y[0, one:two] = 0.0
    return y


class InplaceShift(torch.autograd.Function):
    """As TSM has it: the shift in place, both ways."""

    @staticmethod
    def forward(ctx, x, fold):
        ctx.fold = fold
        x = x.clone()
        buffer = x.new_zeros(x.shape[0], fold, *x.shape[2:])
        buffer[:-1] = x[1:, :fold]
        x[:, :fold] = buffer
        buffer.zero_()
        buffer[1:] = x[:-1, fold : 2 * fold]
        x[:, fold : 2 * fold] = buffer
        return x

    @staticmethod
    def backward(ctx, grad):
        fold = ctx.fold
        back = grad.clone()
        buffer = grad.new_zeros(grad.shape[0], fold, *grad.shape[2:])
        buffer[1:] = grad[:-1, :fold]
        back[:, :fold] = buffer
        buffer.zero_()
        buffer[:-1] = grad[1:, fold : 2 * fold]
        back[:, fold : 2 * fold] = buffer
        return back, None


@right("bits", "bits")
def inplace_shift(x):
    return InplaceShift.apply(x, x.shape[1] // 8)


class FilledBackward(torch.autograd.Function):
    """A backward that clears a frame by `fill_` on a view."""

    @staticmethod
    def forward(ctx, x):
        y = torch.empty_like(x)
        y[:-1, :1], y[1:, 1:2], y[:, 2:] = x[1:, :1], x[:-1, 1:2], x[:, 2:]
        y[-1, 0].fill_(0)
        y.select(0, 0).select(0, 1).zero_()
        return y

    @staticmethod
    def backward(ctx, grad):
        back = grad.roll(1, 0)
        back[0].fill_(0)
        other = grad.roll(-1, 0)
        other.select(0, grad.shape[0] - 1).fill_(0.0)
        return torch.cat([back[:, :1], other[:, 1:2], grad[:, 2:]], dim=1)


@right("bits", "bits")
def filled_in_the_backward(x):
    return FilledBackward.apply(x)


@right("bits", "value")
class BuffersAndDropout(nn.Module):
    """Which channel goes where is a buffer; a dropout that drops nothing follows."""

    def __init__(self):
        super().__init__()
        self.register_buffer("step", torch.tensor([1, -1] + 6 * [0]).view(1, -1, 1, 1))
        self.dropout = nn.Dropout(0.0)
        self.other = nn.Dropout(0.5).eval()

    def forward(self, x):
        zero = torch.zeros(1, *x.shape[1:])
        before, after = torch.cat([x[1:], zero]), torch.cat([zero, x[:-1]])
        y = torch.where(self.step == 1, before, torch.where(self.step == -1, after, x))
        return self.other(self.dropout(y))


@right("value", "value")
def literal_masks(x):
    first = torch.tensor([1.0, 0, 0, 0, 0, 0, 0, 0]).view(1, 8, 1, 1)
    second = torch.tensor([0.0, 1, 0, 0, 0, 0, 0, 0]).view(1, 8, 1, 1)
    rest = torch.tensor([[0.0, 0, 1, 1, 1, 1, 1, 1]]).view(1, 8, 1, 1)
    before = F.pad(x[1:], (0, 0, 0, 0, 0, 0, 0, 1))
    after = F.pad(x[:-1], (0, 0, 0, 0, 0, 0, 1, 0))
    return before * first + after * second + x * rest


@right("bits", "value")
def through_double(x):
    return slices_into_zeros(x.double()).to(x.dtype)


@right("value", "value")
def zeros_of_a_shape(x):
    t, c, h, w = x.shape
    y = torch.zeros((t, c, h, w), dtype=x.dtype, device=x.device)
    y.narrow(0, 0, t - 1)[:, : c // 8].copy_(x.narrow(0, 1, t - 1)[:, : c // 8])
    y[1:, c // 8 : c // 4] += x[:-1, c // 8 : c // 4]
    y[:, c // 4 :] = x[:, c // 4 :]
    return y


def proved_in_whole(spec):
    """The target of a whole proof: several of the meanings that are hardest."""
    return MODULES["clamped_index_and_mask"]()
