"""Sphinx configuration."""

import json
import shutil
import sys
from pathlib import Path

import stsm_ref

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_ext"))
# the notebooks live at the top of the repository, where people look for them; what a picture says
# in text becomes its alternative
shutil.rmtree(HERE / "_notebooks", ignore_errors=True)
(HERE / "_notebooks").mkdir()
for path in sorted((HERE.parent / "notebooks").glob("*.ipynb")):
    notebook = json.loads(path.read_text())
    for cell in notebook["cells"]:
        for data in (output.get("data", {}) for output in cell.get("outputs", [])):
            if "image/png" in data:
                cell["metadata"]["mystnb"] = {"image": {"alt": "".join(data["text/plain"])[:600]}}
    (HERE / "_notebooks" / path.name).write_text(json.dumps(notebook))

project = "stsm_ref"
author = copyright = "The stsm_ref maintainers"
release = stsm_ref.__version__
extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "mathml",
    "doctests",
    "tables",
]
html_math_renderer = "mathml"
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
nb_execution_mode = "off"  # stored outputs; `make notebooks` keeps them true
autodoc_member_order = "bysource"
autodoc_typehints = "none"
napoleon_numpy_docstring = True
exclude_patterns = ["_build", "examples"]
html_theme = "furo"
html_title = "stsm_ref"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
