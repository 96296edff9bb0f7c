"""What came of one submission: the seam between execution and everything that keeps grades."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

__all__ = ["CellRun", "Run"]


@dataclass(frozen=True)
class CellRun:
    """What one graded cell earned.

    Attributes
    ----------
    grade_id : str
    score, max_score : float
        Points.
    manual : bool
        A person has to grade it (an untouched written answer needs no person: it earns 0).
    said : str
        The sentence with which a failed test ended.
    seconds : float
        Wall time of the cell, calls into the sandbox included [s].
    """

    grade_id: str
    score: float
    max_score: float
    manual: bool = False
    said: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Run:
    """How a submission ended.

    Attributes
    ----------
    status : str
        ``graded``; ``partial``: something died or ran out of time and cost cells after it;
        ``ungradable``: nothing can be read out of the file; ``needs-review``: graded, but a person
        should look at how the answers were found.
    reason : str
        One sentence for any status but ``graded``.
    cells : tuple of CellRun
        One for each graded cell of the lab, in order; also when ungradable (all 0).
    flags : tuple of str
        Signs for the instructor, one sentence each.
    seconds : float
        Wall time of the whole [s].
    sandboxed : bool
        False only after ``--unsafe-no-sandbox``.
    notebook : mapping
        The executed notebook (nbformat 4 JSON): the pristine lab with this student's answers.
    """

    status: str
    reason: str
    cells: tuple[CellRun, ...]
    flags: tuple[str, ...]
    seconds: float
    sandboxed: bool
    notebook: Mapping[str, Any] = field(repr=False)

    def to_json(self) -> dict[str, Any]:
        """Return plain data that `from_json` reads back."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Run:
        """Read what `to_json` gave, after a journey through JSON."""
        cells = tuple(CellRun(**cell) for cell in data["cells"])
        return cls(**{**data, "cells": cells, "flags": tuple(data["flags"])})
