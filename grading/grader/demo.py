"""A class made from a lab: every way in which a submission can end, in a folder of its own."""

from __future__ import annotations

import dataclasses
import json
import random
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from grader import build
from grader.course import Course
from grader.damage import BODIES, CELLS, FILES, cell, with_body
from grader.engine import THIS_MACHINE, How, with_sandbox_if_possible
from grader.errors import GraderError
from grader.grade import grade
from grader.record import Result
from grader.report_page import write_report
from grader.source import Lab, read_lab
from grader.submission import fill
from grader.variants import read_variants
from grader.verify import hand_in, released

__all__ = ["STUDENTS", "damage", "fault_of", "made_up", "make_class", "run_demo"]

#: Student → what the submission is.
STUDENTS: Mapping[str, str] = {
    "ada": "complete: every answer is right",
    "ben": "partly right: common misconceptions in some answers",
    "cleo": "blank: handed in as it was given out",
    "dan": "an endless loop in one answer, the others are right",
    "eve": "damaged: the upload broke off",
}

#: Longest run of a cell in the demo [s]; a class waits longer.
DEMO_TIMEOUT_S = 10.0
#: Share of made-up students with whose submission something goes wrong.
FAULTY_SHARE = 0.1
_MARKER = ".grader-demo"


def run_demo(
    course: Course,
    lab_name: str,
    folder: Path,
    *,
    count: int = 5,
    how: How = THIS_MACHINE,
    on_start: Callable[[str], None] = lambda student: None,
    on_result: Callable[[Result], None] = lambda result: None,
    on_step: Callable[[str], None] = lambda step: None,
) -> tuple[Course, Lab, list[Result], Path]:
    """Build a lab, make submissions, grade them and write feedback and a class report.

    Parameters
    ----------
    course : Course
        Only its solutions are read; its gradebook is left alone.
    lab_name : str
    folder : Path
        Wiped first if an earlier demo made it.
    count : int
        Students; the first five are those of `STUDENTS`.
    how : How
        A cell's time is limited to `DEMO_TIMEOUT_S` unless it says otherwise.

    Returns
    -------
    demo_course, lab, results, report
        ``report`` is the path of the class report.
    """
    demo = fresh(course, folder)
    lab = read_lab(course, lab_name)
    on_step(f"building {lab_name} and releasing it with nbgrader")
    build.release(demo, lab)
    on_step(f"{'five' if count == 5 else count} students hand in")
    make_class(demo, lab, count)
    able = with_sandbox_if_possible(how)
    if how.sandbox and not able.sandbox:
        on_step("bubblewrap cannot run here: these samples of ours run without the sandbox")
    limit_s = how.timeout_s or min(DEMO_TIMEOUT_S, lab.file.timeout_s)
    results = grade(
        demo,
        lab_name,
        how=dataclasses.replace(able, timeout_s=limit_s),
        on_start=on_start,
        on_result=on_result,
    )
    return demo, lab, results, write_report(demo, lab, results)


def fresh(course: Course, folder: Path) -> Course:
    """Return a course aside in an empty folder.

    Raises
    ------
    GraderError
        When the folder holds something that no demo made.
    """
    folder = folder.resolve()
    if folder.exists():
        if not folder.is_dir() or (any(folder.iterdir()) and not (folder / _MARKER).is_file()):
            raise GraderError(
                f"{folder} holds something else: give the demo an empty folder with --folder"
            )
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    (folder / _MARKER).write_text("made by `grader demo`, which may wipe it\n")
    return course.aside(folder)


def make_class(course: Course, lab: Lab, count: int = 5) -> None:
    """Write the submissions of `STUDENTS`, then of made-up students.

    They answer with the lab's own solution, alternatives and mutants; `fault_of` some goes wrong.
    """
    release = released(course, lab.name)
    for number in range(len(STUDENTS) + 1, count + 1):
        student = f"student-{number:04d}"
        path = hand_in(course, lab.name, student, fill(release, made_up(lab, student)))
        if fault := fault_of(student):
            damage(lab, path, fault)
    complete = fill(release, lab.answers)
    hand_in(course, lab.name, "ada", complete)
    hand_in(course, lab.name, "ben", fill(release, {**lab.answers, **_misconceived(lab)}))
    hand_in(course, lab.name, "cleo", release)
    hand_in(course, lab.name, "dan", fill(release, {**lab.answers, **_endless(lab)}))
    path = hand_in(course, lab.name, "eve", complete)
    damage(lab, path, "truncated")


