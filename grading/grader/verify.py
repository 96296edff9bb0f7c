"""The tests are tested: right answers earn everything, wrong ones lose exactly what they should."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader import build
from grader.course import Course
from grader.engine import grade_class, with_sandbox_if_possible
from grader.errors import GraderError
from grader.replay import replay
from grader.source import Lab, read_lab
from grader.submission import fill
from grader.variants import Variant, blanks, read_variants

__all__ = ["Finding", "hand_in", "released", "verify"]


@dataclass(frozen=True)
class Finding:
    """What a set of answers earned, and whether that is what it should.

    Attributes
    ----------
    kind, name : str
    lost : tuple of str
        Items that lost points.
    problem : str
        Empty when all is as it should be.
    said : str
        What the first lost test said.
    through : str
        ``engine`` or ``replay``.
    """

    kind: str
    name: str
    lost: tuple[str, ...]
    problem: str = ""
    said: str = ""
    through: str = "replay"


def verify(
    course: Course, lab_name: str, *, on_step: Callable[[str], None] = lambda step: None
) -> list[Finding]:
    """Test the tests of a lab.

    The solution and the untouched release go through the grading engine itself. These two, every
    mutant, every alternative, and the solution with each answer blanked in turn, go through
    `replay`; the two ways must agree on the first two.

    Parameters
    ----------
    course : Course
    lab_name : str
    on_step : callable
        Called with a sentence before each step.

    Returns
    -------
    list of Finding

    Raises
    ------
    GraderError
        When the lab or one of its variants is malformed.
    """
    lab = read_lab(course, lab_name)
    variants = read_variants(lab)
    with tempfile.TemporaryDirectory(prefix="grader-verify-") as folder:
        aside = course.aside(folder)
        on_step("releasing into a temporary folder")
        build.release(aside, lab)
        notebook = released(aside, lab_name)
        stubs = {name: _stub(notebook, name) for name in lab.answers}
        ends = {"solution": lab.answers, "release": {}}
        on_step("grading the solution and the release through the engine")
        for name, answers in ends.items():
            hand_in(aside, lab_name, name, fill(notebook, answers))
        through_engine = _grade(aside, lab)
        untouched = Variant("release", "release", stubs)
        emptied = blanks(lab, notebook)
        sets = [Variant("solution", "solution", {}), untouched, *variants, *emptied]
        on_step(f"replaying {len(sets)} sets of answers")
        played = replay(lab, sets)
    findings = [_judge_ends(lab, name, through_engine[name]) for name in ends]
    for variant in sets:
        scores = played[f"{variant.kind}/{variant.name}"]
        if variant.kind in ends:
            findings.append(_judge_agreement(variant, scores, through_engine[variant.kind]))
        else:
            findings.append(_judge(lab, variant, scores))
    return findings


def released(course: Course, lab: str) -> Any:
    """Read a lab's release."""
    import nbformat

    return nbformat.read(course.release / lab / f"{lab}.ipynb", as_version=4)


def hand_in(course: Course, lab: str, student: str, notebook: Any) -> Path:
    """Put a notebook, and the helper files students have, where a student's submission lies."""
    import nbformat

    folder = course.submitted / student / lab
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(course.release / lab, folder)
    path = folder / f"{lab}.ipynb"
    nbformat.write(notebook, path)
    return path


def _stub(notebook: Any, answer: str) -> str:
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == answer:
            return str(cell.source)
    raise GraderError(f"the release lacks the answer {answer}")


def _grade(course: Course, lab: Lab) -> dict[str, dict[str, tuple[float, str]]]:
    scores = {}
    for result in grade_class(course, lab.name, (), with_sandbox_if_possible()):
        if result.status == "ungradable":
            raise GraderError(
                f"{lab.name}: the {result.student} could not be graded: {result.reason}"
            )
        scores[result.student] = {item.name: (item.score, item.said) for item in result.items}
    return scores


def _full(lab: Lab) -> dict[str, float]:
    return {item.grade_id: item.points for item in lab.items if not item.manual}


def _lost(lab: Lab, scores: Mapping[str, tuple[float, str]]) -> tuple[str, ...]:
    return tuple(name for name, full in _full(lab).items() if scores[name][0] < full)


def _judge_ends(lab: Lab, name: str, scores: Mapping[str, tuple[float, str]]) -> Finding:
    lost = _lost(lab, scores)
    said = scores[lost[0]][1] if lost else ""
    problem = ""
    if name == "solution" and lost:
        problem = f"the solution loses points in {', '.join(lost)}: {said}"
    if name == "release":
        earned = [item.grade_id for item in lab.items if scores[item.grade_id][0] > 0]
        problem = f"the untouched release earns points in {', '.join(earned)}" if earned else ""
    return Finding(name, name, lost, problem, said, through="engine")


def _judge_agreement(
    variant: Variant,
    scores: Mapping[str, tuple[float, str]],
    through_engine: Mapping[str, tuple[float, str]],
) -> Finding:
    differ = [name for name in scores if scores[name][0] != through_engine[name][0]]
    problem = f"engine and replay differ in {', '.join(differ)}" if differ else ""
    return Finding(
        variant.kind, variant.name, tuple(n for n, s in scores.items() if not s[0]), problem
    )


def _judge(lab: Lab, variant: Variant, scores: Mapping[str, tuple[float, str]]) -> Finding:
    lost = _lost(lab, scores)
    said = scores[lost[0]][1] if lost else ""
    too_many = [name for name in lost if name not in variant.loses]
    too_few = [name for name in variant.loses if name not in lost]
    problem = ""
    if too_many:
        problem = f"loses points in {', '.join(too_many)} too: {scores[too_many[0]][1]}"
    elif too_few:
        problem = f"keeps its points in {', '.join(too_few)}"
    elif variant.message and not any(
        variant.message.casefold() in scores[name][1].casefold() for name in lost
    ):
        problem = f"loses its points, but no test says {variant.message!r}: {said}"
    return Finding(variant.kind, variant.name, lost, problem, " ".join(said.split()))
