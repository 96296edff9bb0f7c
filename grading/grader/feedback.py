"""A student's feedback: for each item what was asked, what failed in words, and the likely reason.

The page needs nothing but itself: no scripts, no fonts, no mathematics from elsewhere. Hidden tests
are not in it: it is made from what students were given, and every text that goes in is searched.
"""

from __future__ import annotations

import ast
import json
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from grader.autograded import notebook_path
from grader.course import Course
from grader.errors import GraderError
from grader.journal import Journal
from grader.leaks import hidden_lines, without_hidden_tests
from grader.record import ItemResult, Result
from grader.scores import read_comments, read_penalties, read_scores
from grader.source import Lab, is_answer, is_item
from grader.variants import Variant, read_variants

__all__ = ["feedback_html", "feedback_path", "misconception", "write_feedback"]

_MASK = "[a line of a hidden test]"


def feedback_path(course: Course, lab: str, student: str) -> Path:
    """Return where a student's feedback lies, as nbgrader names it."""
    return course.feedback / student / lab / f"{lab}.html"


def write_feedback(
    course: Course, lab: Lab, book: Any, students: Sequence[str] = ()
) -> dict[str, Path]:
    """Write the feedback of students who have a grade; manual grades and comments included.

    Parameters
    ----------
    course : Course
    lab : Lab
    book : nbgrader.api.Gradebook
    students : sequence of str
        Everyone when empty.

    Returns
    -------
    dict from student to path
    """
    entries = Journal(course, lab.name).current()
    chosen = [name for name in (students or entries) if name in entries]
    scores, comments = read_scores(book, lab), read_comments(book, lab.name)
    penalties = read_penalties(book, lab.name)
    variants = read_variants(lab)
    written = {}
    for student in chosen:
        result = entries[student].result.with_scores(scores.get(student, {}))
        source = notebook_path(course, lab.name, student)
        notebook = json.loads(source.read_text(encoding="utf-8")) if source.is_file() else {}
        page = feedback_html(
            lab, result, notebook, variants,
            comments=comments.get(student, {}), penalty=penalties.get(student, 0.0),
        )  # fmt: skip
        path = feedback_path(course, lab.name, student)
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".new")
        fresh.write_text(page, encoding="utf-8")
        fresh.replace(path)
        _keep_receipt(course, lab.name, student)
        written[student] = path
    return written


def _keep_receipt(course: Course, lab: str, student: str) -> None:
    """Put beside a page what nbgrader's exchange knows its submission by, or it can't be released."""
    for name in ("timestamp.txt", "submission_secret.txt"):
        receipt = course.submitted / student / lab / name
        if receipt.is_file() and not receipt.is_symlink():
            shutil.copyfile(receipt, feedback_path(course, lab, student).parent / name)


def misconception(item: ItemResult, variants: Sequence[Variant]) -> str:
    """Return what a student believes whose test ended with this sentence, if a mutant does the same."""
    said = item.said.casefold()
    for variant in variants:
        if (
            variant.kind == "mutant"
            and item.name in variant.loses
            and variant.message
            and variant.message.casefold() in said
        ):
            return variant.misconception
    return ""


@dataclass(frozen=True)
class _Part:
    """An item with what belongs to it in the notebook."""

    answers: tuple[Mapping[str, Any], ...]
    visible_test: str
    asked: str


def feedback_html(
    lab: Lab,
    result: Result,
    notebook: Mapping[str, Any],
    variants: Sequence[Variant],
    *,
    comments: Mapping[str, str] | None = None,
    penalty: float = 0.0,
) -> str:
    """Return a student's feedback page.

    Parameters
    ----------
    lab : Lab
    result : Result
        With the scores of the gradebook.
    notebook : mapping
        The student's autograded notebook.
    variants : sequence of Variant
        The lab's mutants: their messages tell which misconception a failed test points at.
    comments : mapping from grade id to text
        What graders wrote.
    penalty : float
        Points taken off for lateness.

    Raises
    ------
    GraderError
        When a hidden test would show.
    """
    secret = {line for cell in lab.notebook.cells for line in hidden_lines(cell.source)}
    parts, comments = _parts(lab, notebook), comments or {}
    sections = [
        _section(item, parts.get(item.name), misconception(item, variants), comments)
        for item in result.items
    ]
    body = "".join(sections)
    if result.reason:
        body = f'<p class="reason">{escape(result.reason)}</p>{body}'
    total = f"{result.score - penalty:g}&#8239;/&#8239;{result.max_score:g}"
    if any(item.manual for item in result.items):
        total += " so far"
    if result.status == "ungradable":
        total = "–"
    late = f"<p>{penalty:g} points are taken off for lateness.</p>" if penalty else ""
    page = _PAGE.format(
        title=escape(f"{lab.name}: feedback for {result.student}"), heading=escape(lab.file.title),
        lab=escape(lab.name), student=escape(result.student), total=total, late=late,
        body=_masked(body, secret),
    )  # fmt: skip
    shown = " ".join(page.split())
    for line in secret:
        if escape(line) in shown:
            raise GraderError(f"{lab.name}: the feedback of {result.student} would show {line!r}")
    return page


def _masked(body: str, secret: set[str]) -> str:
    lines = []
    for line in body.splitlines():
        plain = " ".join(line.split())
        for hidden in secret:
            if escape(hidden) in plain:
                plain = line = plain.replace(escape(hidden), _MASK)
        lines.append(line)
    return "\n".join(lines)


