"""From any bytes to answers: what a student wrote goes into the pristine notebook, nothing else does.

A submission is not repaired and not trusted. Only the *source* of its answer cells is taken: by
grade id, or, where ids are gone, by the names it defines, its likeness to what was given out and
its place; the latter is for a person to look at. Metadata, tests, outputs and points of the submission
have no effect whatever they say; where they differ from the release that is noted as a sign.
"""

from __future__ import annotations

import ast
import builtins
import difflib
import json
import re
from dataclasses import dataclass, field
from typing import Any

from grader.execution.spec import CellSpec, LabSpec, bound_names, read_names

__all__ = ["Rebuilt", "rebuild"]

MAX_BYTES = 64 << 20
#: A notebook of more separate values than this is none that a person wrote.
MAX_VALUES = 2_000_000
#: Likeness to what was given out from which a cell without its id is taken for the answer.
ALIKE = 0.6

Cell = dict[str, Any]


@dataclass
class Rebuilt:
    """What was found.

    Attributes
    ----------
    answers : dict from grade id to source
    flags : list of str
        Signs for the instructor.
    review : list of str
        Why a person should look at how the answers were found.
    reason : str
        Why nothing could be read; empty otherwise.
    """

    answers: dict[str, str] = field(default_factory=dict)
    flags: list[str] = field(default_factory=list)
    review: list[str] = field(default_factory=list)
    reason: str = ""


def rebuild(raw: bytes | None, lab: LabSpec) -> Rebuilt:
    """Read the answers out of a submission.

    Parameters
    ----------
    raw : bytes or None
        The file as it lies there; None if there is none.
    lab : LabSpec

    Returns
    -------
    Rebuilt
        Whatever the bytes are; never an exception.
    """
    found = Rebuilt()
    notebook = _parse(raw, found)
    cells = _cells(notebook, found) if not found.reason else []
    if found.reason:
        return found
    answers = [cell for cell in lab.cells if cell.kind == "answer"]
    known = {cell.grade_id for cell in lab.cells if cell.grade_id}
    by_id: dict[str, list[Cell]] = {}
    for cell in cells:
        by_id.setdefault(cell["grade_id"], []).append(cell)
    if not known & set(by_id):
        found.flags.append("no cell has the metadata it was given out with")
    for answer in answers:
        if answer.grade_id in by_id:
            found.answers[answer.grade_id] = _one_of(by_id[answer.grade_id], answer, found)
    _find_others(lab, answers, cells, known, found)
    if not found.answers:
        found.reason = "the notebook has none of the lab's answer cells: is it this lab?"
        return found
    _signs(lab, by_id, found)
    _written_html(lab, found)
    _missing_helpers(lab, cells, known, found)
    return found


# --- reading ------------------------------------------------------------------------------------


def _parse(raw: bytes | None, found: Rebuilt) -> Any:
    if raw is None:
        found.reason = "no notebook was handed in"
    elif not raw.strip(b" \t\r\n\0\xef\xbb\xbf"):
        found.reason = "the file is empty"
    elif len(raw) > MAX_BYTES:
        found.reason = (
            f"the file has {len(raw) / 1e6:.0f} MB; more than {MAX_BYTES / 1e6:.0f} MB are not read"
        )
    elif raw.count(b",") + raw.count(b"[") + raw.count(b"{") > MAX_VALUES + raw.count(b"\\n"):
        found.reason = "the file holds more separate values than any notebook"
    if found.reason or raw is None:
        return None
    text = _decode(raw, found)
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        if error.pos >= len(text.rstrip()) - 1 or "Unterminated" in error.msg:
            found.reason = f"the file is cut off at line {error.lineno}"
        else:
            found.reason = f"the file is no notebook: line {error.lineno} is not valid JSON"
    except (RecursionError, ValueError):
        found.reason = (
            "the file is no notebook: it nests too deeply, or holds a number of too many digits"
        )
    return None