def made_up(lab: Lab, student: str) -> dict[str, str]:
    """Return a made-up student's answers: some right, some alternatives, some misconceptions, some left out.

    The same name gives the same answers. Each student has an ability; the harder an answer is (the
    later in the lab), the more often it is wrong.
    """
    rng = random.Random(f"{lab.name} {student}")
    ability = rng.betavariate(4, 2)
    variants = read_variants(lab)
    answers: dict[str, str] = {}
    names = list(lab.answers)
    for place, name in enumerate(names):
        own = [v for v in variants if name in v.answers and len(v.answers) == 1]
        right = [lab.answers[name], *(v.answers[name] for v in own if v.kind == "alternative")]
        wrong = [v.answers[name] for v in own if v.kind == "mutant"]
        hard = 0.5 * place / len(names)
        if rng.random() < ability * (1 - hard) + 0.1:
            source = rng.choice(right)
        elif wrong and rng.random() < 0.7:
            source = rng.choice(wrong)
        else:
            continue
        code = any(c.id == name and c.cell_type == "code" for c in lab.notebook.cells)
        answers[name] = f"{source}\n# {student}" if code else f"{source}\n\n{student}"
    return answers


def fault_of(student: str) -> str:
    """Return what goes wrong with a made-up student's submission; empty for nine in ten.

    Examples
    --------
    >>> sum(bool(fault_of(f"student-{n:04d}")) for n in range(1000))
    108
    """
    rng = random.Random(f"damage {student}")
    if rng.random() > FAULTY_SHARE:
        return ""
    return rng.choice([*FILES, *CELLS, *BODIES, "renamed", "an extra notebook"])


def damage(lab: Lab, path: Path, fault: str) -> None:
    """Damage a submission that lies at a path as a fault's name says."""
    raw = path.read_bytes()
    rng = random.Random(f"place {path.parent.parent.name}")
    if fault == "renamed":
        path.rename(path.with_name("Untitled1.ipynb"))
    elif fault == "an extra notebook":
        path.with_name("scratch.ipynb").write_bytes(raw)
    elif fault in FILES:
        path.unlink()
        if (left := FILES[fault](raw)) is not None:
            path.write_bytes(left)
    else:
        notebook = json.loads(raw)
        if fault in CELLS:
            answer = rng.choice([name for name in lab.answers if lab.items_of[name]])
            CELLS[fault](notebook, answer, lab.items_of[answer][0])
        elif bodies := _misbehaving(lab, BODIES[fault]):
            name = rng.choice(list(bodies))
            cell(notebook, name)["source"] = bodies[name]
        path.write_text(json.dumps(notebook, ensure_ascii=False), encoding="utf-8")


def _misconceived(lab: Lab) -> dict[str, str]:
    """Return up to three mutants of different answers; two empty answers for a lab without any."""
    answers: dict[str, str] = {}
    chosen = 0
    for variant in read_variants(lab):
        if variant.kind == "mutant" and not set(variant.answers) & set(answers) and chosen < 3:
            answers.update(variant.answers)
            chosen += 1
    if not answers:
        tested = [name for name, items in lab.items_of.items() if items]
        answers = {name: "pass" for name in tested[:2]}
    return answers


def _endless(lab: Lab) -> dict[str, str]:
    """Return the last tested answer with a body that never ends."""
    looping = _misbehaving(lab, BODIES["endless loop"])
    if not looping:
        raise GraderError(
            f"{lab.name} has no tested answer with a BEGIN SOLUTION region to loop in"
        )
    last = list(looping)[-1]
    return {last: looping[last]}


def _misbehaving(lab: Lab, body: str) -> dict[str, str]:
    """Return every tested function of a lab with another body."""
    changed = {
        name: with_body(source, body) for name, source in lab.answers.items() if lab.items_of[name]
    }
    return {name: source for name, source in changed.items() if source is not None}
