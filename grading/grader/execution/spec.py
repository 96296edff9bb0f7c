"""A lab as plain data: all that grading one submission needs, and nothing of the checkout."""

from __future__ import annotations

import ast
import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from grader.leaks import without_hidden_tests
from grader.source import EXPLORE, Lab, is_answer, is_item

__all__ = ["CellSpec", "LabSpec", "Limits", "bound_names", "describe", "read_names"]

#: Kinds of cells: `text` is never run, `explore` is skipped, `setup` runs in both processes,
#: `answer` only in the sandbox, `test` only in the trusted process.
KINDS = ("text", "explore", "setup", "answer", "test")


@dataclass(frozen=True)
class Limits:
    """What a submission may use.

    Attributes
    ----------
    cell_s, notebook_s : float
        Wall time of a cell and of the whole [s].
    memory_bytes : int
        Memory beyond that of the warm process, of all processes together [B].
    processes : int
        Processes and threads.
    file_bytes : int
        Largest file, and all files of the private folders together [B].
    output_chars : int
        Characters of output kept of one cell.
    value_bytes : int
        Largest value that may cross between the processes [B].
    """

    cell_s: float = 30.0
    notebook_s: float = 300.0
    memory_bytes: int = 2 << 30
    processes: int = 64
    file_bytes: int = 64 << 20
    output_chars: int = 100_000
    value_bytes: int = 32 << 20


@dataclass(frozen=True)
class CellSpec:
    """One cell of the pristine lab.

    Attributes
    ----------
    id, grade_id : str
        ``grade_id`` is empty for cells that nbgrader does not know.
    kind : str
        One of `KINDS`.
    cell_type : str
        ``code`` or ``markdown``.
    source : str
        For tests and set-up the full source, hidden tests included; for answers what was released.
    released : str
        What students were given.
    metadata : mapping
        The pristine metadata, nbgrader's included.
    points : float
    graded, manual : bool
        Whether the cell carries points, and whether a person gives them.
    binds : tuple of str
        Names that running the cell binds; for an answer those the reference solution binds.
    reads : tuple of str
        Global names that the cell's code (for an answer: the reference's) reads.
    shared : tuple of str
        Names a test binds that students may see: their code may rely on them.
    """

    id: str
    grade_id: str
    kind: str
    cell_type: str
    source: str
    released: str
    metadata: Mapping[str, Any]
    points: float = 0.0
    graded: bool = False
    manual: bool = False
    binds: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()


@dataclass(frozen=True)
class LabSpec:
    """A lab as plain data.

    Attributes
    ----------
    name : str
    cells : tuple of CellSpec
    metadata : mapping
        The notebook's metadata: kernel, language, release stamp.
    helper_files : mapping from name to base64 text
        The files beside the notebook; nothing else of a submission's folder is ever there.
    limits : Limits
    preload : tuple of str
        Modules the warm processes import beforehand.
    """

    name: str
    cells: tuple[CellSpec, ...]
    metadata: Mapping[str, Any] = field(default_factory=dict)
    helper_files: Mapping[str, str] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    preload: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return plain data that `from_json` reads back."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> LabSpec:
        """Read what `to_json` gave, after a journey through JSON."""
        cells = tuple(
            CellSpec(
                **{
                    **cell,
                    **{key: tuple(cell[key]) for key in ("binds", "reads", "shared")},
                }
            )
            for cell in data["cells"]
        )
        limits, preload = Limits(**data["limits"]), tuple(data["preload"])
        return cls(**{**data, "cells": cells, "limits": limits, "preload": preload})

    @property
    def digest(self) -> str:
        """Hash of everything above: two labs with the same one grade alike."""
        text = json.dumps(self.to_json(), sort_keys=True, ensure_ascii=True)
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def graded(self) -> tuple[CellSpec, ...]:
        """The cells that carry points, in order."""
        return tuple(cell for cell in self.cells if cell.graded)


def describe(lab: Lab, release: Any, *, limits: Limits | None = None) -> LabSpec:
    """Turn a lab and its release into plain data.

    Parameters
    ----------
    lab : Lab
    release : nbformat.NotebookNode or mapping
        What students were given (``labs/<lab>/<lab>.ipynb``).
    limits : Limits, optional
        ``lab.toml``'s cell timeout and ten times that for the notebook when left out.

    Returns
    -------
    LabSpec
    """
    given = {cell["id"]: _text(cell["source"]) for cell in release["cells"]}
    cells = tuple(_cell(cell, given.get(cell.id, cell.source)) for cell in lab.notebook.cells)
    helpers = {
        name: base64.b64encode((lab.folder / name).read_bytes()).decode("ascii")
        for name in lab.file.helper_files
    }
    cell_s = lab.file.timeout_s
    return LabSpec(
        name=lab.name,
        cells=cells,
        metadata=json.loads(json.dumps(lab.notebook.metadata)),
        helper_files=helpers,
        limits=limits or Limits(cell_s=cell_s, notebook_s=10 * cell_s),
        preload=_imports(
            cell.source
            for cell, spec in zip(lab.notebook.cells, cells, strict=True)
            if spec.kind in ("setup", "answer", "test") and spec.cell_type == "code"
        ),
    )


