"""From a lab's source to what students get: run it, stage it, release it, look for leaks."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.course import Course
from grader.errors import GraderError
from grader.leaks import check_leaks
from grader.pipeline import generate
from grader.settings import QUIET_KERNEL
from grader.source import EXPLORE, Lab, is_answer, is_item, read_lab
from grader.versions import keep_version

__all__ = [
    "Drift", "build", "check", "drift", "enter", "execute", "refuse_idioms", "release", "stage",
]  # fmt: skip


@dataclass(frozen=True)
class Drift:
    """A difference between a committed release and one built anew."""

    lab: str
    file: str
    what: str

    def __str__(self) -> str:
        return (
            f"labs/{self.lab}/{self.file} {self.what}: run `grader build {self.lab}` and commit it"
        )


def build(course: Course, lab_name: str, *, run: bool = True) -> Lab:
    """Build a lab into the course's release folder.

    Parameters
    ----------
    course : Course
    lab_name : str
    run : bool
        Execute the whole solution first and demand full marks.

    Returns
    -------
    Lab

    Raises
    ------
    GraderError
        When the source is malformed, the solution fails, or the release leaks; what was released
        before then stays as it was.
    """
    lab = read_lab(course, lab_name)
    if run:
        execute(lab)
    release(course, lab)
    return lab


def check(course: Course, lab_name: str) -> list[Drift]:
    """Build a lab in a temporary folder and compare; touch nothing."""
    lab = read_lab(course, lab_name)
    with tempfile.TemporaryDirectory(prefix="grader-check-") as folder:
        anew = course.aside(folder)
        release(anew, lab)
        return drift(lab_name, course.release / lab_name, anew.release / lab_name)


def drift(lab: str, committed: Path, anew: Path) -> list[Drift]:
    """Compare two releases of a lab byte by byte."""
    ours, theirs = _files(anew), _files(committed)
    found = []
    for name in sorted(ours | theirs):
        if name not in theirs:
            found.append(Drift(lab, name, "is missing"))
        elif name not in ours:
            found.append(Drift(lab, name, "is not built from solutions/"))
        elif (committed / name).read_bytes() != (anew / name).read_bytes():
            found.append(Drift(lab, name, "differs from a rebuild"))
    return found


def _files(folder: Path) -> set[str]:
    ignored = {".ipynb_checkpoints", "__pycache__", ".DS_Store"}
    return {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and not ignored & set(path.relative_to(folder).parts)
    }


def stage(course: Course, lab: Lab) -> None:
    """Put into the source folder only what nbgrader may copy: the notebook and helper files."""
    import nbformat

    folder = course.source / lab.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    nbformat.write(lab.notebook, folder / f"{lab.name}.ipynb")
    for helper in lab.file.helper_files:
        shutil.copy(lab.folder / helper, folder / helper)


def release(course: Course, lab: Lab) -> None:
    """Stage a lab, release it with nbgrader, scan it, and only then put it in place.

    nbgrader enters the lab's tests into the course's gradebook on the way.

    Raises
    ------
    GraderError
        When nbgrader fails, the release leaks, or a test asks of an answer what cannot be asked
        of another process.
    """
    import nbformat

    refuse_idioms(lab)
    stage(course, lab)
    with _scratch(course) as scratch:
        generate(scratch, lab.name)
        made = scratch.release / lab.name
        notebook = nbformat.read(made / f"{lab.name}.ipynb", as_version=4)
        check_leaks(lab, notebook)
        keep_version(course, lab, notebook)
        _replace(made, course.release / lab.name)


def refuse_idioms(lab: Lab) -> None:
    """Refuse tests that cannot work on answers from another process, by cell and line."""
    from grader.execution import unsupported_idioms

    tests = {item.grade_id for item in lab.items if not item.manual}
    wrong = [
        f"{lab.name}, {name}, {problem}"
        for cell in lab.notebook.cells
        if (name := cell.metadata.get("nbgrader", {}).get("grade_id")) in tests
        for problem in unsupported_idioms(cell.source, lab.answers)
    ]
    if wrong:
        raise GraderError("\n".join(wrong))


@contextlib.contextmanager
def _scratch(course: Course) -> Iterator[Course]:
    """Yield the course with a release folder of its own, so that a failed build destroys nothing."""
    import dataclasses

    folder = course.source.parent / "release"
    shutil.rmtree(folder, ignore_errors=True)
    yield dataclasses.replace(course, release=folder)
    shutil.rmtree(folder, ignore_errors=True)


def _replace(made: Path, target: Path) -> None:
    """Make the target hold exactly the made files; files that did not change are not touched."""
    target.mkdir(parents=True, exist_ok=True)
    for name in _files(target) - _files(made):
        (target / name).unlink()
    for name in _files(made):
        old, new = target / name, (made / name).read_bytes()
        if not old.is_file() or old.read_bytes() != new:
            old.parent.mkdir(parents=True, exist_ok=True)
            old.write_bytes(new)


def execute(lab: Lab) -> Any:
    """Run the whole solution, exploring cells included, and demand full marks.

    Returns
    -------
    nbformat.NotebookNode
        The executed notebook.

    Raises
    ------
    GraderError
        Naming the cell that fails or loses points.
    """
    import copy

    from nbclient import NotebookClient
    from nbclient.exceptions import CellTimeoutError, DeadKernelError

    notebook = copy.deepcopy(lab.notebook)
    limit = {cell.id: _limit_s(lab, cell) for cell in notebook.cells}
    with tempfile.TemporaryDirectory(prefix="grader-run-") as folder:
        for helper in lab.file.helper_files:
            shutil.copy(lab.folder / helper, folder)
        client = NotebookClient(
            notebook,
            kernel_name="python3",
            allow_errors=True,
            timeout_func=lambda cell: limit[cell.id],
            extra_arguments=list(QUIET_KERNEL),
            resources={"metadata": {"path": folder}},
        )
        try:
            client.execute()
        except CellTimeoutError:
            stuck = _last_started(notebook)
            raise GraderError(
                f"{lab.name}: the solution's cell {stuck.id} ran longer than {limit[stuck.id]} s"
            ) from None
        except DeadKernelError:
            stuck = _last_started(notebook)
            raise GraderError(
                f"{lab.name}: the kernel died in the solution's cell {stuck.id}"
            ) from None
    for cell in notebook.cells:
        _demand_full_marks(lab, cell)
    return notebook


def _limit_s(lab: Lab, cell: Any) -> int:
    explores = EXPLORE in cell.metadata.get("tags", [])
    return round(lab.file.explore_timeout_s if explores else lab.file.timeout_s)


def _last_started(notebook: Any) -> Any:
    started = [c for c in notebook.cells if c.cell_type == "code" and "execution" in c.metadata]
    return (started or notebook.cells)[-1]


def _demand_full_marks(lab: Lab, cell: Any) -> None:
    from nbgrader.utils import determine_grade

    if cell.cell_type != "code":
        return
    for output in cell.outputs:
        if output.output_type == "error":
            raise GraderError(
                f"{lab.name}: the solution fails in cell {cell.id}: "
                f"{output.ename}: {' '.join(output.evalue.split())[:200]}"
            )
    if is_item(cell) and not is_answer(cell):
        score, full = determine_grade(cell)
        if score != full:
            why = " ".join(o.text for o in cell.outputs if o.get("name") == "stderr").split()
            raise GraderError(
                f"{lab.name}: the solution earns {score:g} of {full:g} points in cell {cell.id}"
                + (
                    f"; nbgrader counts any stderr as a failure: {' '.join(why)[:160]}"
                    if why
                    else ""
                )
            )


def enter(course: Course, lab_name: str) -> None:
    """Enter a lab's tests into the gradebook without touching what students have."""
    import nbformat

    lab = read_lab(course, lab_name)
    stage(course, lab)
    with _scratch(course) as scratch:
        generate(scratch, lab.name)
        made = scratch.release / lab.name / f"{lab.name}.ipynb"
        keep_version(course, lab, nbformat.read(made, as_version=4))
