"""Small steps that this course adds to nbgrader's pipelines."""

from __future__ import annotations

import re
from typing import Any

from nbgrader.preprocessors import NbGraderPreprocessor

from grader.leaks import hidden_lines, without_hidden_tests
from grader.source import EXPLORE, is_answer, is_item

__all__ = ["HideTests", "RunGradedCells"]

_ANSI = re.compile(r"\x1b\[[0-9;]*m")


class RunGradedCells(NbGraderPreprocessor):
    """Run every answer and every test, whatever a submission tagged it.

    A test that is skipped leaves no error, and nbgrader would take that for a pass.
    """

    def preprocess_cell(self, cell: Any, resources: Any, cell_index: int) -> tuple[Any, Any]:
        """Take the tag off answers and items."""
        tags = cell.metadata.get("tags", [])
        if EXPLORE in tags and (is_answer(cell) or is_item(cell)):
            cell.metadata["tags"] = [tag for tag in tags if tag != EXPLORE]
        return cell, resources


class HideTests(NbGraderPreprocessor):
    """Keep hidden tests out of feedback: their source, and what outputs quote of it."""

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Cut hidden regions, then every line of theirs that an output repeats."""
        secret = {line for cell in nb.cells for line in hidden_lines(cell.source)}
        for cell in nb.cells:
            cell.source = without_hidden_tests(cell.source)
            for output in cell.get("outputs", []):
                self._clean(output, secret, is_test=is_item(cell) and not is_answer(cell))
        return nb, resources

    def _clean(self, output: Any, secret: set[str], *, is_test: bool) -> None:
        if output.output_type == "error":
            if is_test and len(output.traceback) != 1:
                # a traceback shows the lines around the failing one; the message is what helps
                output.traceback = [f"{output.ename}: {output.evalue}"]
            output.traceback = [_cut(text, secret) for text in output.traceback]
        elif output.output_type == "stream":
            output.text = _cut(output.text, secret)
        else:
            for kind, value in output.get("data", {}).items():
                if isinstance(value, str) and not kind.startswith("image/"):
                    output.data[kind] = _cut(value, secret)


def _cut(text: str, secret: set[str]) -> str:
    plain = _ANSI.sub("", text)
    if not any(line in plain for line in secret):
        return text
    return "\n".join(
        "[a line of a hidden test]" if any(line in part for line in secret) else part
        for part in plain.splitlines()
    )
