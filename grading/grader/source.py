"""A lab as its author writes it: a percent script with nbgrader's metadata, and a ``lab.toml``.

::

    # %% nbgrader={"grade": false, "grade_id": "prefill_flop", "locked": false, "schema_version": 3, "solution": true, "task": false}
    def prefill_flop(new_tokens, cached_tokens): ...

    # %% tags=["explore"]
    plot(measure())

``lab.toml`` has these keys; ``title`` and ``points`` must be there::

    title = "Time to first token"
    claims = ["S14", "S15"]          # rows of the lecture
    minutes = 240                    # of a fresh reader
    timeout_s = 30                   # of a cell while grading
    explore_timeout_s = 600          # of an exploring cell while building
    helper_files = ["trace.csv"]     # beside the notebook, given to students
    public_lines = ["…"]             # lines of a solution that may stand in the release
    points = 40                      # all points, or a table item by item:
    [points]
    test_prefill_flop = 4
    [tests]                          # which items an answer earns, where it is not
    prefill_flop = ["test_prefill_flop"]  # simply those between it and the next answer
    [equivalent]                     # mechanical mutants that do the same as the solution, and why
    "prefill_flop:12 0 → 1" = "…"
    [about]                          # anything else the author wants to note
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

from grader.course import Course
from grader.errors import GraderError, nearest

__all__ = [
    "EXPLORE", "Item", "Lab", "LabFile", "is_answer", "is_item", "read_lab", "read_lab_toml",
    "read_script",
]  # fmt: skip

#: Tag of cells that only measure or plot: run while building, skipped while grading.
EXPLORE = "explore"

_ID = re.compile(r"^[A-Za-z0-9_-]{1,60}$")
_KERNELSPEC = {"display_name": "Python 3", "language": "python", "name": "python3"}
_LANGUAGE = {
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "name": "python",
    "pygments_lexer": "ipython3",
}
_FLAGS = ("grade", "solution", "locked", "task")
_TOML: dict[str, type | tuple[type, ...]] = {
    "title": str,
    "claims": list,
    "minutes": (int, float),
    "timeout_s": (int, float),
    "explore_timeout_s": (int, float),
    "helper_files": list,
    "public_lines": list,
    "points": (int, float, dict),
    "tests": dict,
    "equivalent": dict,
    "about": dict,
}


@dataclass(frozen=True)
class LabFile:
    """What ``lab.toml`` says.

    Attributes
    ----------
    title : str
    points : float or mapping from item to float
        Points of the whole lab, or item by item [1].
    claims : tuple of str
        Rows of the lecture.
    minutes : float
        Time a fresh reader needs [min].
    timeout_s, explore_timeout_s : float
        Longest run of a cell [s].
    helper_files : tuple of str
        Files beside the notebook that students get.
    public_lines : tuple of str
        Lines of a solution that may stand in the release.
    tests : mapping from answer to tuple of items
        Which items an answer earns, where position does not say it.
    equivalent : mapping from mechanical mutant to reason
    """

    title: str
    points: float | Mapping[str, float]
    claims: tuple[str, ...] = ()
    minutes: float = 0.0
    timeout_s: float = 30.0
    explore_timeout_s: float = 600.0
    helper_files: tuple[str, ...] = ()
    public_lines: tuple[str, ...] = ()
    tests: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    equivalent: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True)
class Item:
    """One graded cell: its id, its points and whether a person grades it."""

    grade_id: str
    points: float
    manual: bool


@dataclass(frozen=True)
class Lab:
    """A lab read from its source.

    Attributes
    ----------
    name : str
    folder : Path
    file : LabFile
    notebook : nbformat.NotebookNode
        With solutions and hidden tests, not executed.
    release_id : str
        Hash of the source, stamped into every release.
    """

    name: str
    folder: Path
    file: LabFile
    notebook: Any
    release_id: str

    @cached_property
    def items(self) -> tuple[Item, ...]:
        """The graded cells in order."""
        return tuple(_item(cell) for cell in self.notebook.cells if is_item(cell))

    @cached_property
    def answers(self) -> dict[str, str]:
        """The source of every answer cell by grade id, as the solution has it."""
        return {
            _meta(cell)["grade_id"]: cell.source for cell in self.notebook.cells if is_answer(cell)
        }

    @cached_property
    def auto_points(self) -> float:
        """Points that tests give."""
        return sum(item.points for item in self.items if not item.manual)

    @cached_property
    def max_points(self) -> float:
        """All points."""
        return sum(item.points for item in self.items)

    @cached_property
    def items_of(self) -> dict[str, tuple[str, ...]]:
        """The autograded items each answer earns: those up to the next answer, or as lab.toml says."""
        owned: dict[str, tuple[str, ...]] = {}
        answer = None
        for cell in self.notebook.cells:
            if is_answer(cell):
                answer = _meta(cell)["grade_id"]
                owned[answer] = ()
            elif is_item(cell) and answer is not None:
                owned[answer] += (_meta(cell)["grade_id"],)
        return {name: self.file.tests.get(name, items) for name, items in owned.items()}


def _meta(cell: Any) -> dict[str, Any]:
    meta = cell.metadata.get("nbgrader", {})
    return meta if isinstance(meta, dict) else {}


def is_answer(cell: Any) -> bool:
    """Whether students write into a cell."""
    return bool(_meta(cell).get("solution"))


def is_item(cell: Any) -> bool:
    """Whether a cell carries points."""
    return bool(_meta(cell).get("grade") or _meta(cell).get("task"))


def _item(cell: Any) -> Item:
    meta = _meta(cell)
    return Item(
        meta["grade_id"], float(meta["points"]), bool(meta.get("solution") or meta.get("task"))
    )


def read_lab(course: Course, name: str) -> Lab:
    """Read a lab of the course.

    Raises
    ------
    GraderError
        When the lab, its metadata or its ``lab.toml`` is missing or malformed; one sentence.
    """
    folder = course.lab_folder(name)
    script = folder / f"{name}.py"
    file = read_lab_toml(folder / "lab.toml")
    text = _read_text(script)
    digest = hashlib.sha256(text.encode())
    for helper in file.helper_files:
        path = folder / helper
        if path.resolve().parent != folder.resolve() or not path.is_file():
            raise GraderError(
                f"{folder / 'lab.toml'}: the helper file {helper!r} is not beside the lab"
            )
        digest.update(helper.encode() + b"\0" + path.read_bytes())
    release_id = digest.hexdigest()[:12]
    notebook = read_script(text, where=str(script))
    notebook.metadata["supercycle"] = {"lab": name, "release": release_id}
    lab = Lab(name, folder, file, notebook, release_id)
    _check_points(lab)
    _check_tests(lab)
    return lab


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise GraderError(f"{path} is missing") from None
    except UnicodeDecodeError:
        raise GraderError(f"{path} is not UTF-8 text") from None


def read_lab_toml(path: Path) -> LabFile:
    """Read a ``lab.toml``.

    Raises
    ------
    GraderError
        Naming the file, the key and what would be valid.
    """
    try:
        table = tomllib.loads(_read_text(path))
    except tomllib.TOMLDecodeError as error:
        raise GraderError(f"{path} is not valid TOML: {error}") from None
    for key in ("title", "points"):
        if key not in table:
            raise GraderError(f"{path} lacks the key {key!r}")
    for key, value in table.items():
        if key not in _TOML:
            raise GraderError(f"{path}: unknown key {key!r}; {nearest(key, _TOML)}")
        if not isinstance(value, _TOML[key]) or isinstance(value, bool):
            raise GraderError(
                f"{path}: {key} = {value!r} is a {type(value).__name__}, expected {_kind(key)}"
            )
    for key in ("claims", "helper_files", "public_lines"):
        if not all(isinstance(entry, str) for entry in table.get(key, [])):
            raise GraderError(f"{path}: {key} must list texts, it is {table[key]!r}")
    for key in ("timeout_s", "explore_timeout_s", "minutes"):
        if table.get(key, 1) <= 0:
            raise GraderError(f"{path}: {key} = {table[key]!r} must be positive")
    return LabFile(
        title=table["title"],
        points=_points(path, table["points"]),
        claims=tuple(table.get("claims", ())),
        minutes=float(table.get("minutes", 0)),
        timeout_s=float(table.get("timeout_s", LabFile.timeout_s)),
        explore_timeout_s=float(table.get("explore_timeout_s", LabFile.explore_timeout_s)),
        helper_files=tuple(table.get("helper_files", ())),
        public_lines=tuple(table.get("public_lines", ())),
        tests=MappingProxyType({k: tuple(v) for k, v in table.get("tests", {}).items()}),
        equivalent=MappingProxyType(dict(table.get("equivalent", {}))),
    )


def _kind(key: str) -> str:
    kinds = _TOML[key]
    return " or ".join(k.__name__ for k in (kinds if isinstance(kinds, tuple) else (kinds,)))


def _points(path: Path, points: Any) -> float | Mapping[str, float]:
    if not isinstance(points, dict):
        return float(points)
    for name, value in points.items():
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
            raise GraderError(f"{path}: points of {name} = {value!r} must be a number ≥ 0")
    return MappingProxyType({name: float(value) for name, value in points.items()})


def read_script(text: str, *, where: str = "the lab") -> Any:
    """Turn a percent script into a notebook that is the same on every machine.

    Cell ids are the grade ids; other cells are counted from the graded cell before them, so that an
    edit changes only the ids near it. No trace of jupytext or of a machine's kernel is left.

    Parameters
    ----------
    text : str
        The script.
    where : str
        Its name in error messages.

    Returns
    -------
    nbformat.NotebookNode

    Raises
    ------
    GraderError
        For malformed or inconsistent nbgrader metadata.
    """
    import jupytext

    _check_headers(text, where)
    try:
        notebook = jupytext.reads(text, fmt="py:percent")
    except Exception as error:  # jupytext raises many kinds; each means the script is malformed
        raise GraderError(f"{where} is not a percent script: {_one_line(error)}") from None
    notebook.metadata = type(notebook.metadata)(
        kernelspec={**_KERNELSPEC}, language_info={**_LANGUAGE}
    )
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    seen: set[str] = set()
    anchor, count = "start", 0
    for cell in notebook.cells:
        kept = {k: v for k, v in cell.metadata.items() if k in ("nbgrader", "tags")}
        cell.metadata = type(cell.metadata)(kept)
        if "nbgrader" in cell.metadata:
            _check_cell(cell, where, seen)
            anchor, count = cell.metadata["nbgrader"]["grade_id"], 0
            cell.id = anchor
            seen.add(anchor)
        else:
            count += 1
            cell.id = f"{anchor[:50]}--{count}"
    _check_ids(notebook, where)
    return notebook


def _check_headers(text: str, where: str) -> None:
    """Refuse headers whose metadata jupytext would silently take for a title."""
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.startswith("# %%"):
            continue
        for key in ("nbgrader", "tags"):
            if not re.search(rf"\b{key}\b", line):
                continue
            at = re.search(rf'\b{key}=(?=[{{\["])', line)
            try:
                if at is None:
                    raise ValueError
                json.JSONDecoder().raw_decode(line[at.end() :])
            except ValueError:
                raise GraderError(
                    f"{where}, line {number}: the cell's {key} metadata is not valid JSON after {key}="
                ) from None


def _check_cell(cell: Any, where: str, seen: set[str]) -> None:
    meta = cell.metadata["nbgrader"]
    first = (cell.source.strip().splitlines() or ["(empty)"])[0][:60]
    if not isinstance(meta, dict):
        raise GraderError(f"{where}: the nbgrader metadata of the cell {first!r} is no object")
    name = meta.get("grade_id")
    if not isinstance(name, str) or not _ID.match(name):
        raise GraderError(
            f"{where}: the cell {first!r} has grade_id {name!r}; use letters, digits, _ and -, at most 60"
        )
    if name in seen:
        raise GraderError(f"{where}: the grade_id {name!r} is used twice")
    for flag in _FLAGS:
        if not isinstance(meta.setdefault(flag, False), bool):
            raise GraderError(
                f"{where}: cell {name}: {flag} = {meta[flag]!r} must be true or false"
            )
    if meta.get("schema_version") != 3:
        raise GraderError(
            f"{where}: cell {name}: schema_version = {meta.get('schema_version')!r} must be 3"
        )
    unknown = set(meta) - {*_FLAGS, "grade_id", "points", "schema_version"}
    if unknown:
        raise GraderError(f"{where}: cell {name}: unknown nbgrader key {sorted(unknown)[0]!r}")
    _check_role(cell, meta, f"{where}: cell {name}")


def _check_role(cell: Any, meta: dict[str, Any], who: str) -> None:
    points = meta.get("points")
    if meta["grade"] or meta["task"]:
        if isinstance(points, bool) or not isinstance(points, (int, float)) or not points >= 0:
            raise GraderError(f"{who}: points = {points!r} must be a number ≥ 0")
    elif points is not None:
        raise GraderError(f"{who} has points but is not graded")
    if meta["grade"] and not meta["solution"] and not (cell.cell_type == "code" and meta["locked"]):
        raise GraderError(f"{who} tests an answer: it must be a locked code cell")
    if cell.cell_type == "markdown" and meta["solution"] and not meta["grade"]:
        raise GraderError(f"{who} is a written answer: it must be graded (by a person)")
    if meta["solution"] and meta["locked"]:
        raise GraderError(f"{who} is an answer: it must not be locked")
    if meta["task"] and cell.cell_type != "markdown":
        raise GraderError(f"{who} is a task: it must be a markdown cell")
    if (meta["grade"] or meta["solution"]) and EXPLORE in cell.metadata.get("tags", []):
        raise GraderError(
            f"{who} is graded: it must not be tagged {EXPLORE}, grading would skip it"
        )
    for kind in ("SOLUTION", "HIDDEN TESTS", "MARK SCHEME"):
        begins = len(re.findall(rf"### BEGIN {kind}", cell.source))
        if begins != len(re.findall(rf"### END {kind}", cell.source)):
            raise GraderError(f"{who}: a BEGIN {kind} has no END {kind}, or the other way round")
    if "### BEGIN SOLUTION" in cell.source and not meta["solution"]:
        raise GraderError(f"{who} holds a solution but is not marked as an answer")


def _check_ids(notebook: Any, where: str) -> None:
    ids: set[str] = set()
    for cell in notebook.cells:
        if cell.id in ids:
            raise GraderError(
                f"{where}: two cells would get the id {cell.id}: rename that grade_id"
            )
        ids.add(cell.id)
        if "nbgrader" not in cell.metadata and re.search(
            "### BEGIN (SOLUTION|HIDDEN TESTS)", cell.source
        ):
            raise GraderError(
                f"{where}: cell {cell.id} holds a solution or hidden tests but no metadata"
            )


def _check_points(lab: Lab) -> None:
    path, said = lab.folder / "lab.toml", lab.file.points
    if not isinstance(said, Mapping):
        if said != lab.max_points:
            raise GraderError(
                f"{path}: points = {said:g}, but the notebook's items sum to {lab.max_points:g}"
            )
        return
    found = {item.grade_id: item.points for item in lab.items}
    for name in [*found, *said]:
        if name not in said:
            raise GraderError(
                f"{path}: points lacks the item {name} ({found[name]:g} in the notebook)"
            )
        if name not in found:
            raise GraderError(f"{path}: points names {name}, which the notebook does not grade")
        if said[name] != found[name]:
            raise GraderError(
                f"{path}: {name} has {said[name]:g} points, {found[name]:g} in the notebook: make "
                f'the line {name} of [points] there and "points" of the cell {name} in '
                f"{path.with_name(lab.name).with_suffix('.py')} agree"
            )


def _check_tests(lab: Lab) -> None:
    path = lab.folder / "lab.toml"
    items = {item.grade_id for item in lab.items}
    for answer, tests in lab.file.tests.items():
        if answer not in lab.answers:
            raise GraderError(
                f"{path}: tests names the answer {answer!r}; {nearest(answer, lab.answers)}"
            )
        for test in tests:
            if test not in items:
                raise GraderError(
                    f"{path}: tests of {answer} names {test!r}; {nearest(test, items)}"
                )


def _one_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
