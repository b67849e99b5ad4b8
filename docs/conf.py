"""Sphinx configuration."""

import shutil
from pathlib import Path

import stsm_ref

HERE = Path(__file__).parent
# the notebooks live at the top of the repository, where people look for them
shutil.copytree(HERE.parent / "notebooks", HERE / "_notebooks", dirs_exist_ok=True, ignore=shutil.ignore_patterns(".*"))

project = "stsm_ref"
author = copyright = "The stsm_ref maintainers"
release = stsm_ref.__version__
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.mathjax"]
myst_enable_extensions = ["dollarmath"]
nb_execution_mode = "off"  # stored outputs; `make notebooks` keeps them true
autodoc_member_order = "bysource"
autodoc_typehints = "none"
napoleon_numpy_docstring = True
exclude_patterns = ["_build", "examples"]
html_theme = "furo"
html_title = "stsm_ref"
