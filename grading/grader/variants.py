"""Mutants and alternatives: answers that must lose their points, and answers that must not.

A variant is a percent script that begins with a TOML header::

    # /// mutant
    # cell = "prefill_flop"
    # loses = ["test_prefill_flop"]
    # misconception = "attention's quadratic term is left out"
    # message = "grows faster than the prompt"
    # ///
    def prefill_flop(new_tokens, cached_tokens): ...

``cell`` is the answer that the code replaces. More answers follow below ``# %% <grade_id>`` headers.
``loses`` names the items that must lose points, all others must keep theirs; ``message`` is a part
of the sentence that one of the lost tests must end with. An alternative says ``/// alternative``,
needs only ``cell`` and may say ``why`` it is as right as the solution; it must keep every point.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.errors import GraderError, nearest
from grader.source import Lab

__all__ = ["Variant", "blanks", "read_variant", "read_variants"]

_HEADER = re.compile(r"\A\s*# /// (\w+)\n((?:#[^\n]*\n)*?)# ///[ \t]*(?:\n|\Z)")
_KEYS: dict[str, dict[str, type]] = {
    "mutant": {"cell": str, "loses": list, "misconception": str, "message": str},
    "alternative": {"cell": str, "why": str},
}
_OPTIONAL = {"why"}


@dataclass(frozen=True)
class Variant:
    """A whole set of answers that differs from the solution in some.

    Attributes
    ----------
    name : str
    kind : str
        ``mutant``, ``alternative``, ``blank`` …
    answers : mapping from grade id to source
        The answers that differ.
    loses : tuple of str
        Items that must lose points.
    misconception : str
        What a student who answers so believes.
    message : str
        Part of what a lost test must say; any will do when empty.
    """

    name: str
    kind: str
    answers: Mapping[str, str]
    loses: tuple[str, ...] = ()
    misconception: str = ""
    message: str = ""


def read_variants(lab: Lab) -> list[Variant]:
    """Read the lab's mutants and alternatives."""
    paths = [
        *sorted(lab.folder.glob("mutants/*.py")),
        *sorted(lab.folder.glob("alternatives/*.py")),
    ]
    return [read_variant(path, lab) for path in paths]


def read_variant(path: Path, lab: Lab) -> Variant:
    """Read one variant.

    Raises
    ------
    GraderError
        Naming the file and what is wrong with its header.
    """
    where = f"{path.parent.name}/{path.name} of {lab.name}"
    text = path.read_text(encoding="utf-8")
    header = _HEADER.match(text)
    if header is None or header[1] not in _KEYS:
        raise GraderError(
            f"{where} must begin with '# /// mutant' or '# /// alternative' and end it with '# ///'"
        )
    kind = header[1]
    if path.parent.name != f"{kind}s":
        raise GraderError(f"{where} says it is a {kind}: put it into {kind}s/")
    table = _read_header(header[2], kind, where)
    answers = _read_answers(text[header.end() :], table["cell"], where)
    for name in answers:
        if name not in lab.answers:
            raise GraderError(
                f"{where} replaces {name!r}, which is no answer of the lab; {nearest(name, lab.answers)}"
            )
    items = [item.grade_id for item in lab.items if not item.manual]
    for name in table.get("loses", []):
        if name not in items:
            raise GraderError(
                f"{where} loses {name!r}, which is no tested item; {nearest(str(name), items)}"
            )
    if kind == "mutant" and not table["loses"]:
        raise GraderError(
            f"{where} loses nothing: name the items in loses, or make it an alternative"
        )
    return Variant(
        name=path.stem,
        kind=kind,
        answers=answers,
        loses=tuple(table.get("loses", ())),
        misconception=table.get("misconception", table.get("why", "")),
        message=table.get("message", ""),
    )


def _read_header(block: str, kind: str, where: str) -> dict[str, Any]:
    plain = "\n".join(re.sub(r"^# ?", "", line) for line in block.splitlines())
    try:
        table = tomllib.loads(plain)
    except tomllib.TOMLDecodeError as error:
        raise GraderError(f"{where}: its header is not valid TOML: {error}") from None
    keys = _KEYS[kind]
    for key, expected in keys.items():
        if key in table:
            if not isinstance(table[key], expected):
                raise GraderError(f"{where}: {key} = {table[key]!r} must be a {expected.__name__}")
        elif key not in _OPTIONAL:
            raise GraderError(f"{where}: its header lacks {key!r}")
    for key in table:
        if key not in keys:
            raise GraderError(f"{where}: unknown key {key!r} in its header; {nearest(key, keys)}")
    return table


def _read_answers(body: str, first: str, where: str) -> dict[str, str]:
    answers: dict[str, str] = {}
    parts = re.split(r"^# %%[ \t]*(.*)$", "\n" + body, flags=re.MULTILINE)
    for name, source in zip([first, *parts[1::2]], parts[::2], strict=True):
        if not source.strip():
            if name == first:
                continue
            raise GraderError(f"{where}: the answer {name!r} is empty")
        if name.strip() in answers:
            raise GraderError(f"{where}: the answer {name!r} is given twice")
        answers[name.strip()] = source.strip()
    if not answers:
        raise GraderError(f"{where} holds no code below its header")
    return answers


def blanks(lab: Lab, release: Any) -> list[Variant]:
    """Return, answer by answer, the solution with only that answer left as released."""
    stubs = {
        cell.metadata["nbgrader"]["grade_id"]: cell.source
        for cell in release.cells
        if cell.metadata.get("nbgrader", {}).get("solution")
    }
    return [
        Variant(name, "blank", {name: stubs[name]}, loses=lab.items_of[name])
        for name in lab.answers
        if not _is_text(lab, name)
    ]


def _is_text(lab: Lab, answer: str) -> bool:
    return any(cell.id == answer and cell.cell_type == "markdown" for cell in lab.notebook.cells)
