"""What the corpus is made from: the tiny lab's release and right answers, and ways to spoil them."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from grader.damage import BODIES, CELLS, FILES, cell
from grader.execution.spec import Limits
from grader.submission import fill

Notebook = dict[str, Any]

TOTAL, MEAN = "test_total_usd", "test_mean_usd"
#: Small enough that a test can use them up quickly.
LIMITS = Limits(
    cell_s=1.0, notebook_s=60.0, memory_bytes=256 << 20, processes=64, file_bytes=16 << 20
)


@dataclass(frozen=True)
class Given:
    """The tiny lab as a student has it, and its right answers."""

    release: Notebook
    answers: dict[str, str]

    @classmethod
    def of(cls, lab: Any, release: Any) -> Given:
        """Take both from a lab and its release."""
        filled = json.loads(json.dumps(fill(release, lab.answers)))
        answers = {
            c["metadata"]["nbgrader"]["grade_id"]: c["source"]
            for c in filled["cells"]
            if c["metadata"].get("nbgrader", {}).get("solution")
        }
        return cls(json.loads(json.dumps(release)), answers)

    def right(self, **answers: str) -> Notebook:
        """Return a notebook with right answers, some of them replaced."""
        notebook = copy.deepcopy(self.release)
        for grade_id, source in {**self.answers, **answers}.items():
            cell(notebook, grade_id)["source"] = source
        return notebook


@dataclass(frozen=True)
class Case:
    """A submission and what must come of it.

    Attributes
    ----------
    name : str
    make : callable
        From `Given` to the bytes of the file (or a notebook, or None).
    status : str
    total, mean : float
        Points of the two tests (at most 2 and 3).
    says : str
        Part of the reason, of a flag or of what a test said.
    """

    name: str
    make: Callable[[Given], bytes | Notebook | None]
    status: str = "graded"
    total: float = 2.0
    mean: float = 3.0
    says: str = ""
    more: dict[str, Any] = field(default_factory=dict)

    def raw(self, given: Given) -> bytes | None:
        """Return the file."""
        made = self.make(given)
        return json.dumps(made).encode() if isinstance(made, dict) else made


def place(notebook: Notebook, grade_id: str) -> int:
    """Find where a cell stands."""
    return notebook["cells"].index(cell(notebook, grade_id))


def edited(change: Callable[[Notebook], Any]) -> Callable[[Given], Notebook]:
    """Return a maker: the right notebook, then a change in place."""

    def make(given: Given) -> Notebook:
        notebook = given.right()
        change(notebook)
        return notebook

    return make


def answering(source: str, grade_id: str = "total_usd") -> Callable[[Given], Notebook]:
    """Return a maker: the right notebook with one answer replaced."""
    return lambda given: given.right(**{grade_id: source})


def body(*lines: str) -> Callable[[Given], Notebook]:
    """Return a maker: the right notebook with another body of ``total_usd``."""
    text = "\n".join(f"    {line}" for line in lines)
    return answering(f"def total_usd(prices_usd):\n{text}\n")


def uploaded(fault: str) -> Callable[[Given], bytes | None]:
    """Return a maker: the right notebook's file, damaged as `grader.damage` says."""
    return lambda given: FILES[fault](json.dumps(given.right(), indent=1).encode())


def spoiled(
    fault: str, *, answer: str = "total_usd", test: str = TOTAL
) -> Callable[[Given], Notebook]:
    """Return a maker: the right notebook, its cells damaged as `grader.damage` says."""
    return edited(lambda notebook: CELLS[fault](notebook, answer, test))


def doing(fault: str) -> Callable[[Given], Notebook]:
    """Return a maker: the right notebook, ``total_usd`` doing what `grader.damage` says."""
    return body(BODIES[fault])
