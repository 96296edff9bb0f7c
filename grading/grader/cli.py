"""The command ``grader``: labs, grading and the class."""

from __future__ import annotations

import sys

import typer

from grader.commands import classroom, grading, installation, labs
from grader.errors import GraderError

__all__ = ["app", "main"]

app = typer.Typer(
    help="Build labs from their source, grade submissions with nbgrader, test the tests.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

_PANELS = {
    "Labs": (labs.build, labs.verify, labs.demo),
    "Grading": (
        grading.grade, grading.status, grading.report, grading.feedback, grading.regrade,
        grading.history,
    ),
    "Class": (
        classroom.roster, classroom.due, classroom.extend, classroom.seeds, classroom.copies,
        classroom.import_zip,
        classroom.export, classroom.anonymise, classroom.forget, classroom.backup,
    ),
    "Installation": (installation.doctor,),
}  # fmt: skip
for _panel, _commands in _PANELS.items():
    for _command in _commands:
        app.command(rich_help_panel=_panel)(_command)


def main() -> None:
    """Run the command; problems end it with one sentence and exit status 1."""
    try:
        app()
    except GraderError as error:
        print(f"grader: {error}", file=sys.stderr)
        sys.exit(1)
    except OSError as error:
        print(
            f"grader: {error.strerror or error}: {error.filename or ''}".rstrip(": "),
            file=sys.stderr,
        )
        sys.exit(1)
    except SystemExit as end:
        if end.code == 130:  # Typer's end after Ctrl-C
            print("grader: stopped; what was graded is kept", file=sys.stderr)
        raise


if __name__ == "__main__":
    main()
