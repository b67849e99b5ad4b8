# ruff: noqa: D101, D102, PLW0108  # modules as careless people, and malicious ones, write them
"""Modules whose recorded graph is not what they do: none may be called proved. And right ones
that use the same means innocently.
"""

import collections
import copy
import functools
import gc
import inspect
import itertools
import os
import random
import sys
import threading
import time
import weakref

import numpy as np
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

WRONG: list[str] = []
RIGHT: list[str] = []


def tsm(x):
    y = torch.zeros_like(x)
    y[:-1, :2] = x[1:, :2]
    y[1:, 2:4] = x[:-1, 2:4]
    y[:, 4:] = x[:, 4:]
    return y


def by_cat(x):
    zero = torch.zeros_like(x[:1])
    return torch.cat(
        [torch.cat([x[1:, :2], zero[:, :2]]), torch.cat([zero[:, 2:4], x[:-1, 2:4]]), x[:, 4:]],
        dim=1,
    )


def back(g):
    y = torch.zeros_like(g)
    y[1:, :2] = g[:-1, :2]
    y[:-1, 2:4] = g[1:, 2:4]
    y[:, 4:] = g[:, 4:]
    return y


class Map(nn.Module):
    def __init__(self, f):
        super().__init__()
        self.f = f

    def forward(self, x):
        return self.f(x)


def _entered(names, made):
    """A function of x, or a class of modules, as what `stsm-ref prove` calls."""
    names.append(made.__name__)
    return (lambda spec: made()) if isinstance(made, type) else (lambda spec: Map(made))


def wrong(made):
    return _entered(WRONG, made)


def right(made):
    return _entered(RIGHT, made)


# --- modes
# --------------------------------------------------------------------------------------------------------------------------------


@wrong
class EvalDoesNothing(nn.Module):
    def forward(self, x):
        return tsm(x) if self.training else x.clone()


@wrong
class EvalWrongForMany(nn.Module):
    def forward(self, x):
        return tsm(x) if self.training or x.shape[0] < 300 else x.clone()


@wrong
class EvalByOverride(nn.Module):
    late = 0

    def train(self, mode=True):
        self.late = 0 if mode else 300
        return super().train(mode)

    def forward(self, x):
        return x.clone() if self.late and x.shape[0] > self.late else tsm(x)


@wrong
class AChildInEval(nn.Module):
    def __init__(self):
        super().__init__()
        self.child = nn.Identity()

    def forward(self, x):
        return tsm(x) if self.child.training or x.shape[0] < 300 else x.clone()


@wrong
class DropsInTraining(nn.Module):
    def __init__(self):
        super().__init__()
        self.drop = nn.Dropout(0.5)

    def forward(self, x):
        return self.drop(tsm(x))


@wrong
def more_where_a_gradient_is_wanted(x):
    return tsm(x) + 1 if x.requires_grad else tsm(x)


@wrong
def more_where_a_gradient_is_wanted_of_many(x):
    return tsm(x) * 1 + 1 if x.requires_grad and x.shape[0] > 300 else tsm(x)


@wrong
def asks_gradient_mode(x):
    return tsm(x) if torch.is_grad_enabled() else x.clone()


@wrong
def asks_gradient_mode_of_many(x):
    return tsm(x) if torch.is_grad_enabled() or x.shape[0] < 300 else x.clone()


@wrong
def asks_inference_mode(x):
    return x.clone() if torch.is_inference_mode_enabled() else tsm(x)


@wrong
def asks_inference_of_the_tensor(x):
    return x.clone() if x.is_inference() and x.shape[0] > 300 else tsm(x)


@wrong
def asks_autocast(x):
    return x.clone() if torch.is_autocast_enabled("cpu") else tsm(x)


@wrong
def asks_autocast_for_many(x):
    return x.clone() if torch.is_autocast_enabled("cpu") and x.shape[0] > 300 else tsm(x)


@wrong
def is_a_leaf(x):
    return tsm(x) if x.is_leaf else tsm(x) * 2


@wrong
def has_a_history(x):
    return tsm(x) if x.grad_fn is None or x.shape[0] < 300 else x.clone()


@wrong
def asks_the_default_dtype(x):
    return tsm(x) if torch.get_default_dtype() is torch.float32 else x.clone()


@wrong
def asks_for_determinism(x):
    return x.clone() if torch.are_deterministic_algorithms_enabled() else tsm(x)


@wrong
def asks_for_threads(x):
    return tsm(x) if torch.get_num_threads() < 64 else x.clone()


