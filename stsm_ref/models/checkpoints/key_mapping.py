r"""How other people name what these networks hold, and how their names become ours: torchvision,
MMAction2, TSM, TDN and TANet.

A rule is a pattern from the start of a name to the place that it is about, and what stands there
instead; the rules of a source are applied one after another. So ``.net.``, which TSM's wrapper puts
into a name, passes directly after the first convolution of a block and nowhere else: around a whole
block, or a whole stage, it says that the network is another one.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Literal

from torch import Tensor

from stsm_ref.errors import ModelError
from stsm_ref.models.mobilenet_v2 import STAGES

Source = Literal["torchvision", "tsm", "tdn", "tanet", "mmaction2", "stsm_ref"]
Rules = tuple[tuple[str, str], ...]

WRAPPERS = frozenset({"module", "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module"})
"""Parts of names that data parallelism, `torch.compile`, sharding and activation checkpointing add
around any module.
"""

BLOCK = r"^(backbone\.layer[1-4]\.\d+"
UNIT = r"^(backbone\.features\.\d+\.conv"

TORCHVISION: Rules = ((r"^", "backbone."),)
REPOSITORY: Rules = (
    # what the repositories of TSM, TDN and TANet have in common, since each began as a copy of
    # TSN's
    (r"^(?:new_fc|base_model\.(?:fc|classifier))\.", "head.fc."),
    (r"^base_model\.", "backbone."),
)
TSM: Rules = (
    *REPOSITORY,
    (BLOCK + r")\.block\.", r"\1."),  # beside its non-local block
    (BLOCK + r"\.conv1)\.net\.", r"\1."),
    (BLOCK + r"\.nl)\.(g|phi)\.0\.", r"\1.\2."),
    (BLOCK + r"\.nl)\.W\.0\.", r"\1.out."),
    (BLOCK + r"\.nl)\.W\.1\.", r"\1.bn."),
    # MobileNetV2: convolution, BatchNorm and ReLU6 stand side by side there, in groups of three
    # here
    (UNIT + r"\.0)\.net\.", r"\1."),
    (r"^(backbone\.features\.1\.conv)\.3\.", r"\1.project."),
    (r"^(backbone\.features\.1\.conv)\.4\.", r"\1.2."),
    (UNIT + r")\.([01])\.(?!\d)", r"\1.0.\2."),
    (UNIT + r")\.3\.", r"\1.1.0."),
    (UNIT + r")\.4\.", r"\1.1.1."),
    (UNIT + r")\.6\.", r"\1.2."),
    (UNIT + r")\.7\.", r"\1.3."),
    (UNIT + r")\.project\.", r"\1.1."),
)
TANET: Rules = (
    *REPOSITORY,
    (BLOCK + r")\.net\.", r"\1."),  # a block beside its TAM: there is no shift
    (BLOCK + r"\.tam)\.G\.", r"\1.global_branch."),
    (BLOCK + r"\.tam)\.L\.", r"\1.local_branch."),
)
TDN: Rules = (
    *REPOSITORY,
    (r"^backbone\.conv1_5\.0\.", "backbone.difference_stem.1."),
    (r"^backbone\.conv1_5\.1\.", "backbone.difference_stem.2."),
    (r"^backbone\.resnext_layer1\.", "backbone.difference_layer1."),
    (r"^backbone\.layer([1-4])_bak\.", r"backbone.layer\1."),
    (BLOCK + r")\.shift\.conv\.", r"\1.temporal.conv."),
    (BLOCK + r")\.mse\.conv1\.", r"\1.difference.reduce.0."),
    (BLOCK + r")\.mse\.bn1\.", r"\1.difference.reduce.1."),
    (BLOCK + r")\.mse\.conv2\.", r"\1.difference.align."),
    (BLOCK + r")\.mse\.conv3_smallscale2\.", r"\1.difference.coarse.0."),
    (BLOCK + r")\.mse\.bn3_smallscale2\.", r"\1.difference.coarse.1."),
    (BLOCK + r")\.mse\.conv3_smallscale4\.", r"\1.difference.fine.0."),
    (BLOCK + r")\.mse\.bn3_smallscale4\.", r"\1.difference.fine.1."),
    (BLOCK + r")\.mse\.conv3\.", r"\1.difference.expand.0."),
    (BLOCK + r")\.mse\.bn3\.", r"\1.difference.expand.1."),
)
MMACTION2: Rules = (
    (r"^cls_head\.fc_cls\.", "head.fc."),
    (BLOCK + r")\.block\.", r"\1."),  # beside its non-local block, or its TAM
    (BLOCK + r"\.conv1\.conv)\.net\.", r"\1."),
    (r"^(backbone\.(?:layer[1-4]\.\d+\.)?)conv(\d)\.conv\.", r"\1conv\2."),
    (r"^(backbone\.(?:layer[1-4]\.\d+\.)?)conv(\d)\.bn\.", r"\1bn\2."),
    (BLOCK + r"\.downsample)\.conv\.", r"\1.0."),
    (BLOCK + r"\.downsample)\.bn\.", r"\1.1."),
    (BLOCK + r"\.tam)\.G\.", r"\1.global_branch."),
    (BLOCK + r"\.tam)\.L\.", r"\1.local_branch."),
    (BLOCK + r")\.non_local_block\.conv_out\.conv\.", r"\1.nl.out."),
    (BLOCK + r")\.non_local_block\.conv_out\.bn\.", r"\1.nl.bn."),
    (BLOCK + r")\.non_local_block\.(theta|phi|g)\.(?:0\.)?conv\.", r"\1.nl.\2."),
)
MMACTION2_MOBILENET: Rules = (
    (r"^cls_head\.fc_cls\.", "head.fc."),
    (r"^backbone\.conv1\.conv\.", "backbone.features.0.0."),
    (r"^backbone\.conv1\.bn\.", "backbone.features.0.1."),
    (r"^backbone\.conv2\.conv\.", "backbone.features.18.0."),
    (r"^backbone\.conv2\.bn\.", "backbone.features.18.1."),
    # layers count from 1, blocks within them from 0; here the blocks are numbered through
    *(
        (
            rf"^backbone\.layer{layer}\.{block}\.",
            f"backbone.features.{1 + sum(stage[2] for stage in STAGES[: layer - 1]) + block}.",
        )
        for layer in range(1, len(STAGES) + 1)
        for block in range(STAGES[layer - 1][2])
    ),
    (UNIT + r"\.0)\.net\.", r"\1."),  # around the convolution together with its BatchNorm
    (r"^(backbone\.features\.1\.conv\.1)\.conv\.", r"\1."),
    (r"^(backbone\.features\.1\.conv)\.1\.bn\.", r"\1.2."),
    (UNIT + r")\.2\.conv\.", r"\1.2."),
    (UNIT + r")\.2\.bn\.", r"\1.3."),
    (UNIT + r"\.[01])\.conv\.", r"\1.0."),
    (UNIT + r"\.[01])\.bn\.", r"\1.1."),
)
TELLING: Rules = (
    # what a name that has found no place says of the network that has one there
    (r"\.layer\d\.net\.", "it pools over time before a stage (temporal_pool)"),
    (r"\.layer\d\.\d+\.net\.", "its shift stands before whole blocks (shift_place='block')"),
    (r"\.net\.", "its shift stands where none stands here"),
)


def without_wrappers(key: str) -> str:
    """Leave out of a name what a wrapper of any module has put into it.

    >>> without_wrappers("module.backbone._orig_mod.conv1.weight")
    'backbone.conv1.weight'
    """
    return ".".join(part for part in key.split(".") if part not in WRAPPERS) or key


def plain_names(theirs: Mapping[str, Tensor]) -> dict[str, str]:
    """Return the names without what holds the network, each with the name that it has in the file.

    What one holder calls its network (``model.``, ``ema_model.``) is left out where all names begin
    with it, and the rest is known; its own counters, such as ``n_averaged``, do not count. Two
    names may become one, and then only one is returned.
    """
    plain = {without_wrappers(key): key for key in theirs}
    counters = {key: origin for key, origin in plain.items() if is_counter(key, theirs[origin])}
    names = {key: origin for key, origin in plain.items() if key not in counters}
    while (
        source_of(names) is None
        and len({key.partition(".")[0] for key in names}) == 1
        and all("." in key for key in names)
    ):
        names = {key.partition(".")[2]: origin for key, origin in names.items()}
    return (names | counters) if source_of(names) else plain


def is_counter(key: str, value: Tensor) -> bool:
    """Whether it is what a holder of a network counts for itself: one integer under a name of
    one part.
    """
    return "." not in key and value.ndim == 0 and not value.is_floating_point()


def source_of(keys: Collection[str]) -> Source | None:
    """Tell by names without wrappers whose they are, or None where they are nobody's that is known
    here.
    """
    if any(key.startswith("base_model.") for key in keys):
        if any(key.startswith("base_model.layer1_bak.") for key in keys):
            return "tdn"
        return "tanet" if any(".tam." in key for key in keys) else "tsm"
    if "backbone.conv1.conv.weight" in keys:
        return "mmaction2"
    if any(key.startswith("backbone.") for key in keys):
        return "stsm_ref"
    return "torchvision" if "conv1.weight" in keys or "features.0.0.weight" in keys else None


def tell_source(path: str | Path, keys: Collection[str]) -> Source:
    """Tell by names without wrappers whose file it is.

    Raises
    ------
    ModelError
        If they are nobody's that is known here.
    """
    if not keys:
        raise ModelError(f"path={str(path)!r} holds no tensor: save a network's state_dict()")
    if (source := source_of(keys)) is not None:
        return source
    holders = sorted({key.partition(".")[0] for key in keys if "." in key})
    inner = [
        holder
        for holder in holders
        if source_of([key.partition(".")[2] for key in keys if key.startswith(f"{holder}.")])
    ]
    if inner:
        names = " and ".join(shown(f"{holder}.") for holder in inner)
        raise ModelError(
            f"path={str(path)!r} holds more than one network, such as that under {names}: save "
            "the one that you mean alone"
        )
    known = "torchvision's, TSM's, TDN's, TANet's, MMAction2's and ours"
    raise ModelError(
        f"path={str(path)!r} has keys like {shown(next(iter(keys)))}: known are {known}"
    )


def rules_of(source: Source, keys: Collection[str]) -> Rules:
    """Choose the rules; MMAction2 names MobileNetV2 otherwise, which has a last convolution where
    ResNet has none.
    """
    if source == "mmaction2" and "backbone.conv2.conv.weight" in keys:
        return MMACTION2_MOBILENET
    return {
        "torchvision": TORCHVISION,
        "tsm": TSM,
        "tdn": TDN,
        "tanet": TANET,
        "mmaction2": MMACTION2,
        "stsm_ref": (),
    }[source]


def renamed(key: str, rules: Rules) -> str:
    """Apply the rules one after another."""
    for pattern, replacement in rules:
        key = re.sub(pattern, replacement, key)
    return key


def what_it_tells(keys: Iterable[str]) -> str | None:
    """Say in words what a name without a place shows of the network that it comes from, or None
    where it shows nothing.
    """
    homeless = list(keys)
    return next(
        (
            f"{words}, as {shown(key)} says"
            for pattern, words in TELLING
            for key in homeless
            if re.search(pattern, key)
        ),
        None,
    )


def lone_wrapper(keys: Collection[str]) -> str | None:
    """Return a name in which a whole block is wrapped although nothing stands beside it, as a
    non-local block or a TAM would, or None.
    """
    beside = {
        match[1]
        for key in keys
        if (match := re.match(r"(.*\blayer\d\.\d+)\.(?:nl|non_local_block|tam)\.", key))
    }
    wrapped = ((key, re.match(r"(.*\blayer\d\.\d+)\.block\.", key)) for key in keys)
    return next((key for key, match in wrapped if match and match[1] not in beside), None)


def shown(key: str) -> str:
    """Return a name from a file as a message can hold it: quoted, with nothing that a terminal
    obeys, and not too long.
    """
    return ascii(key if len(key) <= 120 else f"{key[:120]}...")
