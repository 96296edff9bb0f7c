"""A student's file: can it be graded, and if not, why, in one sentence."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["fill", "why_ungradable", "without_markers"]

_MARKER = re.compile(r"\s*### (BEGIN|END) SOLUTION")


def why_ungradable(folder: Path, lab: str) -> str | None:
    """Say why a submission cannot be graded at all, or None if nbgrader may try.

    Parameters
    ----------
    folder : Path
        ``submitted/<student>/<lab>``.
    lab : str
    """
    path = folder / f"{lab}.ipynb"
    if not path.is_file():
        others = sorted(p.name for p in folder.glob("*.ipynb"))
        there = f"it holds {', '.join(others)}" if others else "it holds no notebook"
        return f"the submission has no {path.name}: {there}"
    raw = path.read_bytes()
    if not raw.strip():
        return f"{path.name} is empty"
    try:
        notebook = json.loads(raw.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return f"{path.name} is not UTF-8 text"
    except json.JSONDecodeError as error:
        if error.pos >= len(raw.decode("utf-8-sig").rstrip()) - 1 or "Unterminated" in error.msg:
            return f"{path.name} is cut off at line {error.lineno}"
        return f"{path.name} is not a notebook: line {error.lineno} is not valid JSON"
    except RecursionError:
        return f"{path.name} is not a notebook: it nests too deeply"
    return _why_not_a_notebook(path.name, notebook)


def _why_not_a_notebook(name: str, notebook: Any) -> str | None:
    if not isinstance(notebook, dict):
        return f"{name} is not a notebook: its JSON is a {type(notebook).__name__}"
    if notebook.get("nbformat") != 4:
        return f"{name} has notebook format {notebook.get('nbformat')!r}; format 4 is needed"
    cells = notebook.get("cells")
    if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
        return f"{name} is not a notebook: it has no list of cells"
    metas = [cell.get("metadata") for cell in cells]
    if not any(isinstance(m, dict) and isinstance(m.get("nbgrader"), dict) for m in metas):
        return f"{name} has none of the lab's graded cells: is it this lab?"
    return None


def fill(release: Any, answers: Mapping[str, str]) -> Any:
    """Return a copy of a released notebook with answers typed into its cells.

    Parameters
    ----------
    release : nbformat.NotebookNode
    answers : mapping from grade id to source
        Marks of where the solution begins and ends are left out: no student types them.

    Returns
    -------
    nbformat.NotebookNode
    """
    filled = copy.deepcopy(release)
    for cell in filled.cells:
        meta = cell.metadata.get("nbgrader", {})
        if meta.get("solution") and meta.get("grade_id") in answers:
            cell.source = without_markers(answers[meta["grade_id"]])
    return filled


def without_markers(source: str) -> str:
    r"""Return a solution without the marks of where it begins and ends.

    Examples
    --------
    >>> without_markers("### BEGIN SOLUTION\nx = 1\n### END SOLUTION")
    'x = 1'
    """
    return "\n".join(line for line in source.splitlines() if not _MARKER.match(line))
