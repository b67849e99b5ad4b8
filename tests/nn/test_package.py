"""What `stsm_ref.nn` offers, and what it says where torch is missing."""

import subprocess
import sys

import stsm_ref.nn as snn

WITHOUT_TORCH = """
import sys
sys.modules["torch"] = None
try:
    import stsm_ref.nn
except ImportError as error:
    print(type(error).__name__, error)
"""


def test_names():
    """The public names are these eight."""
    assert sorted(snn.__all__) == [
        *("InsertionReport", "PlacedShift", "STSM", "SparseConvSTSM"),
        *("insert_shift", "remove_shift", "shifts_of", "stsm"),
    ]
    assert all(hasattr(snn, name) for name in snn.__all__)


def test_missing_torch_is_named():
    """Without torch, importing the package says which extra to install."""
    run = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH], capture_output=True, text=True, check=True
    )
    assert run.stdout == (
        "MissingExtraError stsm_ref.nn needs torch, which is not installed: pip install "
        "'stsm_ref[torch]'\n"
    )


def test_numpy_side_does_not_import_torch():
    """`import stsm_ref` alone leaves torch out."""
    run = subprocess.run(
        [sys.executable, "-c", "import stsm_ref, sys; print('torch' in sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout == "False\n"