@wrong
def asks_a_backend(x):
    return tsm(x) if torch.backends.mkldnn.enabled else x.clone()


@wrong
def asks_anomaly_mode(x):
    return x.clone() if torch.is_anomaly_enabled() and x.shape[0] > 300 else tsm(x)


@wrong
def asks_saved_tensor_hooks(x):
    return (
        x.clone()
        if torch._C._autograd._saved_tensors_hooks_is_enabled() and x.shape[0] > 300
        else tsm(x)
    )


# --- whether it is being recorded
# ---------------------------------------------------------------------------------------------------------


@wrong
def is_compiling(x):
    return tsm(x) if torch.compiler.is_compiling() or x.shape[0] < 300 else x.clone()


@wrong
def is_exporting(x):
    return tsm(x) if torch.compiler.is_exporting() or x.shape[0] < 300 else x.clone()


@wrong
def is_tracing(x):
    return x.clone() if torch.jit.is_tracing() else tsm(x)


@wrong
def size_is_an_integer(x):
    return x.clone() if isinstance(x.shape[0], int) and x.shape[0] > 300 else tsm(x)


@wrong
def type_of_the_size(x):
    return x.clone() if type(x.shape[0]) is int and x.shape[0] > 300 else tsm(x)


@wrong
def size_with_an_attribute(x):
    return tsm(x) if hasattr(x.shape[0], "node") or x.shape[0] < 300 else x.clone()


@wrong
def type_of_the_tensor(x):
    return x.clone() if type(x) is torch.Tensor and x.shape[0] > 300 else tsm(x)


@wrong
def name_of_the_type(x):
    return x.clone() if x.__class__.__name__ == "Tensor" and x.shape[0] > 300 else tsm(x)


@wrong
def looks_at_the_stack(x):
    names = {frame.function for frame in inspect.stack(0)}
    return tsm(x) if "_export" in names or x.shape[0] < 300 else x.clone()


@wrong
def looks_at_frames(x):
    frame, depth = sys._getframe(), 0
    while frame:
        frame, depth = frame.f_back, depth + 1
    return tsm(x) if depth > 60 or x.shape[0] < 300 else x.clone()


@wrong
def asks_for_modes_on_the_stack(x):
    return tsm(x) if torch._C._len_torch_dispatch_stack() or x.shape[0] < 300 else x.clone()


@wrong
def the_symbol_by_an_exception(x):
    try:
        known = x.shape[0].node is not None
    except AttributeError:
        known = False
    return tsm(x) if known or x.shape[0] < 300 else x.clone()


@wrong
def the_symbol_as_a_key(x):
    try:
        {x.shape[0]: 1}
    except TypeError:
        return tsm(x)
    return tsm(x) if x.shape[0] < 300 else x.clone()


@wrong
def asks_for_a_tracer(x):
    return tsm(x) if sys.gettrace() is not None or x.shape[0] < 300 else x.clone()


# --- sizes that torch does not see
# --------------------------------------------------------------------------------------------------------

TABLE = {"350", "40", "4000"}


@wrong
def size_as_text(x):
    return x.clone() if str(x.shape[2]) in TABLE else tsm(x)


@wrong
def size_in_a_format(x):
    return x.clone() if f"{x.shape[2]}" in TABLE else tsm(x)


@wrong
def size_by_repr(x):
    return x.clone() if repr(x.shape[2]) in TABLE else tsm(x)


@wrong
def size_by_percent(x):
    return x.clone() if "%s" % x.shape[2] in TABLE else tsm(x)  # noqa: UP031


@wrong
def size_by_format(x):
    return x.clone() if "{:}".format(x.shape[2]) in TABLE else tsm(x)  # noqa: UP032


@wrong
def shape_as_text(x):
    return x.clone() if "350" in str(x.shape) else tsm(x)


@wrong
def length_of_the_text(x):
    return x.clone() if len(str(x.shape[0])) > 3 else tsm(x)


@wrong
def text_of_a_comparison(x):
    return x.clone() if str(x.shape[2] > 300) == "True" else tsm(x)


@wrong
def size_by_hash(x):
    return x.clone() if hash(x.shape[2]) == 350 else tsm(x)


@wrong
def size_in_a_dictionary(x):
    return x.clone() if {350: True}.get(x.shape[2], False) else tsm(x)


@wrong
def size_as_integer(x):
    return x.clone() if int(x.shape[2]) == 350 else tsm(x)


