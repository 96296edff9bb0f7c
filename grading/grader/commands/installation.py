"""The installation: whether a class could start on it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from grader.commands.shared import Where
from grader.course import Course

__all__ = ["doctor"]


def doctor(
    exchange: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(envvar="SUPERCYCLE_EXCHANGE", help="The exchange; looked up when left out."),
    ] = None,
    servers: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(envvar="SUPERCYCLE_SERVERS", help="Settings of the hub's servers, by role."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print findings as JSON.")] = False,
    course: Where = Path(),
) -> None:
    """Check the hub's installation before a class starts on it; say how to mend what is wrong."""
    from grader.doctor import Installation, examine
    from supercycle.cli.doctor import tell

    where = Course.find(course)
    folder = servers or where.root / "grading" / "hub" / "servers"
    tell(examine(Installation(where, exchange, folder)), as_json=as_json)
