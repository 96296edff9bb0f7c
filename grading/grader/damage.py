"""Damage that submissions suffer, harmless to run: a part of the fault corpus that fits any lab.

Programs, clouds and hasty hands do this to files. The demo class draws from it; the corpus of the
tests takes its cases of these names from here and adds what must never run outside a sandbox.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["BODIES", "CELLS", "FILES", "cell", "with_body"]

Notebook = dict[str, Any]


def cell(notebook: Notebook, grade_id: str) -> dict[str, Any]:
    """Find the cell with a grade id."""
    return next(
        c
        for c in notebook["cells"]
        if c["metadata"].get("nbgrader", {}).get("grade_id") == grade_id
    )


def _as_latin_1(raw: bytes) -> bytes:
    return json.dumps(json.loads(raw), ensure_ascii=False).encode("latin-1", "replace")


#: What happened to the file → the file; None when there is none any more.
FILES: Mapping[str, Callable[[bytes], bytes | None]] = {
    "missing": lambda raw: None,
    "empty": lambda raw: b"",
    "only a byte order mark": lambda raw: b"\xef\xbb\xbf \n",
    "truncated": lambda raw: raw[: len(raw) * 3 // 5],
    "not JSON": lambda raw: b"dear professor,",
    "a sign-in page": lambda raw: b"<!DOCTYPE html><title>Sign in</title>",
    "random bytes": lambda raw: bytes(range(256)) * 50,
    "a list": lambda raw: b"[]",
    "cells are no list": lambda raw: b'{"nbformat": 4, "cells": {}}',
    "byte order mark": lambda raw: b"\xef\xbb\xbf" + raw,
    "UTF-16": lambda raw: raw.decode().encode("utf-16"),
    "Latin-1": _as_latin_1,
}


def _duplicate(notebook: Notebook, grade_id: str) -> None:
    notebook["cells"].append(copy.deepcopy(cell(notebook, grade_id)))


def _delete(notebook: Notebook, grade_id: str) -> None:
    notebook["cells"].remove(cell(notebook, grade_id))


def _mark(notebook: Notebook, of: str, /, **metadata: Any) -> None:
    cell(notebook, of)["metadata"]["nbgrader"].update(metadata)


def _strip(notebook: Notebook, metadata: Any) -> None:
    for c in notebook["cells"]:
        c["metadata"] = copy.deepcopy(metadata)


def _to_format_3(notebook: Notebook) -> None:
    cells = [
        {"cell_type": c["cell_type"], "metadata": c["metadata"],
         ("input" if c["cell_type"] == "code" else "source"): c["source"]}
        for c in notebook.pop("cells")
    ]  # fmt: skip
    notebook.update(nbformat=3, nbformat_minor=0, metadata={}, worksheets=[{"cells": cells}])


def _drop_schema_version(notebook: Notebook, grade_id: str) -> None:
    del cell(notebook, grade_id)["metadata"]["nbgrader"]["schema_version"]


#: What happened to the notebook → the change in place, given the ids of an answer and of a test.
CELLS: Mapping[str, Callable[[Notebook, str, str], Any]] = {
    "format 3": lambda nb, answer, test: _to_format_3(nb),
    "format 99": lambda nb, answer, test: nb.update(nbformat=99),
    "wrong kernel": lambda nb, answer, test: nb["metadata"].update(
        kernelspec={"name": "ir", "display_name": "R"}
    ),
    "no kernel": lambda nb, answer, test: nb["metadata"].pop("kernelspec"),
    "null source": lambda nb, answer, test: cell(nb, answer).update(source=None),
    "null metadata": lambda nb, answer, test: _strip(nb, None),
    "all metadata gone": lambda nb, answer, test: _strip(nb, {}),
    "answer duplicated": lambda nb, answer, test: _duplicate(nb, answer),
    "answer deleted": lambda nb, answer, test: _delete(nb, answer),
    "answer became text": lambda nb, answer, test: cell(nb, answer).update(cell_type="markdown"),
    "test duplicated": lambda nb, answer, test: _duplicate(nb, test),
    "test deleted": lambda nb, answer, test: _delete(nb, test),
    "cells reversed": lambda nb, answer, test: nb["cells"].reverse(),
    "grade_id changed": lambda nb, answer, test: _mark(nb, answer, grade_id=f"my_{answer}"),
    "points changed": lambda nb, answer, test: _mark(nb, test, points=200),
    "cell type changed": lambda nb, answer, test: cell(nb, test).update(cell_type="markdown"),
    "not graded any more": lambda nb, answer, test: _mark(nb, test, grade=False),
    "no schema version": lambda nb, answer, test: _drop_schema_version(nb, test),
}

#: What a function does in place of its task → its body. Nothing outside its process is harmed.
BODIES: Mapping[str, str] = {
    "endless loop": "while True: pass",
    "os._exit": "import os; os._exit(0)",
    "sys.exit": "import sys; sys.exit()",
    "input": "input()",
    "NaN": "return float('nan')",
    "infinity": "return float('inf')",
    "nothing": "pass",
    "a text": "return '7 USD'",
    "a generator": "yield 7.0",
    "a function": "return lambda: 7.0",
    "a class": "return float",
}


def with_body(source: str, body: str) -> str | None:
    r"""Return an answer with another body; None for one without a region to replace.

    Parameters
    ----------
    source : str
        An answer with its solution's markers.
    body : str
        One line.

    Examples
    --------
    >>> with_body("def f(x):\n    ### BEGIN SOLUTION\n    return x\n    ### END SOLUTION", "pass")
    'def f(x):\n    pass'
    """
    replaced, count = re.subn(
        r"^([ \t]+)### BEGIN SOLUTION.*?### END SOLUTION[^\n]*",
        lambda region: region[1] + body,
        source,
        count=1,
        flags=re.DOTALL | re.MULTILINE,
    )
    return replaced if count else None
