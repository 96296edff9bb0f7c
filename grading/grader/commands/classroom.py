"""A class: who is in it, their scenarios, their time, what goes to and comes from an LMS."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from grader.commands.shared import Where, all_labs, console, count, say, short
from grader.course import Course
from grader.errors import GraderError, few

__all__ = [
    "anonymise",
    "backup",
    "copies",
    "due",
    "export",
    "extend",
    "forget",
    "import_zip",
    "roster",
    "seeds",
]

_Lab = Annotated[str, typer.Argument(help="The lab.")]
_Student = Annotated[str, typer.Argument(help="The student's id.")]


def roster(
    file: Annotated[Path, typer.Argument(help="CSV of students: ours, Canvas's or Moodle's.")],
    course: Where = Path(),
) -> None:
    """Enter the students of a CSV into the gradebook."""
    from grader.roster import TEST_STUDENT, import_roster

    found = import_roster(Course.find(course), file)
    if TEST_STUDENT in file.read_text(encoding="utf-8-sig"):
        say(console(), f"left out: {TEST_STUDENT!r}, who is Canvas's own and hands nothing in")
    say(console(), f"{count(len(found), 'student')} entered into the gradebook")


def seeds(
    file: Annotated[Path, typer.Argument(help="CSV of students.")],
    output: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--output", "-o", help="Where the codes go; to the terminal when left out."),
    ] = None,
    labs: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option("--lab", help="Labs; all when left out."),
    ] = None,
    course: Where = Path(),
) -> None:
    """Work out each student's codes for the individual scenarios, from the course's secret."""
    from grader.roster import read_roster
    from grader.seeds import write_codes

    where, out = Course.find(course), console()
    students = [member.student for member in read_roster(file)]
    rows = write_codes(where, students, all_labs(where, labs), output)
    if output is not None:
        say(
            out,
            f"{count(len(rows), 'student')}: {short(output)} (send each student only their own line)",
        )
        return
    for row in rows:
        say(out, "  ".join(f"{name}={value}" for name, value in row.items()))


def due(
    file: Annotated[Path, typer.Argument(help="CSV with the columns lab and due.")],
    course: Where = Path(),
) -> None:
    """Take over due dates; late penalties are worked out again."""
    from grader.policy import import_due

    where, out = Course.find(course), console()
    for lab, when in import_due(where, file).items():
        _update_penalties(where, lab)
        if when is None:
            say(out, f"{lab} is due no more: the file leaves it out")
        else:
            say(out, f"{lab} is due at {when:%Y-%m-%d %H:%M} UTC")


def _update_penalties(course: Course, lab: str, students: list[str] | None = None) -> None:
    """Work out late penalties again for whoever has a grade."""
    from grader.gradebook import Writer, open_gradebook
    from grader.journal import Journal
    from grader.settings import course_config
    from grader.source import read_lab

    graded = Journal(course, lab).current()
    chosen = [name for name in students or graded if name in graded]
    if chosen:
        with open_gradebook(course) as book:
            writer = Writer(course, read_lab(course, lab), book, course_config(course))
            for student in chosen:
                writer.update_penalty(student)


def extend(
    student: _Student,
    lab: _Lab,
    days: Annotated[float, typer.Option(help="Days after the due date; 0 takes it back.", min=0)],
    course: Where = Path(),
) -> None:
    """Give a student more time; a late penalty is worked out again."""
    from grader.policy import add_extension
    from grader.roster import check_student

    where = Course.find(course)
    where.lab_folder(lab)
    check_student(where, student)
    add_extension(where, student, lab, days)
    _update_penalties(where, lab, [student])
    say(console(), f"{student} has {days:g} more {'day' if days == 1 else 'days'} for {lab}")


def import_zip(
    lab: _Lab,
    file: Annotated[
        Path, typer.Argument(help="The zip of all submissions, from Canvas or Moodle.")
    ],
    course: Where = Path(),
) -> None:
    """Put the submissions of an LMS zip into grading/submitted/."""
    from grader.lms import import_zip as take

    where, out = Course.find(course), console()
    report = take(where, lab, file)
    left = [taken for taken in report if taken.why_not]
    students = {taken.student for taken in report if taken.student}
    for taken in left:
        say(out, f"left: {taken.file} {taken.why_not}")
    say(out, f"{count(len(students), 'submission')} put into {short(where.submitted)}")
    if replaced := [taken.student for taken in report if taken.replaces]:
        say(out, f"another notebook was replaced, its timestamp.txt was not: {few(replaced)}")
    if late := sorted({taken.student for taken in report if taken.late}):
        say(out, f"Canvas marks as late: {few(late)}")
    if students:
        say(
            out,
            "no due date applies to these: a zip has no times of handing in; write one beside a "
            f"notebook, <student>/{lab}/timestamp.txt, such as 2026-04-20 23:59:00 UTC",
        )
    if not students:
        raise GraderError(
            f"{file} holds no submission of anyone in the roster: run `grader roster`"
        )


def export(
    lab: _Lab,
    output: Annotated[Path, typer.Argument(help="The CSV to write.")],
    form: Annotated[str, typer.Option("--format", help="canvas, moodle or plain.")] = "plain",
    course: Where = Path(),
) -> None:
    """Write the grades of a lab as CSV for an LMS, late penalties taken off."""
    from grader.grade import current_results
    from grader.gradebook import open_gradebook
    from grader.lms import write_csv
    from grader.roster import members
    from grader.scores import read_penalties
    from grader.source import read_lab

    where = Course.find(course)
    read, results = read_lab(where, lab), current_results(where, lab)
    with open_gradebook(where) as book:
        people, penalties = members(book), read_penalties(book, lab)
    rows = write_csv(read, results, people, output, form=form, penalties=penalties)
    waits = sum(result.waits for result in results)
    remark = f"; written answers of {waits} still wait to be graded" if waits else ""
    say(console(), f"{count(rows, 'grade')}: {short(output)}{remark}")


def anonymise(
    lab: _Lab,
    folder: Annotated[Path, typer.Argument(help="The folder to write.")],
    course: Where = Path(),
) -> None:
    """Export scores and answers without names, for research or a colleague."""
    from grader.anonymous import export_anonymous
    from grader.grade import current_results
    from grader.gradebook import open_gradebook
    from grader.roster import members
    from grader.source import read_lab

    where = Course.find(course)
    read, results = read_lab(where, lab), current_results(where, lab)
    with open_gradebook(where) as book:
        people = members(book)
    exported = export_anonymous(where, read, results, people, folder)
    say(console(), f"{count(exported, 'student')} without names: {short(folder)}")


def copies(
    lab: _Lab,
    workers: Annotated[int, typer.Option(help="Submissions at a time; 0: one a core.", min=0)] = 0,
    course: Where = Path(),
) -> None:
    """Find answers that fit another student's scenario and not their author's own."""
    from grader.copying import copied_scenarios
    from grader.engine import How

    where, out = Course.find(course), console()
    compared = copied_scenarios(where, lab, How(workers=workers))
    for copied in compared.found:
        say(out, str(copied))
    handed_in = count(len(where.students(lab)), "submission")
    say(
        out,
        f"{compared.readable} of {handed_in} could be compared, {len(compared.found)} found; "
        "these are signs, ask before you judge",
    )


def forget(
    student: _Student,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    course: Where = Path(),
) -> None:
    """Delete a student and all their work: gradebook, files, journal."""
    from grader.roster import check_student, forget_student

    where, out = Course.find(course), console()
    check_student(where, student)
    if not yes:
        typer.confirm(f"Delete {student} and all their work?", abort=True)
    kept = forget_student(where, student)
    say(out, f"{student} is deleted")
    for path in kept:
        say(out, f"still in the backup {path}")


def backup(course: Where = Path()) -> None:
    """Copy the gradebook, whole and consistent, even while others write; say how to go back to it."""
    from grader.regrade import back_up

    where, out = Course.find(course), console()
    path = short(back_up(where))
    back = f"cp {path} {short(where.gradebook)}"
    if where.gradebook_url:
        back = f'pg_restore --clean --dbname="$GRADER_GRADEBOOK" {path}'
    say(out, f"{path}")
    say(
        out,
        f"to go back to it: `{back}` while nobody grades, then `grader grade <lab> --force` "
        "for what was graded since",
    )
