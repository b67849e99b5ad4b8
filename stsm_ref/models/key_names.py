r"""How torchvision, TSM's repository and MMAction2 name what these networks hold, and how their names become ours."""

import re
from pathlib import Path
from typing import Literal

from torch import Tensor

from stsm_ref.errors import ModelError
from stsm_ref.models.mobilenet_v2 import STAGES

Source = Literal["torchvision", "tsm", "mmaction2", "stsm_ref"]
Rules = tuple[tuple[str, str], ...]

TORCHVISION: Rules = ((r"^", "backbone."),)
TSM: Rules = (
    (r"^module\.", ""),
    (r"^base_model\.(fc|classifier)\.", "head.fc."),
    (r"^base_model\.", "backbone."),
    (r"^new_fc\.", "head.fc."),
    (r"\.block\.", "."),
    (r"\.net\.", "."),
    (r"\.nl\.(g|phi)\.0\.", r".nl.\1."),
    (r"\.nl\.W\.0\.", ".nl.out."),
    (r"\.nl\.W\.1\.", ".nl.bn."),
    # MobileNetV2: convolution, BatchNorm and ReLU6 stand side by side there, in groups of three here
    (r"\.features\.1\.conv\.3\.", ".features.1.conv.project."),
    (r"\.features\.1\.conv\.4\.", ".features.1.conv.2."),
    (r"\.conv\.([01])\.(?!\d)", r".conv.0.\1."),
    (r"\.conv\.3\.", ".conv.1.0."),
    (r"\.conv\.4\.", ".conv.1.1."),
    (r"\.conv\.6\.", ".conv.2."),
    (r"\.conv\.7\.", ".conv.3."),
    (r"\.project\.", ".1."),
)
MMACTION2: Rules = (
    (r"^cls_head\.fc_cls\.", "head.fc."),
    (r"\.block\.", "."),
    (r"\.net\.", "."),
    (r"\.conv(\d)\.conv\.", r".conv\1."),
    (r"\.conv(\d)\.bn\.", r".bn\1."),
    (r"\.downsample\.conv\.", ".downsample.0."),
    (r"\.downsample\.bn\.", ".downsample.1."),
    (r"\.tam\.G\.", ".tam.global_branch."),
    (r"\.tam\.L\.", ".tam.local_branch."),
    (r"\.non_local_block\.conv_out\.conv\.", ".nl.out."),
    (r"\.non_local_block\.conv_out\.bn\.", ".nl.bn."),
    (r"\.non_local_block\.(theta|phi|g)\.(?:0\.)?conv\.", r".nl.\1."),
)
MMACTION2_MOBILENET: Rules = (
    (r"^cls_head\.fc_cls\.", "head.fc."),
    (r"\.net\.", "."),
    (r"^backbone\.conv1\.conv\.", "backbone.features.0.0."),
    (r"^backbone\.conv1\.bn\.", "backbone.features.0.1."),
    (r"^backbone\.conv2\.conv\.", "backbone.features.18.0."),
    (r"^backbone\.conv2\.bn\.", "backbone.features.18.1."),
    # layers count from 1, blocks within them from 0; here the blocks are numbered through
    *(
        (rf"^backbone\.layer{layer}\.{block}\.", f"backbone.features.{1 + sum(stage[2] for stage in STAGES[: layer - 1]) + block}.")
        for layer in range(1, len(STAGES) + 1)
        for block in range(STAGES[layer - 1][2])
    ),
    (r"\.features\.1\.conv\.1\.conv\.", ".features.1.conv.1."),
    (r"\.features\.1\.conv\.1\.bn\.", ".features.1.conv.2."),
    (r"\.conv\.2\.conv\.", ".conv.2."),
    (r"\.conv\.2\.bn\.", ".conv.3."),
    (r"\.conv\.([01])\.conv\.", r".conv.\1.0."),
    (r"\.conv\.([01])\.bn\.", r".conv.\1.1."),
)


def tell_source(path: str | Path, theirs: dict[str, Tensor]) -> Source:
    """Tell by its keys whose file it is.

    Raises
    ------
    ModelError
        If they are nobody's that is known here.
    """
    if any(key.startswith(("module.base_model.", "base_model.")) for key in theirs):
        return "tsm"
    if "backbone.conv1.conv.weight" in theirs:
        return "mmaction2"
    if any(key.startswith("backbone.") for key in theirs):
        return "stsm_ref"
    if "conv1.weight" in theirs or "features.0.0.weight" in theirs:
        return "torchvision"
    raise ModelError(f"path={str(path)!r} has keys like {next(iter(theirs), None)!r}: known are torchvision's, TSM's, MMAction2's and ours")


def rules_of(source: Source, theirs: dict[str, Tensor]) -> Rules:
    """Choose the rules; MMAction2 names MobileNetV2 otherwise, which has a last convolution where ResNet has none."""
    if source == "mmaction2" and "backbone.conv2.conv.weight" in theirs:
        return MMACTION2_MOBILENET
    return {"torchvision": TORCHVISION, "tsm": TSM, "mmaction2": MMACTION2, "stsm_ref": ()}[source]


def renamed(key: str, rules: Rules) -> str:
    """Apply the rules one after another."""
    for pattern, replacement in rules:
        key = re.sub(pattern, replacement, key)
    return key
