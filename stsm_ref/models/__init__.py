"""The paper's networks: 2-D hosts that read top to bottom, their costs, and the checkpoints of
others.

``create_model("tsn_resnet50")`` is STSM+TSN. Weights are never fetched: a file that you have is
loaded by `load_checkpoint`, and `save_checkpoint` writes one that remembers its shift.
"""

from stsm_ref.errors import MissingExtraError

try:
    import torch as _torch  # noqa: F401 # asked for here, so that its absence is told by name
except ModuleNotFoundError:
    raise MissingExtraError("stsm_ref.models", "torch", "torch") from None

from stsm_ref.models.checkpoints.reading import LoadReport, load_checkpoint, save_checkpoint
from stsm_ref.models.flops import Cost, LayerCost, cost
from stsm_ref.models.heads import average_views
from stsm_ref.models.mobilenet_v2 import MobileNetV2, MobileNetV2Classifier
from stsm_ref.models.registry import create_model, list_models, model_cost
from stsm_ref.models.resnet import ResNet, ResNetClassifier
from stsm_ref.models.tsn import TSN

__all__ = [
    "TSN",
    "Cost",
    "LayerCost",
    "LoadReport",
    "MobileNetV2",
    "MobileNetV2Classifier",
    "ResNet",
    "ResNetClassifier",
    "average_views",
    "cost",
    "create_model",
    "list_models",
    "load_checkpoint",
    "model_cost",
    "save_checkpoint",
]
