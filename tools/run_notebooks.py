"""Execute every notebook top to bottom; fail where its outputs differ from the stored ones, or write them with --write."""

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).parents[1] / "notebooks"


def without_execution_state(notebook: nbformat.NotebookNode) -> str:
    """The notebook as text, without what depends on the machine that ran it."""
    notebook.metadata.pop("language_info", None)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
    return str(nbformat.writes(notebook)) + "\n"


def main() -> int:
    """Run all; 1 if one differs."""
    differ = []
    for path in sorted(FOLDER.glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        NotebookClient(
            notebook, timeout=300, kernel_name="python3", record_timing=False, resources={"metadata": {"path": FOLDER}}
        ).execute()
        fresh = without_execution_state(notebook)
        if "--write" in sys.argv:
            path.write_text(fresh)
        elif fresh != path.read_text():
            differ.append(path.name)
        print(f"{path.name}: {'differs from what is stored' if path.name in differ else 'ran top to bottom'}", flush=True)
    if differ:
        print("run: .venv/bin/python tools/run_notebooks.py --write")
    return bool(differ)


if __name__ == "__main__":
    sys.exit(main())