def _parts(lab: Lab, notebook: Mapping[str, Any]) -> dict[str, _Part]:
    """Find each item's answers in the student's notebook, and its visible test in the lab."""
    typed = {
        cell.get("metadata", {}).get("nbgrader", {}).get("grade_id", ""): cell
        for cell in notebook.get("cells", ())
    }
    owners: dict[str, list[str]] = {}
    for answer, items in lab.items_of.items():
        for item in items:
            owners.setdefault(item, []).append(answer)
    parts = {}
    for cell in lab.notebook.cells:
        if not is_item(cell):
            continue
        name = cell.metadata["nbgrader"]["grade_id"]
        own = [name] if is_answer(cell) else owners.get(name, [])
        answers = tuple(typed[a] for a in own if a in typed)
        asked = " ".join(filter(None, (_asked(lab.answers.get(a, "")) for a in own)))
        visible = "" if is_answer(cell) else without_hidden_tests(cell.source).strip()
        parts[name] = _Part(answers, visible, asked)
    return parts


def _asked(source: str) -> str:
    """Return the first line of an answer's docstring: what it should return, with its unit."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return ""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            text = ast.get_docstring(node) or ""
            return f"{node.name}: {text.strip().splitlines()[0]}" if text.strip() else ""
    return ""


def _section(item: ItemResult, part: _Part | None, belief: str, comments: Mapping[str, str]) -> str:
    full = item.score >= item.max_score
    mark, kind = ("✓", "good") if full else ("◐", "wait") if item.score > 0 else ("✗", "bad")
    if item.manual:
        mark, kind = "…", "wait"
    lines = [
        f'<section class="{kind}"><h2><span>{mark} {escape(item.name)}</span>'
        f"<span>{item.score:g}&#8239;/&#8239;{item.max_score:g}</span></h2>"
    ]
    if item.manual:
        lines.append("<p>A person still has to grade this.</p>")
    if not full and part and part.asked:
        lines.append(f"<p>Asked for: {escape(part.asked)}</p>")
    if not full and item.said:
        lines.append(f'<p class="said">✗ {escape(item.said)}</p>')
    if not full and belief:
        lines.append(f"<p>Likely: {escape(belief)}.</p>")
    names = [item.name, *(_name(answer) for answer in (part.answers if part else ()))]
    for text in dict.fromkeys(comments[name] for name in names if comments.get(name)):
        lines.append(f'<p class="comment">{escape(text)}</p>')
    for answer in part.answers if part else ():
        lines.append(f"<pre>{escape(_text(answer))}</pre>{_printed(answer)}")
    if part and part.visible_test:
        lines.append(
            "<details><summary>The check you were given</summary>"
            f"<pre>{escape(part.visible_test)}</pre></details>"
        )
    return "\n".join([*lines, "</section>\n"])


def _name(cell: Mapping[str, Any]) -> str:
    return str(cell.get("metadata", {}).get("nbgrader", {}).get("grade_id", ""))


def _text(cell: Mapping[str, Any]) -> str:
    source = cell.get("source", "")
    return "".join(source) if isinstance(source, list) else str(source)


def _printed(cell: Mapping[str, Any]) -> str:
    """Return what an answer printed or how it failed, as plain text."""
    said = []
    for output in cell.get("outputs", ()):
        if output.get("output_type") == "error":
            said.append(f"{output.get('ename', '')}: {output.get('evalue', '')}")
        elif output.get("output_type") == "stream":
            text = output.get("text", "")
            said.append("".join(text) if isinstance(text, list) else text)
    plain = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", "".join(said)).strip()
    return f'<pre class="out">{escape(plain[:2000])}</pre>' if plain else ""


_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; --ink: #1c2733; --soft: #5b6875; --line: #d9dfe5; --code: #f4f6f8;
  --paper: #fff; --good: #1d7a46; --wait: #8a5a00; --bad: #b3261e; }}
@media (prefers-color-scheme: dark) {{ :root {{ --ink: #e6ebf0; --soft: #a3afba; --line: #36424d;
  --code: #1d252d; --paper: #141a20; --good: #6cc792; --wait: #e0b25a; --bad: #ff8a80; }} }}
body {{ font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 46rem; margin: 0 auto; padding: 1rem; }}
h1 {{ font-size: 1.5rem; margin: 0; }} p {{ margin: .4rem 0; color: var(--soft); }}
.total {{ font-size: 1.4rem; color: var(--ink); }}
section {{ border-top: 1px solid var(--line); padding: .6rem 0; }}
h2 {{ font-size: 1rem; margin: 0; display: flex; justify-content: space-between; gap: 1rem;
  overflow-wrap: anywhere; }}
.good h2 span:first-child {{ color: var(--good); }} .bad h2 span:first-child {{ color: var(--bad); }}
.wait h2 span:first-child {{ color: var(--wait); }}
.said, .reason {{ color: var(--bad); }} .comment {{ color: var(--ink); border-left: 3px solid var(--line);
  padding-left: .6rem; white-space: pre-wrap; }}
pre {{ background: var(--code); padding: .6rem; border-radius: 4px; overflow-x: auto; font-size: .85rem;
  white-space: pre-wrap; overflow-wrap: anywhere; }}
.out {{ border-left: 3px solid var(--line); color: var(--soft); }}
@media print {{ body {{ max-width: none; }} section {{ break-inside: avoid; }} }}
</style></head><body>
<h1>{heading}</h1>
<p>{lab} · {student}</p>
<p class="total">{total}</p>{late}
{body}
</body></html>
"""
