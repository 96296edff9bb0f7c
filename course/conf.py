"""Sphinx: the book, built by ``make book`` without a network, any warning an error."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from pathlib import Path

import supercycle

COURSE = Path(__file__).parent
ROOT = COURSE.parent
sys.path.insert(0, str(COURSE / "_ext"))
SCRIPTS = ROOT / ".build" / "web" / "node_modules"  # npm packages, set up by the Makefile

project = "Supercycle"
author = "The Supercycle authors"
copyright = "The Supercycle authors. Texts and figures CC BY 4.0, code MIT"
release = version = supercycle.__version__
language = "en"

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "notebook_pages",
    "library",
    "stack_picture",
    "sphinx_copybutton",
    "sphinx_design",
]
exclude_patterns = ["_build", "scenarios", "**/.ipynb_checkpoints", "figures"]
numfig = True
nitpicky = True  # a reference that leads nowhere is an error

# Pages run from top to bottom at every build; a number in prose is {eval}`any expression`.
nb_execution_mode = "inline"
nb_execution_raise_on_error = False  # a warning with its traceback: -W fails, after all pages
nb_execution_timeout = 120
nb_execution_show_tb = True
nb_eval_name_regex = ".+"
nb_merge_streams = True
nb_output_stderr = "warn"  # what a cell complains of is no part of a page
nb_code_prompt_show = "Show the code"
nb_code_prompt_hide = "Hide the code"

# Kernels start with a profile of their own, whatever the reader's says, and don't comment on
# sockets that never leave this machine.
_PROFILE = ROOT / ".build" / "book" / "ipython" / "profile_default"
_PROFILE.mkdir(parents=True, exist_ok=True)
(_PROFILE / "ipython_kernel_config.py").write_text('c.IPKernelApp.log_level = "ERROR"\n')
os.environ["IPYTHONDIR"] = str(_PROFILE.parent)

myst_enable_extensions = [
    "amsmath",
    "attrs_block",
    "attrs_inline",
    "colon_fence",
    "deflist",
    "dollarmath",
]
myst_heading_anchors = 3
myst_links_external_new_tab = False

# Public names as each package's __all__ lists them, under the package that offers them.
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstrings name types with units and shapes
napoleon_google_docstring = False
napoleon_use_param = False
napoleon_use_rtype = False
napoleon_custom_sections = [("Attributes", "params_style")]
default_role = "py:obj"
# Docstrings put parameters and columns into the same quotes as names that can be linked: a full
# dotted name has to lead somewhere, a single word may.
nitpick_ignore_regex = [("py:obj", r"(?!supercycle\.).*")]

html_theme = "sphinx_book_theme"
html_title = "Supercycle"
html_static_path = ["_static"]
html_css_files = ["book.css", "stack-picture.css"]
html_js_files = ["book.js"]
html_context = {"default_mode": "light"}  # figures are drawn on white
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "show_navbar_depth": 1,
    "use_download_button": False,
    "use_fullscreen_button": False,
    "toc_title": "On this page",
    "secondary_sidebar_items": ["page-toc"],
    "article_header_start": ["toggle-primary-sidebar"],
    "extra_footer": "",
}
mathjax_path = "mathjax.js"  # one file, formulas as SVG: no fonts to fetch
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True


def _fingerprint() -> str:
    """A hash of the library and the facts: pages run again when either changes."""
    files = sorted([*ROOT.glob("lib/supercycle/**/*.py"), *ROOT.glob("datasets/**/*.*")])
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _copy_mathjax(app) -> None:
    source = SCRIPTS / "mathjax" / "es5" / "tex-svg-full.js"
    if not source.is_file():
        raise FileNotFoundError(f"{source}: build the book with `make book`, which fetches it once")
    target = Path(app.outdir) / "_static" / "mathjax.js"
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def setup(app) -> None:
    """Register what the pages depend on beside their own text."""
    app.add_config_value("fingerprint", _fingerprint(), "env", types=[str])
    app.connect("builder-inited", _copy_mathjax)
