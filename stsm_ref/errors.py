"""The errors that stsm_ref raises on purpose: all of them are `StsmError`, which is a `ValueError`.

Every message names the argument and its value, the rule it breaks, and the way out.
"""


class StsmError(ValueError):
    """Base of every error this package raises about its input."""


class SpecError(StsmError):
    """A shift spec, a displacement or a channel count that means nothing."""


class ArrayError(StsmError):
    """An array of the wrong rank, axis or dtype."""


class ModelError(StsmError):
    """A network, a site in one or a checkpoint that does not exist, or does not fit."""


class ReportError(StsmError):
    """A report, a picture or a checkpoint that cannot be written where it was asked for."""


class VectorError(StsmError):
    """Golden vectors that are missing, cut, changed or of no known version, or that cannot be written."""


class MissingExtraError(StsmError, ImportError):
    """A part of the package was used whose optional dependency is not installed."""

    def __init__(self, feature: str, module: str, extra: str) -> None:
        super().__init__(f"{feature} needs {module}, which is not installed: pip install 'stsm_ref[{extra}]'")