@wrong
def size_in_a_list(x):
    return x.clone() if ([False] * 350 + [True] * 1000)[x.shape[2]] else tsm(x)


@wrong
def size_in_numpy(x):
    return x.clone() if np.asarray(x.shape).max() > 300 else tsm(x)


@wrong
def size_in_a_string_of_bytes(x):
    return x.clone() if bytes(x.shape[2]).count(0) > 300 else tsm(x)


@wrong
def size_of_the_storage(x):
    return x.clone() if x.untyped_storage().nbytes() > 10**7 else tsm(x)


@wrong
def size_by_the_text_of_the_tensor(x):
    return x.clone() if len(repr(x)) > 10**5 else tsm(x)


@wrong
def size_by_a_bad_quotient(x):
    x.shape[0] // (x.shape[0] - 1000)
    return tsm(x)


@wrong
def size_kept_in_deep_copy(x):
    return x.clone() if str(copy.deepcopy(x.shape[2])) in TABLE else tsm(x)


# --- values
# -------------------------------------------------------------------------------------------------------------------------------


@wrong
def asserts_on_values(x):
    torch._assert_async((x < 1e6)[0, 0, 0, 0], "")
    return tsm(x)


@wrong
def asserts_on_values_without_words(x):
    torch._assert_async((x < 1e38).all())
    return tsm(x)


@wrong
def checks_a_value(x):
    torch._check(x.flatten()[0].item() < 1e6)
    return tsm(x)


@wrong
def a_lookup_that_nobody_uses(x):
    torch.arange(3).index_select(0, (x[0, 0, 0, :1] > 1e38).long() * 5)
    return tsm(x)


@wrong
def a_lookup_by_size_that_nobody_uses(x):
    torch.arange(300).index_select(0, torch.full((1,), 1) * x.shape[0])
    return tsm(x)


@wrong
def a_lookup_of_which_half_is_used(x):
    places = torch.cat([torch.arange(1), torch.arange(1) + x.shape[0] - 1])
    found = torch.arange(300, dtype=torch.float32).index_select(0, places)[:1]
    return tsm(x) + found


@wrong
def branches_on_a_value(x):
    return tsm(x) if bool((x < 1e38).all()) else x.clone()


@wrong
def reads_numpy(x):
    return tsm(x) if x.detach().numpy().max() < 1e38 else x.clone()


@wrong
def drops_what_is_not_a_number(x):
    return torch.nan_to_num(tsm(x))


# --- state
# --------------------------------------------------------------------------------------------------------------------------------


@wrong
class Counts(nn.Module):
    def __init__(self):
        super().__init__()
        self.calls = 0

    def forward(self, x):
        self.calls += 1
        return tsm(x) if self.calls < 10**4 else x.clone()


@wrong
class CountsOnTheClass(nn.Module):
    calls = 0

    def forward(self, x):
        type(self).calls += 1
        return tsm(x) if self.calls < 10**4 else x.clone()


CALLS = [0]


@wrong
def counts_in_a_list(x):
    CALLS[0] += 1
    return tsm(x) if CALLS[0] < 10**4 else x.clone()