def _decode(raw: bytes, found: Rebuilt) -> str:
    guesses = [(b"\xff\xfe\x00\x00", "utf-32"), (b"\x00\x00\xfe\xff", "utf-32"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")]  # fmt: skip
    names = [name for mark, name in guesses if raw.startswith(mark)][:1]
    if not names and b"\0" in raw[:4]:
        names = ["utf-16-be" if raw[:1] == b"\0" else "utf-16-le"]
    for name in [*names, "utf-8-sig"]:
        try:
            text = raw.decode(name)
        except UnicodeDecodeError:
            continue
        if name != "utf-8-sig":
            found.flags.append(f"the file was saved as {name.upper()}")
        return text
    found.flags.append("the file is not UTF-8: letters beyond ASCII may be wrong")
    return raw.decode("latin-1")


def _cells(notebook: Any, found: Rebuilt) -> list[Cell]:
    if not isinstance(notebook, dict):
        found.reason = f"the file is no notebook: its JSON is a {type(notebook).__name__}"
        return []
    version = notebook.get("nbformat")
    if version != 4:
        found.flags.append(
            f"the notebook says it has format {str(version)[:20]}; format 4 was given out"
        )
    listed = notebook.get("cells")
    if not isinstance(listed, list) and isinstance(notebook.get("worksheets"), list):
        sheets = [s for s in notebook["worksheets"] if isinstance(s, dict)]
        listed = [
            c
            for sheet in sheets
            for c in sheet.get("cells") or []
            if isinstance(sheet.get("cells"), list)
        ]
    if not isinstance(listed, list):
        found.reason = "the file is no notebook: it has no list of cells"
        return []
    cells = [_cell(cell, place) for place, cell in enumerate(listed) if isinstance(cell, dict)]
    if len(cells) < len(listed):
        found.flags.append(f"{len(listed) - len(cells)} cells are no cells")
    if not cells:
        found.reason = "the notebook has no cells"
    return cells


def _cell(cell: Any, place: int) -> Cell:
    source = cell.get("source", cell.get("input", ""))
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    metadata = cell.get("metadata")
    grading = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    grading = grading if isinstance(grading, dict) else {}
    grade_id = grading.get("grade_id")
    return {
        "source": source if isinstance(source, str) else "",
        "type": str(cell.get("cell_type")),
        "grading": grading,
        "grade_id": grade_id if isinstance(grade_id, str) else "",
        "place": place,
    }


# --- finding the answers ------------------------------------------------------------------------


def _bare(source: str) -> str:
    return "\n".join(line.rstrip() for line in source.strip().splitlines())


def _one_of(cells: list[Cell], answer: CellSpec, found: Rebuilt) -> str:
    """Decide between cells of one grade id: a copy left as given, a split answer, a second attempt."""
    texts = list(dict.fromkeys(cell["source"] for cell in cells))
    if len(texts) == 1:
        if len(cells) > 1:
            found.flags.append(
                f"the answer {answer.grade_id} stands there {len(cells)} times, the same each time"
            )
        return texts[0]
    written = [text for text in texts if _bare(text) not in ("", _bare(answer.released))]
    if len(written) == 1:
        found.flags.append(
            f"the answer {answer.grade_id} stands there twice, once as given out: the other was taken"
        )
        return written[0]
    names = [set(bound_names(text)) for text in written]
    apart = not any(a & b for i, a in enumerate(names) for b in names[i + 1 :])
    if answer.cell_type == "markdown" or apart:
        found.flags.append(
            f"the answer {answer.grade_id} was split into {len(written)} cells: they were joined"
        )
        return "\n\n".join(written)
    found.review.append(
        f"the answer {answer.grade_id} stands there {len(written)} times, differently: the first was taken"
    )
    return written[0]


def _find_others(
    lab: LabSpec, answers: list[CellSpec], cells: list[Cell], known: set[str], found: Rebuilt
) -> None:
    """Find answers whose ids are gone among the cells that are nothing else of the lab."""
    given = {_bare(cell.released): cell.id for cell in lab.cells}
    free = [c for c in cells if c["grade_id"] not in known and c["source"].strip()]
    free = [c for c in free if _kind_of(given.get(_bare(c["source"])), lab) in (None, "answer")]
    place: dict[str, int] = {}
    for cell in cells:
        place.setdefault(str(given.get(_bare(cell["source"]), cell["grade_id"])), cell["place"])
    for answer in answers:
        if answer.grade_id in found.answers or not free:
            continue
        after = _place_before(lab, answer, place)
        best = max(free, key=lambda cell: _likeness(cell, answer, after))
        if _likeness(best, answer, after) < ALIKE:
            found.flags.append(f"the answer {answer.grade_id} is missing")
            continue
        free.remove(best)
        found.answers[answer.grade_id] = best["source"]
        found.review.append(
            f"the answer {answer.grade_id} was found by its likeness, its id is gone"
        )
    for answer in answers:
        if answer.grade_id not in found.answers and not free:
            found.flags.append(f"the answer {answer.grade_id} is missing")


def _kind_of(cell_id: str | None, lab: LabSpec) -> str | None:
    return next((cell.kind for cell in lab.cells if cell.id == cell_id), None) if cell_id else None


def _place_before(lab: LabSpec, answer: CellSpec, place: dict[str, int]) -> int | None:
    """Where the nearest cell before the answer stands in the submission."""
    before: int | None = None
    for cell in lab.cells:
        if cell.id == answer.id:
            return before
        before = place.get(cell.id, before)
    return before


def _likeness(cell: Cell, answer: CellSpec, after: int | None) -> float:
    """How likely a cell is an answer, 0 to 1: by names it defines, by its text, by its place."""
    if answer.binds and set(answer.binds) & set(bound_names(cell["source"])):
        return 1.0
    match = difflib.SequenceMatcher(
        None, _bare(cell["source"])[:4000], _bare(answer.released)[:4000]
    )
    alike = match.ratio() if match.real_quick_ratio() > ALIKE else 0.0
    follows = after is not None and cell["place"] == after + 1 and cell["type"] == answer.cell_type
    return max(alike, 0.65 if follows and answer.cell_type == "markdown" else 0.0)


# --- signs --------------------------------------------------------------------------------------


def _signs(lab: LabSpec, by_id: dict[str, list[Cell]], found: Rebuilt) -> None:
    """Note where the submission differs from the release in what students are not to change."""
    for cell in lab.cells:
        if not cell.grade_id:
            continue
        theirs = by_id.get(cell.grade_id)
        locked = cell.kind != "answer"
        if not theirs:
            if locked:
                found.flags.append(
                    f"the locked cell {cell.grade_id} is missing: the original was used"
                )
            continue
        if locked and len(theirs) > 1:
            found.flags.append(f"the locked cell {cell.grade_id} stands there {len(theirs)} times")
        if locked and any(_bare(c["source"]) != _bare(cell.released) for c in theirs):
            found.flags.append(f"the locked cell {cell.grade_id} was edited: the original was used")
        changed = sorted(
            {
                key
                for c in theirs
                for key in ("grade", "locked", "points", "solution", "task", "schema_version")
                if c["grading"].get(key) != cell.metadata["nbgrader"].get(key)
            }
        )
        changed += ["cell type"] if any(c["type"] != cell.cell_type for c in theirs) else []
        if changed:
            found.flags.append(
                f"the metadata of {cell.grade_id} was changed ({', '.join(changed)}): the original was used"
            )
    order = [cell.grade_id for cell in lab.cells if cell.grade_id and cell.grade_id in by_id]
    places = [by_id[name][0]["place"] for name in order]
    if places != sorted(places):
        found.flags.append("cells were moved: they were run in the original order")


def _written_html(lab: LabSpec, found: Rebuilt) -> None:
    for cell in lab.cells:
        text = found.answers.get(cell.grade_id, "") if cell.cell_type == "markdown" else ""
        if re.search(r"<\s*(script|iframe|img|object|svg|style|link|form)\b", text, re.IGNORECASE):
            found.flags.append(f"the answer {cell.grade_id} holds HTML: it is shown as text")


def _missing_helpers(lab: LabSpec, cells: list[Cell], known: set[str], found: Rebuilt) -> None:
    """Ask for a review if an answer uses what only a cell of the student's own defines."""
    given = {_bare(cell.released) for cell in lab.cells}
    defined = set(dir(builtins)) | {"display", "get_ipython"}
    defined |= {n for cell in lab.cells if cell.kind != "test" for n in cell.binds}
    defined |= {n for source in found.answers.values() for n in bound_names(source)}
    for cell in cells:
        if cell["type"] != "code" or cell["grade_id"] in known or _bare(cell["source"]) in given:
            continue
        own = set(bound_names(cell["source"])) - defined
        for grade_id, source in found.answers.items():
            if used := sorted(own & set(_globals_read(source))):
                found.review.append(
                    f"the answer {grade_id} uses {', '.join(used)} from a cell the student added, which was not run"
                )


def _globals_read(source: str) -> list[str]:
    """Names a source reads and does not bind anywhere itself."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return list(read_names(source))
    bound = {
        n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)
    }
    bound |= {n.arg for n in ast.walk(tree) if isinstance(n, ast.arg)}
    return [name for name in read_names(source) if name not in bound]
