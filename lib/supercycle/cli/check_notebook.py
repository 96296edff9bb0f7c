"""A student's notebook as `supercycle check` sees it: answers, the checks below them, what is touched."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import supercycle

__all__ = ["Cell", "Notebook", "find", "notebooks", "read"]

AGAIN = "fetch the notebook again and paste your answers in"


@dataclass(frozen=True)
class Cell:
    """One cell that nbgrader knows.

    Attributes
    ----------
    name : str
        Its grade id.
    kind : str
        ``answer`` (yours), ``check`` (locked, carries points), ``written`` (yours, read by a
        person) or ``given`` (locked, carries none).
    source : str
    points : float
    changed : bool
        Whether it differs from what was released.
    answer : str
        The answer a check belongs to: the one it is named after.
    """

    name: str
    kind: str
    source: str
    points: float
    changed: bool
    answer: str = ""


@dataclass(frozen=True)
class Notebook:
    """A lab's notebook; `cells` are its code and written answers in order, exploring cells left out."""

    lab: str
    title: str
    release: str
    path: Path
    cells: tuple[Cell, ...]

    @property
    def checks(self) -> tuple[Cell, ...]:
        """The locked cells that carry points."""
        return tuple(cell for cell in self.cells if cell.kind == "check")

    @property
    def written(self) -> tuple[Cell, ...]:
        """The answers that a person reads."""
        return tuple(cell for cell in self.cells if cell.kind == "written")

    def has(self, answer: str) -> bool:
        """Whether the cell of an answer is still there."""
        return any(cell.name == answer for cell in self.cells)

    def attempted(self, answer: str) -> bool:
        """Whether an answer differs from what was released."""
        return any(cell.name == answer and cell.changed for cell in self.cells)


def _homes(start: Path) -> Iterator[Path]:
    """Folders that may hold ``<lab>/<lab>.ipynb``: here, above, and the checkout of the library."""
    for folder in (start, *start.parents):
        yield folder
        yield folder / "labs"
    yield Path(supercycle.__file__).parents[2] / "labs"


def notebooks(start: Path) -> dict[str, Path]:
    """Labs that a folder, one above it or the library's checkout holds; the nearest of each."""
    found: dict[str, Path] = {}
    for home in _homes(start.resolve()):
        for path in sorted(home.glob("lab[0-9][0-9]*/lab[0-9][0-9]*.ipynb")):
            if path.stem == path.parent.name:
                found.setdefault(path.stem, path)
    for path in sorted(start.resolve().glob("lab[0-9][0-9]*.ipynb")):
        found[path.stem] = path
    return dict(sorted(found.items()))


def find(lab: str, start: Path) -> Path:
    """Find a lab's notebook by its file, its name or the beginning of its name.

    Raises
    ------
    ValueError
        When there is none, or more than one.
    """
    if lab.endswith(".ipynb"):
        if not Path(lab).is_file():
            raise ValueError(f"lab = {lab!r}: no such file")
        return Path(lab).resolve()
    known = notebooks(start)
    lab = re.sub(r"^lab(?=\d$)", "lab0", lab)
    fitting = [name for name in known if name == lab] or [n for n in known if n.startswith(lab)]
    if len(fitting) == 1:
        return known[fitting[0]]
    if not known:
        raise ValueError(f"lab = {lab!r}: no labs in {start} or above; go to where they are")
    raise ValueError(f"lab = {lab!r}: must name one of {', '.join(fitting or known)}")


def read(path: Path) -> Notebook:
    """Read a notebook.

    Raises
    ------
    ValueError
        When the file is no notebook, or not one of the course's.
    """
    try:
        import nbformat
        from nbgrader.utils import compute_checksum
    except ModuleNotFoundError as missing:
        raise ValueError(
            f"{missing.name} is missing: in a clone, make venv or pip install '.[labs]'"
        ) from None
    try:
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
    except Exception as error:  # nbformat raises many kinds; each means it is damaged
        why = str(error).strip() or type(error).__name__
        raise ValueError(f"{path} is not a notebook: {why.splitlines()[0]:.120}") from None
    about = notebook.metadata.get("supercycle", {})
    if "lab" not in about:
        raise ValueError(f"{path} is not a lab of this course: it has no stamp")
    cells: list[Cell] = []
    for cell in notebook.cells:
        try:
            meta = cell.metadata.get("nbgrader", {})
            kind = _kind(meta, cell.cell_type)
            if not kind:
                continue
            name, points = meta["grade_id"], float(meta.get("points", 0))
            changed = compute_checksum(cell) != meta.get("checksum")
        except (KeyError, TypeError, ValueError, AttributeError):
            raise ValueError(
                f"{path}: the marks of cell {cell.id!r} are damaged; {AGAIN}"
            ) from None
        answer = name.removeprefix("test_") if kind == "check" else ""
        cells.append(Cell(name, kind, cell.source, points, changed, answer))
    if not any(cell.kind == "check" for cell in cells):
        raise ValueError(f"{path} has lost the marks of its checks; {AGAIN}")
    title = next((c.source for c in notebook.cells if c.cell_type == "markdown"), path.stem)
    return Notebook(
        about["lab"], title.splitlines()[0].lstrip("# "), about.get("release", ""), path,
        tuple(cells),
    )  # fmt: skip


def _kind(meta: Any, cell_type: str) -> str:
    """Return what a cell is to a checker; nothing for text and for cells of the student's own."""
    if meta.get("solution"):
        return "written" if meta.get("grade") else "answer"
    if cell_type == "code" and "grade_id" in meta:
        return "check" if meta.get("grade") else "given"
    return ""