def _cell(cell: Any, released: str) -> CellSpec:
    meta = json.loads(json.dumps(cell.metadata))
    grading = meta.get("nbgrader", {})
    answer, item = is_answer(cell), is_item(cell)
    runs = cell.cell_type == "code"
    kind = (
        "text" if not runs and not answer
        else "answer" if answer
        else "test" if item
        else "explore" if EXPLORE in meta.get("tags", [])
        else "setup"
    )  # fmt: skip
    source = released if answer else cell.source
    shown = without_hidden_tests(cell.source) if kind == "test" else cell.source
    hidden = set(bound_names(cell.source)) - set(bound_names(shown)) if kind == "test" else set()
    return CellSpec(
        id=cell.id,
        grade_id=grading.get("grade_id", ""),
        kind=kind,
        cell_type=cell.cell_type,
        source=source,
        released=released,
        metadata=meta,
        points=float(grading.get("points") or 0.0),
        graded=item,
        manual=item and (answer or bool(grading.get("task"))),
        binds=bound_names(cell.source) if runs else (),
        reads=read_names(cell.source) if runs else (),
        shared=tuple(n for n in bound_names(shown) if n not in hidden) if kind == "test" else (),
    )


def _text(source: Any) -> str:
    return "".join(source) if isinstance(source, list) else str(source)


def _parse(source: str) -> ast.Module | None:
    """Parse a cell, magics and shell escapes included."""
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        pass
    try:
        from IPython.core.inputtransformer2 import TransformerManager

        return ast.parse(TransformerManager().transform_cell(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


class _Names(ast.NodeVisitor):
    """Names a cell binds at its top level, and global names that any of its code reads."""

    def __init__(self) -> None:
        self.bound: dict[str, None] = {}
        self.read: dict[str, None] = {}
        self.depth = 0

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self.read[node.id] = None
        elif not self.depth and isinstance(node.ctx, ast.Store):
            self.bound[node.id] = None

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> None:
        if not self.depth:
            for alias in node.names:
                self.bound[alias.asname or alias.name.partition(".")[0]] = None

    visit_ImportFrom = visit_Import  # noqa: N815

    def visit_Global(self, node: ast.Global) -> None:
        for name in node.names:
            self.bound[name] = None
            self.read[name] = None

    def _scope(self, node: Any) -> None:
        name = getattr(node, "name", None)
        if name and not self.depth:
            self.bound[name] = None
        self.depth += 1
        self.generic_visit(node)
        self.depth -= 1

    visit_FunctionDef = visit_AsyncFunctionDef = visit_ClassDef = visit_Lambda = _scope  # noqa: N815
    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _scope  # noqa: N815


def _names(source: str) -> _Names:
    found, tree = _Names(), _parse(source)
    if tree is not None:
        found.visit(tree)
    return found


def bound_names(source: str) -> tuple[str, ...]:
    r"""Return the global names that running a cell binds.

    Examples
    --------
    >>> bound_names("import numpy as np\nfor i in x:\n    y = [j for j in x]\ndef f(a):\n    b = a")
    ('np', 'i', 'y', 'f')
    """
    return tuple(_names(source).bound)


def read_names(source: str) -> tuple[str, ...]:
    r"""Return the names that a cell's code reads, those local to a function included.

    Examples
    --------
    >>> read_names("y = f(x)\ndef g():\n    return z")
    ('f', 'x', 'z')
    """
    return tuple(_names(source).read)


def _imports(sources: Iterable[str]) -> tuple[str, ...]:
    """Return the modules that cells import by name: what a warm process should know already."""
    modules: dict[str, None] = {}
    for source in sources:
        for node in ast.walk(_parse(source) or ast.Module([], [])):
            if isinstance(node, ast.Import):
                modules.update(dict.fromkeys(alias.name for alias in node.names))
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                modules[node.module] = None
                modules.update(dict.fromkeys(f"{node.module}.{a.name}" for a in node.names))
    return tuple(modules)
