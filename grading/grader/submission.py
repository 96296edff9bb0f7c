"""Answers typed into a released notebook, as a student would."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from typing import Any

__all__ = ["fill", "without_markers"]

_MARKER = re.compile(r"\s*### (BEGIN|END) SOLUTION")


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
