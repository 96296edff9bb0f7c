"""An exchange for nbgrader in which a submission is its owner's and the instructor's, nobody else's.

nbgrader's own exchange needs a folder that everyone may write to, and hides submissions behind names
that cannot be guessed. Here every student has a part of the exchange behind a gate of its own::

    <root>/<course>/                        the instructor's, 0711
        outbound/<lab>/                     releases: everyone reads, the instructor writes
        students/                           0711: nobody lists the class
            <student>/                      the gate: instructor's, group of the student alone, 0750
                inbound/                    the student's, 0755: <lab>+<timestamp>+<token>/
                feedback/<lab>/<token>/     the instructor's, 0755

Only the gate divides; behind it everything can be read, so no ACL, shared group or umask matters.
There is no service either: a hub that dies disturbs nobody who submits.

Three ways to keep students apart, one layout:

- **Unix accounts** (a hub run by root, or plain shells): root calls `open_exchange` once and `admit` for
  each student. The kernel does the rest.
- **One account, a walled server each** (a hub without root): each server is shown what `mounts` names,
  so a student's server holds the own part and no other.
- **Kubernetes**: pods share no accounts and no folders, so the exchange is a service there: ngshare,
  which checks each request's token with the hub. It has its own ExchangeFactory classes; set
  ``c.ExchangeFactory`` as its documentation says instead of calling `use_exchange`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from grader.exchange.layout import Layout, admit, mounts, open_exchange

__all__ = ["Layout", "admit", "mounts", "open_exchange", "use_exchange"]


def use_exchange(config: Any, *, root: Path | str, course: str = "supercycle") -> None:
    """Let nbgrader use this exchange; for ``nbgrader_config.py`` of students and instructor alike.

    Parameters
    ----------
    config : traitlets.config.Config
        ``c`` of a configuration file.
    root : Path or str
        Folder of the exchange as the server sees it.
    course : str
        The course's id.

    Examples
    --------
    >>> from traitlets.config import Config
    >>> c = Config()
    >>> use_exchange(c, root="/srv/exchange")
    >>> c.ExchangeFactory.submit
    'grader.exchange.student.Submit'
    """
    config.CourseDirectory.course_id = course
    config.Exchange.root = str(root)
    for verb, name in (
        ("exchange", "base.ClassExchange"),
        ("list", "listing.List"),
        ("fetch_assignment", "student.FetchAssignment"),
        ("fetch_feedback", "student.FetchFeedback"),
        ("submit", "student.Submit"),
        ("release_assignment", "instructor.ReleaseAssignment"),
        ("release_feedback", "instructor.ReleaseFeedback"),
        ("collect", "collect.Collect"),
    ):
        config.ExchangeFactory[verb] = f"grader.exchange.{name}"
