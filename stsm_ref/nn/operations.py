r"""What layers and functions are to a branch: convolutions, changes place by place, poolings,
attention, and questions about a tensor.
"""

import operator

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812  # its name everywhere
from torch.nn.modules.conv import _ConvNd

CONTAINERS = (nn.Sequential, nn.ModuleList, nn.ModuleDict)
SUMS = (operator.add, operator.iadd, torch.add, "add", "add_")

CONVOLUTIONS = (
    *(F.conv1d, F.conv2d, F.conv3d, F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d),
    *(F.linear, F.bilinear, F.unfold, F.multi_head_attention_forward),
)
"""Functions that take the place of a convolutional layer; `torch.conv2d` and its like are the same
objects.
"""
ATTENTION = (
    torch.matmul,
    torch.bmm,
    torch.baddbmm,
    torch.einsum,
    operator.matmul,
    F.scaled_dot_product_attention,
    "matmul",
    "bmm",
    "baddbmm",
)
"""Products of two tensors in which every place meets every other."""
POOLS = (
    F.softmax,
    torch.softmax,
    "softmax",
    torch.mean,
    torch.sum,
    torch.amax,
    F.adaptive_avg_pool2d,
    F.adaptive_max_pool2d,
    "mean",
    "sum",
    "amax",
    "max",
)
"""Functions that leave no place, where they go over height and width."""
GLOBAL = (nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d, nn.Softmax)
LAYERS = (_ConvNd, nn.Linear, nn.Bilinear, nn.MultiheadAttention, nn.RNNBase, nn.Unfold)
"""Layers that take the place of an `nn.Conv2d`."""
RESIZING = (
    nn.Upsample,
    nn.PixelShuffle,
    nn.MaxUnpool2d,
    F.interpolate,
    F.upsample,
    F.pixel_shuffle,
    F.max_unpool2d,
    F.grid_sample,
)
PLAIN_MODULES = (
    *(
        nn.Identity,
        nn.Dropout,
        nn.Dropout2d,
        nn.BatchNorm2d,
        nn.SyncBatchNorm,
        nn.InstanceNorm2d,
        nn.GroupNorm,
        nn.LayerNorm,
    ),
    *(
        nn.ReLU,
        nn.ReLU6,
        nn.LeakyReLU,
        nn.PReLU,
        nn.RReLU,
        nn.ELU,
        nn.CELU,
        nn.SELU,
        nn.GELU,
        nn.SiLU,
        nn.Mish,
    ),
    *(nn.Hardswish, nn.Hardsigmoid, nn.Hardtanh, nn.Sigmoid, nn.Tanh, nn.Softplus),
)
"""Layers that change values place by place, or by statistics of them: a tensor goes on as what it
was.
"""
LINEAR_MODULES = (nn.Identity, nn.Dropout, nn.Dropout2d)
PLAIN_FUNCTIONS = (
    *(
        operator.mul,
        operator.imul,
        operator.truediv,
        operator.neg,
        operator.sub,
        torch.mul,
        torch.div,
        torch.sub,
        torch.clone,
    ),
    *(
        F.relu,
        F.relu6,
        F.leaky_relu,
        F.elu,
        F.gelu,
        F.silu,
        F.mish,
        F.hardswish,
        F.hardsigmoid,
        F.sigmoid,
        F.tanh,
        F.softplus,
    ),
    *(F.dropout, F.dropout2d, F.batch_norm, F.group_norm, F.instance_norm, F.layer_norm),
    *(torch.relu, torch.sigmoid, torch.tanh, torch.clamp, torch._assert),
    *(
        "relu",
        "relu_",
        "sigmoid",
        "tanh",
        "mul",
        "mul_",
        "div",
        "clone",
        "contiguous",
        "to",
        "float",
        "half",
        "clamp",
        "detach",
        "type",
    ),
)
LINEAR_FUNCTIONS = (
    operator.mul,
    operator.imul,
    operator.truediv,
    torch.mul,
    "mul",
    "mul_",
    "div",
    F.dropout,
    F.dropout2d,
)
QUESTIONS = (getattr, "size", "dim", "numel", torch.numel)
"""What answers about a tensor without giving any of it."""
