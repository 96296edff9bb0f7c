"""``supercycle check``: grade one's own notebook with its visible checks, and keep the progress."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Annotated

import typer

from supercycle.cli import check_notebook, check_progress, check_run
from supercycle.cli.check_notebook import Notebook

__all__ = ["check"]

_MARKS = {"passed": "[green]✓[/]", "failed": "[red]✗[/]", "open": "·"}


def check(
    lab: Annotated[
        str | None,
        typer.Argument(help="A lab, such as lab03, or a notebook; your progress without one."),
    ] = None,
    solution: Annotated[
        str | None,
        typer.Option(help="Show how the course solves this answer, once you have tried it."),
    ] = None,
    timeout: Annotated[
        float, typer.Option(help="Longest run of a cell, in seconds.", min=1)
    ] = 30.0,
) -> None:
    """Run a notebook's visible checks in a fresh kernel; show what passes and what is left."""
    if lab is None:
        if solution is not None:
            raise ValueError(f"solution = {solution!r}: name its lab, too")
        _progress()
        return
    notebook = check_notebook.read(check_notebook.find(lab, Path.cwd()))
    if solution is not None:
        _solution(notebook, solution)
    else:
        _check(notebook, timeout)


def _check(notebook: Notebook, timeout_s: float) -> None:
    from rich.console import Console
    from rich.markup import escape

    console = Console(highlight=False)
    kept = check_progress.read()
    console.print(f"{notebook.title}  ({notebook.path})", markup=False)
    with console.status("running your answers in a fresh kernel"):
        results = check_run.run(notebook, limit_s=timeout_s)
    for result in results:
        said = {"open": "not begun", "passed": ""}.get(result.state, result.said)
        console.print(
            f"  {_MARKS[result.state]} {result.check.answer}"
            + (f": {escape(said)}" if said else ""),
            soft_wrap=True,
        )
    for cell in notebook.written:
        words = f"{len(cell.source.split())} words, for a person to read"
        mark = "✎" if cell.changed else "·"
        console.print(f"  {mark} {cell.name}: {words if cell.changed else 'not begun'}")
    check_progress.record(kept, notebook, results)
    passed = [r for r in results if r.state == "passed"]
    worth = sum(r.check.points for r in passed)
    console.print(
        f"{len(passed)} of {len(results)} answers pass their visible checks, worth up to {worth:g} of "
        f"{sum(c.points for c in notebook.checks):g} points; grading tries more cases.",
        soft_wrap=True,
    )
    if any(r.state == "failed" for r in results):
        raise typer.Exit(1)


def _progress() -> None:
    from rich.console import Console
    from rich.table import Column, Table

    console = Console(highlight=False)
    kept = check_progress.read()
    found = check_notebook.notebooks(Path.cwd())
    if not found:
        raise ValueError("no labs here or above: go to the folder that holds them")
    table = Table(
        Column("lab", no_wrap=True),
        "title",
        "checks",
        "points",
        "written",
        "last checked",
        box=None,
    )
    for name, path in found.items():
        notebook = check_notebook.read(path)
        entry = kept.get(name)
        checks, written = notebook.checks, notebook.written
        table.add_row(
            name,
            notebook.title.partition("·")[2].strip() or notebook.title,
            f"{len(entry['passed']) if entry else 0}/{len(checks)}",
            f"{entry['points'] if entry else 0:g}/{sum(c.points for c in checks):g}",
            f"{len(entry['written']) if entry else 0}/{len(written)}",
            _when(entry, notebook),
        )
    console.print(table)
    console.print(f"kept in {check_progress.path()}", soft_wrap=True)


def _when(entry: dict[str, str] | None, notebook: Notebook) -> str:
    if entry is None:
        return "–"
    day = entry["checked"][:10]
    return day if entry["release"] == notebook.release else f"{day}, an earlier release"


def _solution(notebook: Notebook, name: str) -> None:
    """Print the course's answer and the names of others that are right, too."""
    from rich.console import Console

    name = next((c.answer for c in notebook.checks if c.name == name), name)
    own = {c.name: c for c in notebook.cells if c.kind in ("answer", "written")}
    if name not in own:
        raise ValueError(f"solution = {name!r}: must be one of {', '.join(own)}")
    folder = _solutions(notebook)
    if not own[name].changed:
        raise ValueError(f"solution = {name!r}: your cell is as released; try it first")
    console = Console(highlight=False)
    if own[name].kind == "written":
        rubric = folder / "rubric.md"
        console.print(f"{rubric}: what earns points, a strong and a weak answer.", soft_wrap=True)
        return
    print(_source(folder / f"{notebook.lab}.py", name))
    others = _alternatives(folder, name)
    if others:
        console.print(f"Right, too, in {folder / 'alternatives'}:", soft_wrap=True)
    for file, why in others:
        console.print(f"  {file}: {why}", markup=False, soft_wrap=True)


def _solutions(notebook: Notebook) -> Path:
    import supercycle

    homes = [*notebook.path.parents[1:3], Path(supercycle.__file__).parents[2]]
    for home in homes:
        if (home / "solutions" / notebook.lab / f"{notebook.lab}.py").is_file():
            return home / "solutions" / notebook.lab
    raise ValueError(
        "worked solutions are in a clone of the course, in solutions/; this installation has none"
    )


def _source(script: Path, name: str) -> str:
    """One answer of a lab's source, without the markers that students never see."""
    import jupytext

    lab = jupytext.read(script, fmt="py:percent")
    cell = next(c for c in lab.cells if c.metadata.get("nbgrader", {}).get("grade_id") == name)
    return "\n".join(
        line for line in cell.source.splitlines() if line.strip() not in
        ("### BEGIN SOLUTION", "### END SOLUTION")
    )  # fmt: skip


def _alternatives(folder: Path, name: str) -> list[tuple[str, str]]:
    """Files that answer it in another way, with what is different."""
    found = []
    for path in sorted((folder / "alternatives").glob("*.py")):
        text = path.read_text(encoding="utf-8")
        header = _header(text)
        if header["cell"] == name or f"# %% {name}" in text.splitlines():
            found.append((path.name, header["why"]))
    return found


def _header(text: str) -> dict[str, str]:
    """The TOML between ``# ///`` lines at the head of an alternative."""
    _, body, _ = re.split(r"^# ///.*\n", text, maxsplit=2, flags=re.MULTILINE)
    return tomllib.loads(re.sub(r"^# ?", "", body, flags=re.MULTILINE))