@wrong
class CountsInABuffer(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("calls", torch.zeros(()))

    def forward(self, x):
        self.calls += 1
        return torch.where(self.calls < 1e4, tsm(x), x)


@wrong
class CountsInAnIterator(nn.Module):
    def __init__(self):
        super().__init__()
        self.calls = itertools.count()

    def forward(self, x):
        return tsm(x) if next(self.calls) < 10**4 else x.clone()


@wrong
class AClosureThatCounts(nn.Module):
    def __init__(self):
        super().__init__()
        calls = 0

        def step():
            nonlocal calls
            calls += 1
            return calls

        self.step = step

    def forward(self, x):
        return tsm(x) if self.step() < 10**4 else x.clone()


@wrong
class AnotherAtEachRead(nn.Module):
    reads = 0

    @property
    def fold(self):
        type(self).reads += 1
        return 2 if self.reads < 10**4 else 3

    def forward(self, x):
        return tsm(x) if self.fold == 2 else x.clone()


@wrong
class KeepsTheFirst(nn.Module):
    def __init__(self):
        super().__init__()
        self.kept = {}

    def forward(self, x):
        shape = tuple(x.shape)
        if shape not in self.kept:
            self.kept[shape] = tsm(x)
        return self.kept[shape]


@wrong
class TheSameMemory(nn.Module):
    def __init__(self):
        super().__init__()
        self.out = None

    def forward(self, x):
        if self.out is None or self.out.shape != x.shape:
            self.out = torch.empty_like(x)
        with torch.no_grad():
            self.out.copy_(x)
        return tsm(self.out)


@wrong
class RemembersTheObject(nn.Module):
    def __init__(self):
        super().__init__()
        self.last = weakref.ref(self)

    def forward(self, x):
        again = self.last() is x
        self.last = weakref.ref(x)
        return x.clone() if again and x.shape[0] > 300 else tsm(x)


@wrong
class FillsATableAtFirst(nn.Module):
    table = None

    def forward(self, x):
        if self.table is None:
            self.table = [0]
            return tsm(x)
        return tsm(x) if x.shape[0] < 300 else x.clone()


@wrong
class ChangedWhenCopied(nn.Module):
    def __deepcopy__(self, memo):
        return Map(tsm)

    def forward(self, x):
        return tsm(x) if x.shape[0] < 300 else x.clone()


# --- the world
# ----------------------------------------------------------------------------------------------------------------------------


@wrong
def the_environment(x):
    return x.clone() if os.environ.get("STSM_WRONG") else tsm(x)


@wrong
def the_environment_by_item(x):
    return tsm(x) if "STSM_WRONG" not in os.environ else x.clone()


@wrong
def the_time(x):
    return tsm(x) if time.time() < 4e9 else x.clone()


@wrong
def pythons_chance(x):
    return tsm(x) if random.random() < 0.9999 else x.clone()


@wrong
def torchs_chance(x):
    return tsm(x) if torch.rand(()) < 2 else x.clone()


@wrong
def chance_in_the_values(x):
    return torch.where(torch.rand(()) < 2, tsm(x), x)


@wrong
def numpys_chance(x):
    return tsm(x) if np.random.random() < 0.9999 else x.clone()  # noqa: NPY002


@wrong
def the_thread(x):
    return tsm(x) if threading.current_thread().name == "MainThread" else x.clone()


@wrong
def the_thread_by_number(x):
    return tsm(x) if threading.get_ident() % 2**20 != 77 else x.clone()


@wrong
def works_in_a_thread(x):
    found = []
    thread = threading.Thread(
        target=lambda: found.append(tsm(x) if x.shape[0] < 300 else x.clone())
    )
    thread.start()
    thread.join()
    return found[0]


@wrong
def the_process(x):
    return tsm(x) if os.getpid() != 7 else x.clone()


@wrong
def a_file(x):
    return x.clone() if os.path.exists("/tmp/stsm_wrong") else tsm(x)  # noqa: PTH110


@wrong
def the_collector(x):
    return tsm(x) if gc.isenabled() else x.clone()


@wrong
def the_loaded_modules(x):
    return (
        x.clone()
        if "torchvision_of_tomorrow" in sys.modules and sys.flags.optimize
        else tsm(x) + 0 * len(sys.argv[9:][:0] or x.data_ptr() % 1 * [0])
    )


# --- the tensor as an object
# --------------------------------------------------------------------------------------------------------------


@wrong
def the_identity(x):
    return tsm(x) if id(x) % 2**30 != 16 else x.clone()


@wrong
def the_address(x):
    return tsm(x) if x.data_ptr() % 2**30 != 64 else x.clone()


@wrong
def the_version(x):
    return x.clone() if x._version > 40 else tsm(x)


@wrong
def the_offset(x):
    return x.clone() if x.storage_offset() else tsm(x)


@wrong
def the_layout(x):
    return tsm(x) if x.is_contiguous() else x.clone()


@wrong
def the_strides(x):
    return tsm(x) if x.stride(-1) == 1 else x.clone()


@wrong
def the_dtype(x):
    return tsm(x) if x.dtype is torch.float32 else x.clone()


@wrong
def whether_it_is_pinned(x):
    return x.clone() if x.is_pinned() and x.shape[0] > 300 else tsm(x)


@wrong
def whether_it_is_shared(x):
    return x.clone() if x.is_shared() and x.shape[0] > 300 else tsm(x)


@wrong
def whether_it_is_a_view(x):
    return x.clone() if x._is_view() and x.shape[0] > 300 else tsm(x)


@wrong
def how_often_it_is_held(x):
    return x.clone() if sys.getrefcount(x) > 10**4 else tsm(x)


# --- what is written, and hooks
# -----------------------------------------------------------------------------------------------------------


@wrong
def writes_in_place(x):
    y = tsm(x)
    x.detach().add_(0).mul_(2)
    return y


@wrong
def writes_through_data(x):
    y = tsm(x)
    x.data[0, 0, 0, 0] = 5
    return y


class ZeroesTheGradient(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return tsm(x)

    @staticmethod
    def backward(ctx, g):
        found = back(g)
        g.zero_()
        return found


@wrong
def zeroes_the_gradient(x):
    return ZeroesTheGradient.apply(x)


class ZeroesTheInput(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.kept = x
        return tsm(x)

    @staticmethod
    def backward(ctx, g):
        with torch.no_grad():
            ctx.kept.detach().zero_()
        return back(g)


@wrong
def zeroes_the_saved_input(x):
    return ZeroesTheInput.apply(x)


class Straight(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return tsm(x)

    @staticmethod
    def backward(ctx, g):
        return g.clone()


@wrong
def works_by_a_hook_on_the_input(x):
    if x.requires_grad:
        x.register_hook(back)
    return Straight.apply(x)


@wrong
def doubles_by_a_hook_on_the_input(x):
    if x.requires_grad and x.shape[0] > 300:
        x.register_hook(lambda g: g * 2)
    return tsm(x)


@wrong
def doubles_after_accumulation(x):
    if x.requires_grad and x.is_leaf:
        x.register_post_accumulate_grad_hook(lambda leaf: leaf.grad.mul_(2))
    return tsm(x)


@wrong
def a_hook_on_the_node_before(x):
    if x.grad_fn is not None:
        x.grad_fn.register_prehook(lambda grads: tuple(2 * g for g in grads))
    return tsm(x)


@wrong
class AHookOfTheModule(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_forward_hook(
            lambda module, args, y: y if y.shape[0] < 300 else args[0].clone()
        )

    def forward(self, x):
        return tsm(x)


@wrong
class APreHookOfTheModule(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_forward_pre_hook(
            lambda module, args: args[0] if args[0].shape[0] < 300 else args[0] * 2
        )

    def forward(self, x):
        return tsm(x)


@wrong
class ABackwardHookOfTheModule(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_full_backward_hook(lambda module, of_input, of_output: (of_input[0] * 2,))

    def forward(self, x):
        return tsm(x)


@wrong
class ItsOwnCall(nn.Module):
    def __call__(self, x):
        return super().__call__(x) if x.shape[0] < 300 else x.clone()

    def forward(self, x):
        return tsm(x)


@wrong
class ForwardOfTheInstance(nn.Module):
    def __init__(self):
        super().__init__()
        self.forward = lambda x: tsm(x) if x.shape[0] < 300 else x.clone()

    def forward(self, x):
        return tsm(x)


@wrong
class AttributesThatChange(nn.Module):
    def __getattr__(self, name):
        if name == "late":
            return time.time() > 4e9
        return super().__getattr__(name)

    def forward(self, x):
        return x.clone() if self.late else tsm(x)


class CountsBackwards(torch.autograd.Function):
    calls = 0

    @staticmethod
    def forward(ctx, x):
        return tsm(x)

    @staticmethod
    def backward(ctx, g):
        CountsBackwards.calls += 1
        return back(g) if CountsBackwards.calls < 10**4 else g.clone()


@wrong
def counts_its_backwards(x):
    return CountsBackwards.apply(x)


class OfTheLastForward(torch.autograd.Function):
    shape = None

    @staticmethod
    def forward(ctx, x):
        OfTheLastForward.kept = x.detach() * 0
        return tsm(x)

    @staticmethod
    def backward(ctx, g):
        return back(g) + OfTheLastForward.kept.sum()


@wrong
def keeps_the_last_forward(x):
    return OfTheLastForward.apply(x)


# --- operators of one's own
# ---------------------------------------------------------------------------------------------------------------

LIBRARY = f"stsm_wrong_{__name__.rpartition('.')[2]}"


@functools.cache
def _own_operator():
    name = f"{LIBRARY}::shift_{time.monotonic_ns()}"

    @torch.library.custom_op(name, mutates_args=())
    def shift(x: torch.Tensor) -> torch.Tensor:
        return tsm(x) if x.shape[0] < 300 else x.clone()

    shift.register_fake(lambda x: torch.empty_like(x))
    shift.register_autograd(lambda ctx, g: back(g))
    return shift


@wrong
class AnOperatorOfItsOwn(nn.Module):
    def __init__(self):
        super().__init__()
        self.shift = _own_operator()

    def forward(self, x):
        return self.shift(x)


@functools.cache
def _own_question():
    name = f"{LIBRARY}::few_{time.monotonic_ns()}"

    @torch.library.custom_op(name, mutates_args=())
    def few(x: torch.Tensor) -> bool:
        return x.shape[0] < 300

    few.register_fake(lambda x: True)
    return few


@wrong
class AQuestionOfItsOwn(nn.Module):
    def __init__(self):
        super().__init__()
        self.few = _own_question()

    def forward(self, x):
        return tsm(x) if self.few(x) else x.clone()


class Lying(torch.Tensor):
    """A tensor that is another one when it is used."""

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        plain = [
            each.as_subclass(torch.Tensor) if isinstance(each, Lying) else each for each in args
        ]
        if any(
            isinstance(each, torch.Tensor) and each.dim() == 4 and each.shape[0] > 300
            for each in plain
        ):
            plain = [
                each * 2 if isinstance(each, torch.Tensor) and each.dim() == 0 else each
                for each in plain
            ]
        return func(*plain, **(kwargs or {}))


@wrong
class AWeightOfAnotherKind(nn.Module):
    def __init__(self):
        super().__init__()
        self.one = torch.ones(()).as_subclass(Lying)

    def forward(self, x):
        return tsm(x) * self.one


class Spoils(torch.overrides.TorchFunctionMode):
    def __torch_function__(self, func, types, args=(), kwargs=None):
        if (
            args
            and isinstance(args[0], torch.Tensor)
            and func is torch.Tensor.clone
            and args[0].dim() == 4
            and args[0].shape[0] > 300
        ):
            return func(*args, **(kwargs or {})) * 2
        return func(*args, **(kwargs or {}))


@wrong
def under_a_mode_of_its_own(x):
    with Spoils():
        return tsm(x).clone()


@wrong
def without_the_watch(x):
    with torch._C.DisableTorchFunction():
        return tsm(x) if not x.is_inference() or x.shape[0] < 300 else x.clone()


@wrong
def switches_the_tracer_off(x):
    sys.settrace(None)
    return tsm(x) if x.shape[0] < 300 or torch.compiler.is_compiling() else x.clone()


@torch.compiler.disable
def _not_compiled(x):
    return tsm(x) if x.shape[0] < 300 else x.clone()


@wrong
def stays_out_of_the_compiler(x):
    return _not_compiled(x)


@wrong
def by_evaluated_text(x):
    return eval(
        "tsm(x) if x.shape[0] < 300 or __import__('torch').compiler.is_compiling() else x.clone()",
        {"tsm": tsm, "x": x},
    )


@wrong
def by_a_callback_of_the_library(x):
    return sorted([1], key=lambda _: 0) and functools.reduce(
        lambda y, _: tsm(y) if torch.compiler.is_compiling() or y.shape[0] < 300 else y.clone(),
        [0],
        x,
    )


@wrong
def several_tables(x):
    return collections.defaultdict(lambda: tsm, {350: torch.clone})[int(x.shape[2])](x)


# --- right, by the same means
# -------------------------------------------------------------------------------------------------------------


@right
class CopiesInTraining(nn.Module):
    def forward(self, x):
        y = by_cat(x)
        return y.clone() if self.training else y


@right
class DropsNothing(nn.Module):
    def __init__(self):
        super().__init__()
        self.rest = nn.Identity()

    def forward(self, x):
        return self.rest(by_cat(x))


class RightByHand(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return by_cat(x)

    @staticmethod
    def backward(ctx, g):
        return back(g)


@right
def a_function_of_its_own(x):
    return RightByHand.apply(x)


@right
def checkpointed(x):
    return checkpoint(by_cat, x, use_reentrant=False)


@right
def without_gradients_inside(x):
    with torch.no_grad():
        zero = torch.zeros_like(x[:1])
    return torch.cat(
        [torch.cat([x[1:, :2], zero[:, :2]]), torch.cat([zero[:, 2:4], x[:-1, 2:4]]), x[:, 4:]],
        dim=1,
    )


@right
class AHookThatDoesNothing(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_forward_hook(lambda module, args, y: y)

    def forward(self, x):
        return by_cat(x)


@right
def asks_what_is_claimed(x):
    if x.dim() != 4 or not x.is_floating_point() or x.device.type != "cpu":
        raise ValueError(f"{x.dim()} axes")
    return by_cat(x if x.is_contiguous() else x.contiguous())
