"""Labs: build them from their source, test their tests, show a graded class."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from grader.commands.shared import Where, all_labs, console, progress, say, short
from grader.course import Course
from grader.errors import GraderError

if TYPE_CHECKING:
    from rich.console import Console

    from grader.source import Lab

__all__ = ["build", "demo", "verify"]


def build(
    labs: Annotated[Optional[list[str]], typer.Argument(help="Labs; all when left out.")] = None,  # noqa: UP045
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; fail if labs/ differs from a rebuild.")
    ] = False,
    execute: Annotated[
        bool, typer.Option(help="Run the whole solution first and demand full marks.")
    ] = True,
    course: Where = Path(),
) -> None:
    """Turn solutions/<lab>/ into the notebook that students get in labs/<lab>/."""
    from grader import build as building
    from grader.source import read_lab

    where, out = Course.find(course), console()
    drifts = []
    for lab in all_labs(where, labs):
        with out.status(f"{lab}: running the solution" if execute else f"{lab}: building"):
            if not check:
                done = building.build(where, lab, run=execute)
                points = f"{done.auto_points:g} points by tests of {done.max_points:g}"
                say(out, f"{lab}: released to labs/{lab}/ ({points}, source {done.release_id})")
                continue
            if execute:
                building.execute(read_lab(where, lab))
            found = building.check(where, lab)
        drifts += found
        if not found:
            say(out, f"{lab}: labs/{lab}/ is what its source builds")
    if drifts:
        raise GraderError("\n".join(str(drift) for drift in drifts))


def verify(
    labs: Annotated[Optional[list[str]], typer.Argument(help="Labs; all when left out.")] = None,  # noqa: UP045
    mutation: Annotated[
        bool,
        typer.Option(
            "--mutation", help="Also put small slips into each answer, one at a time (slow)."
        ),
    ] = False,
    course: Where = Path(),
) -> None:
    """Test the tests: solution 100 %, release 0 %, alternatives keep and mutants lose their points."""
    from rich.table import Table
    from rich.text import Text

    from grader import verify as verifying
    from grader.source import read_lab

    where, out = Course.find(course), console()
    problems = []
    for lab in all_labs(where, labs):
        with out.status(lab) as status:

            def on_step(step: str, name: str = lab) -> None:
                status.update(f"{name}: {step}")

            findings = verifying.verify(where, lab, on_step=on_step)
        table = Table(title=lab, title_justify="left", expand=True)
        table.add_column("")
        table.add_column("answers", overflow="fold", ratio=3)
        table.add_column("loses points in", overflow="fold", ratio=3)
        table.add_column("the first lost test says", no_wrap=True, overflow="ellipsis", ratio=3)
        for found in findings:
            mark = Text("✗", style="red") if found.problem else Text("✓", style="green")
            name = found.kind if found.kind == found.name else f"{found.kind} {found.name}"
            name += f" ({found.through})" if found.through != "replay" else ""
            whole = found.kind == "release"
            lost = "every item" if whole else ", ".join(found.lost) or "–"
            table.add_row(mark, Text(name), Text(lost), Text("" if whole else found.said))
        out.print(table)
        problems += [f"{lab}: {f.kind} {f.name} {f.problem}" for f in findings if f.problem]
        if mutation:
            problems += _show_mutation(out, read_lab(where, lab))
    if problems:
        raise GraderError("\n".join(problems))


def _show_mutation(out: Console, lab: Lab) -> list[str]:
    """Print the rates, answer by answer and in sum, and return what is too low."""
    from rich.table import Table

    from grader.mutation import ENOUGH, mutation_rates, summary

    with out.status(f"{lab.name}: mechanical mutants"):
        rates = mutation_rates(lab)
    table = Table(title=f"{lab.name}: mechanical mutants", title_justify="left")
    for name in ("answer", "noticed", "raw", "adjusted", "equivalent"):
        table.add_column(name, justify="left" if name == "answer" else "right")
    for rate in rates:
        table.add_row(
            rate.answer, f"{rate.killed} / {rate.total}", f"{rate.raw:.0%}",
            f"{rate.adjusted:.0%}", f"{len(rate.equivalent)}",
        )  # fmt: skip
    out.print(table)
    for rate in rates:
        for name in rate.survivors:
            say(out, f"  survives: {name}")
    say(out, f"{lab.name}: {summary(rates)}")
    return [
        f"{lab.name}: the tests of {rate.answer} notice {rate.adjusted:.0%} of its mechanical "
        f"mutants; {ENOUGH:.0%} are needed"
        for rate in rates
        if rate.adjusted < ENOUGH
    ]


def demo(
    lab: Annotated[str, typer.Option(help="The lab to show.")] = "lab03_ttft",
    students: Annotated[
        int, typer.Option(help="Students; 5 shows each way to end once.", min=5, max=100_000)
    ] = 5,
    workers: Annotated[
        int, typer.Option(help="Submissions at a time; 0 for one a core.", min=0)
    ] = 0,
    folder: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="Where the demo class lives; .build/demo when left out."),
    ] = None,
    course: Where = Path(),
) -> None:
    """Build a lab and grade a made-up class: right, partly right, blank, endless, damaged."""
    from grader.demo import STUDENTS, run_demo
    from grader.engine import How
    from grader.report import gradebook_table

    where, out = Course.find(course), console()
    with progress(out, students) as (on_start, on_result):
        aside, read, results, written = run_demo(
            where,
            lab,
            folder or where.root / ".build" / "demo",
            count=students,
            how=How(workers=workers),
            on_start=on_start,
            on_result=on_result,
            on_step=lambda step: say(out, step),
        )
    if students <= 50:
        out.print(gradebook_table(read, results))
    for student, what in STUDENTS.items():
        say(out, f"  {student:5} {what}")
    page = f"{lab}/{lab}.html"
    say(out, f"\nclass report   {short(written)}")
    say(out, f"feedback       {short(aside.feedback)}/<student>/{page}")
    say(out, f"gradebook      {short(aside.gradebook)} (yours is untouched)")
    say(out, "\nNext: type `make lab` to open the labs in JupyterLab and do one yourself.")
