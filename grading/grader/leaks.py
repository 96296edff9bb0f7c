"""What students must not see: solutions, hidden tests, mark schemes; and where they leak."""

from __future__ import annotations

import io
import json
import re
import tokenize
from collections.abc import Iterable
from typing import Any

from grader.errors import GraderError
from grader.source import Lab, is_answer

__all__ = ["check_leaks", "hidden_lines", "is_trivial", "secret_lines", "without_hidden_tests"]

_HIDDEN = re.compile(r"[^\n]*BEGIN HIDDEN TESTS.*?(?:END HIDDEN TESTS[^\n]*|\Z)\n?", re.DOTALL)
_SECRET = re.compile(
    r"BEGIN (SOLUTION|HIDDEN TESTS|MARK SCHEME)[^\n]*\n(.*?)(?:\n[^\n]*END \1|\Z)", re.DOTALL
)


def without_hidden_tests(source: str) -> str:
    r"""Return a cell's source without its hidden tests.

    Examples
    --------
    >>> without_hidden_tests("a\n### BEGIN HIDDEN TESTS\nb\n### END HIDDEN TESTS\nc")
    'a\nc'
    """
    return _HIDDEN.sub("", source)


def hidden_lines(source: str) -> list[str]:
    """Return the lines of a cell's hidden tests that say something."""
    parts = [body for kind, body in _SECRET.findall(source) if kind == "HIDDEN TESTS"]
    return [line for line in _lines(parts) if not is_trivial(line)]


def secret_lines(cell: Any) -> list[str]:
    """Return the lines of a cell that the release must not have.

    In an answer without ``BEGIN SOLUTION`` everything is solution.
    """
    parts = [body for _, body in _SECRET.findall(cell.source)]
    if is_answer(cell) and "BEGIN SOLUTION" not in cell.source:
        parts.append(cell.source)
    return [line for line in _lines(parts) if not is_trivial(line)]


def _lines(parts: Iterable[str]) -> list[str]:
    return [_spaced(line) for part in parts for line in part.splitlines() if line.strip()]


def _spaced(line: str) -> str:
    return " ".join(line.split())


def is_trivial(line: str) -> bool:
    """Whether a line gives nothing away: an import, a comment, a bracket, a few tokens.

    Examples
    --------
    >>> is_trivial("import numpy as np"), is_trivial("return total"), is_trivial("x = []")
    (True, True, True)
    >>> is_trivial("return 2 * params * tokens")
    False
    """
    line = line.strip()
    if re.match(r"(import|from)\s|#|[\"']{3}", line):
        return len(line) < 80 or not line.startswith("#")
    try:
        tokens = [
            token
            for token in tokenize.generate_tokens(io.StringIO(line).readline)
            if token.type in (tokenize.NAME, tokenize.NUMBER, tokenize.STRING, tokenize.OP)
        ]
    except (tokenize.TokenError, IndentationError, SyntaxError):
        return len(re.findall(r"\w+", line)) < 3
    meaning = [
        token for token in tokens if token.string not in "()[]{},:" and token.string != "pass"
    ]
    return len(meaning) < 4


def check_leaks(lab: Lab, release: Any) -> None:
    """Refuse a release that has a line of a solution or of a hidden test.

    Parameters
    ----------
    lab : Lab
    release : nbformat.NotebookNode

    Raises
    ------
    GraderError
        Naming the line, where it comes from and where it stands.
    """
    allowed = {_spaced(line) for line in lab.file.public_lines}
    public = [(cell.id, _spaced_block(cell)) for cell in release.cells]
    for cell_id, text in public:
        found = re.search(r"(BEGIN|END) (SOLUTION|HIDDEN TESTS|MARK SCHEME)", text)
        if found:
            raise GraderError(f"{lab.name}: the release still has {found[0]!r} in cell {cell_id}")
    for cell in lab.notebook.cells:
        for line in secret_lines(cell):
            if line in allowed:
                continue
            for cell_id, text in public:
                if line in text:
                    raise GraderError(
                        f"{lab.name}: the release shows {line!r} of cell {cell.id} in cell {cell_id}; "
                        "change it, or list it in lab.toml's public_lines if students may see it"
                    )


def _spaced_block(cell: Any) -> str:
    outputs = json.dumps(cell.get("outputs", []), ensure_ascii=False) if cell.get("outputs") else ""
    metadata = json.dumps(cell.metadata, ensure_ascii=False)
    return "\n".join(_spaced(line) for line in f"{cell.source}\n{outputs}\n{metadata}".splitlines())
