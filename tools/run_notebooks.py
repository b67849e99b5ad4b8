"""Execute every notebook top to bottom; fail where its outputs differ from the stored ones, or
write them with --write.

Text must be equal to the letter. Pictures must be equal but for the rounding of colours, which
another processor may do otherwise. What only a running kernel can show, such as a widget, is
executed and not stored: each stands beside a still. Names of notebooks as arguments choose among
them: ``run_notebooks.py 02 --write``.
"""

import base64
import io
import sys
import time
from pathlib import Path

import nbformat
import numpy as np
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError
from PIL import Image

FOLDER = Path(__file__).parents[1] / "notebooks"
LIVE = "application/vnd.jupyter.widget-view+json"
PATIENCE = 600
"""Seconds for a cell, which only a hang takes, on a busy machine too."""
ROUNDING = 5  # of 255 steps of a colour


def without_execution_state(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Take out what depends on the machine that ran it."""
    notebook.metadata = nbformat.from_dict({"kernelspec": notebook.metadata["kernelspec"]})
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = joined(
                [output for output in cell.outputs if LIVE not in output.get("data", {})]
            )
    return notebook


def joined(outputs: list[nbformat.NotebookNode]) -> list[nbformat.NotebookNode]:
    """Put pieces of printed text together that arrived one after the other: how many there are
    depends on the clock.
    """
    whole: list[nbformat.NotebookNode] = []
    for output in outputs:
        if whole and output.output_type == "stream" and whole[-1].get("name") == output.name:
            whole[-1].text += output.text
        else:
            whole.append(output)
    return whole


def same_picture(stored: str, fresh: str) -> bool:
    """Whether two PNGs show the same, but for the rounding of colours."""
    one, other = (
        np.asarray(Image.open(io.BytesIO(base64.b64decode(text))).convert("RGB"), np.int16)
        for text in (stored, fresh)
    )
    return one.shape == other.shape and bool(np.max(np.abs(one - other), initial=0) <= ROUNDING)


def differences(stored: nbformat.NotebookNode, fresh: nbformat.NotebookNode) -> list[str]:
    """Name each cell whose outputs are not the stored ones."""
    found = []
    for old, new in zip(stored.cells, fresh.cells, strict=True):
        kept, made = ([dict(output) for output in cell.get("outputs", [])] for cell in (old, new))
        equal = len(kept) == len(made)
        for one, other in zip(kept, made, strict=False):
            pictures = [{**output.get("data", {})}.get("image/png") for output in (one, other)]
            if all(pictures) and same_picture(*pictures):
                one["data"], other["data"] = (
                    {**output["data"], "image/png": ""} for output in (one, other)
                )
            equal = equal and one == other
        if not equal or old.get("execution_count") != new.get("execution_count"):
            found.append(str(new.id))
    return found


def main(arguments: list[str]) -> int:
    """Run all, or those whose names are given; 1 if one differs, raises or takes too long."""
    chosen = [argument for argument in arguments if not argument.startswith("-")]
    paths = [
        path
        for path in sorted(FOLDER.glob("*.ipynb"))
        if not chosen or any(path.name.startswith(name) for name in chosen)
    ]
    failed = []
    for path in paths:
        began = time.perf_counter()
        notebook = nbformat.read(path, as_version=4)
        client = NotebookClient(
            notebook,
            timeout=PATIENCE,
            kernel_name="python3",
            record_timing=False,
            resources={"metadata": {"path": FOLDER}},
        )
        try:
            client.execute()
        except (CellExecutionError, CellTimeoutError) as error:
            print(f"{path.name}: stopped: {error}", flush=True)
            failed.append(path.name)
            continue
        fresh, seconds = without_execution_state(notebook), time.perf_counter() - began
        verdict = "ran top to bottom"
        if "--write" in arguments:
            path.write_text(str(nbformat.writes(fresh)) + "\n")
        elif other := differences(nbformat.read(path, as_version=4), fresh):
            verdict = f"differs from what is stored, in {', '.join(other)}"
            failed.append(path.name)
        print(f"{path.name}: {verdict} ({seconds:.0f} s)", flush=True)
    if failed:
        print(
            f"{len(failed)} of {len(paths)} failed; where new outputs are right: .venv/bin/python "
            "tools/run_notebooks.py --write"
        )
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
