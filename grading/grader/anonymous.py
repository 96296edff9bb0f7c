"""A class without its names: scores, answers and what tests said, for research or a colleague.

Each student becomes a number drawn afresh for every export and written nowhere; outputs, metadata and
free cells stay behind; names, ids and addresses of the class are struck out of what remains.
"""

from __future__ import annotations

import csv
import json
import re
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from grader.autograded import notebook_path
from grader.course import Course
from grader.record import Result
from grader.roster import Member
from grader.source import Lab

__all__ = ["export_anonymous", "struck"]

#: Shorter names are also words.
SHORTEST_NAME = 3


def export_anonymous(
    course: Course, lab: Lab, results: Sequence[Result], people: Sequence[Member], folder: Path
) -> int:
    """Write ``scores.csv`` and ``answers.jsonl`` of a lab and return how many students they hold.

    Parameters
    ----------
    course : Course
    lab : Lab
    results : sequence of Result
    people : sequence of Member
        Whose names are struck out.
    folder : Path
    """
    folder.mkdir(parents=True, exist_ok=True)
    names = _names(people, results)
    order = list(results)
    secrets.SystemRandom().shuffle(order)
    items = [item.grade_id for item in lab.items]
    with (
        (folder / "scores.csv").open("w", newline="", encoding="utf-8") as scores,
        (folder / "answers.jsonl").open("w", encoding="utf-8") as answers,
    ):
        table = csv.writer(scores)
        table.writerow(["student", "status", *items])
        for number, result in enumerate(order, start=1):
            alias = f"student-{number:04d}"
            by_name = {item.name: item for item in result.items}
            row = [f"{by_name[n].score:g}" if n in by_name else "" for n in items]
            table.writerow([alias, result.status, *row])
            whole: dict[str, Any] = {
                "student": alias,
                "answers": {
                    name: struck(text, names)
                    for name, text in _answers(course, lab, result.student).items()
                },
                "said": {i.name: struck(i.said, names) for i in result.items if i.said},
            }
            answers.write(json.dumps(whole, ensure_ascii=False) + "\n")
    return len(order)


def _names(people: Sequence[Member], results: Sequence[Result]) -> list[str]:
    names = {result.student for result in results}
    for member in people:
        names |= {member.student, member.first_name, member.last_name, member.email}
        names |= {member.lms_user_id, member.name}
    return sorted((n for n in names if len(n) >= SHORTEST_NAME), key=len, reverse=True)


def struck(text: str, names: Sequence[str]) -> str:
    """Return a text without names and without e-mail addresses.

    Examples
    --------
    >>> struck("# by Ada Lovelace (ada@x.org), with ben", ["Ada Lovelace", "ben"])
    '# by █ (█), with █'
    """
    text = re.sub(r"[\w.+-]+@[\w-]+(\.[\w-]+)+", "█", text)
    for name in names:
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "█", text, flags=re.IGNORECASE)
    return text


def _answers(course: Course, lab: Lab, student: str) -> dict[str, str]:
    path = notebook_path(course, lab.name, student)
    if not path.is_file():
        return {}
    found = {}
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
        if name in lab.answers:
            source = cell["source"]
            found[name] = "".join(source) if isinstance(source, list) else source
    return found
