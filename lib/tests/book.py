"""The built book, for the tests that read it."""

from __future__ import annotations

import functools
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
COURSE = ROOT / "course"
HTML = COURSE / "_build" / "html"
NODE_MODULES = ROOT / ".build" / "web" / "node_modules"


@functools.cache
def build() -> tuple[int, str]:
    """Build what has changed, once; exit status and every warning."""
    pytest.importorskip("sphinx_book_theme", reason="install supercycle[book]")
    if not (NODE_MODULES / "mathjax").is_dir():
        pytest.skip("the book's scripts are missing: run `make .build/web/.ready`, which needs npm")
    doctrees = ROOT / ".build" / "book" / "doctrees"
    how = ["--quiet", "-W", "--keep-going", "-n", "-d", str(doctrees), str(COURSE), str(HTML)]
    run = subprocess.run(
        [Path(sys.executable).parent / "sphinx-build", *how], capture_output=True, text=True
    )
    if run.returncode:  # Sphinx says a page's warnings only when it reads the page: read all again
        shutil.rmtree(doctrees, ignore_errors=True)
    return run.returncode, run.stdout + run.stderr


def built() -> Path:
    """The folder of pages, built, with or without warnings."""
    build()
    return HTML


def pages() -> list[Path]:
    """Every page of the book, the listings of source code included."""
    return sorted(p for p in built().rglob("*.html") if "_static" not in p.parts)
