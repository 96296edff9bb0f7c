"""What the instructor's guide says of the labs, read from their own files."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

GUIDES = Path(__file__).parent
SOLUTIONS = GUIDES.parents[1] / "solutions"
LECTURE = (GUIDES / "0_lecture.md").read_text(encoding="utf-8")
RECORDING = re.findall(r"\((https://www\.youtube\.com/[^)]+)\)", LECTURE)[0]
SPANS = dict(re.findall(r"^\| (S\d+) \| ([\d:]+–[\d:]+) \|", LECTURE, re.M))
"""From a row of the lecture to its minutes, ``02:50–05:02``."""


class Objective(NamedTuple):
    """What students can do after a lab, the lecture's rows it serves, and where it is graded."""

    says: str
    rows: tuple[str, ...]
    cells: tuple[str, ...]


def labs() -> dict[str, dict[str, Any]]:
    """Return each lab's own description, ``lab01`` first.

    Raises
    ------
    ValueError
        If one lacks what the pages say of a lab.
    """
    return {
        path.parent.name[:5]: described(path) for path in sorted(SOLUTIONS.glob("lab*/lab.toml"))
    }


def described(path: Path) -> dict[str, Any]:
    """Read a ``lab.toml`` that has all that the pages say of a lab."""
    lab = tomllib.loads(path.read_text(encoding="utf-8"))
    about = lab.get("about", {})
    lacks = [key for key in ("title", "claims", "minutes", "points") if key not in lab]
    lacks += [
        f"about.{key}" for key in ("heard_at", "objectives", "prerequisites") if key not in about
    ]
    if lacks:
        raise ValueError(f"{path} lacks {', '.join(lacks)}: the guide for instructors needs it")
    return lab


def points(lab: dict[str, Any]) -> dict[str, int]:
    """Return the points of each graded cell, named after the answer it checks."""
    return {cell.removeprefix("test_"): most for cell, most in lab["points"].items()}


def tested(lab: dict[str, Any]) -> int:
    """Return the points that tests give."""
    return sum(most for cell, most in lab["points"].items() if cell.startswith("test_"))


def read(lab: dict[str, Any]) -> int:
    """Return the points that a person gives."""
    return sum(lab["points"].values()) - tested(lab)


def second(stamp: str) -> int:
    """Return the second of the recording that a stamp such as ``02:50`` names."""
    minutes, seconds = stamp.split(":")
    return 60 * int(minutes) + int(seconds)


def linked(stamps: Iterable[str]) -> str:
    """Write stamps as links to their place in the recording."""
    return ", ".join(f"[{s}]({RECORDING}&t={second(s.split('–')[0])}s)" for s in stamps)


def watch(lab: dict[str, Any]) -> str:
    """Write what to watch before a lab: how long, and from when to when."""
    spans = [SPANS[row] for row in lab["claims"]]
    seconds = sum(second(end) - second(begin) for begin, end in (s.split("–") for s in spans))
    return f"{seconds / 60:.0f} min: {linked(spans)}"


def objectives(name: str) -> list[Objective]:
    """Return a lab's objectives with their rows and cells.

    Raises
    ------
    ValueError
        If `objectives.toml` leaves out an objective, a row or a graded cell, or names one that the
        lab does not have.
    """
    lab = labs()[name]
    entries = tomllib.loads((GUIDES / "objectives.toml").read_text(encoding="utf-8")).get(name, [])
    said = iter(lab["about"]["objectives"])
    found = [
        Objective(e.get("says") or next(said, ""), tuple(e["rows"]), tuple(e["cells"]))
        for e in entries
    ]
    for kind, mapped, own in (
        ("objectives", {o.says for o in found}, {*lab["about"]["objectives"]}),
        ("rows", {row for o in found for row in o.rows}, {*lab["claims"]}),
        ("cells", {cell for o in found for cell in o.cells}, {*points(lab)}),
    ):
        extra = {e["says"] for e in entries if "says" in e} if kind == "objectives" else set()
        if wrong := mapped ^ (own | extra):
            raise ValueError(f"objectives.toml, {name}: {kind} that do not agree: {sorted(wrong)}")
    return found


def review_points() -> int:
    """Return the points of a peer review, from its form."""
    form = (GUIDES / "5_peer_review.md").read_text(encoding="utf-8")
    return sum(int(most) for most in re.findall(r"^\| (\d+) \| ", form, re.M))
