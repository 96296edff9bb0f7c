"""From what the processes told to a `Run`: status, items, flags, and the executed notebook."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

from grader.execution.rebuild import Rebuilt
from grader.execution.run import CellRun, Run
from grader.execution.spec import CellSpec, LabSpec

__all__ = ["assemble"]

#: Terminal control sequences, and control characters other than tab and newline.
_CONTROL = re.compile(
    r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)?|.)?|[\x00-\x08\x0b-\x1f\x7f-\x9f]"
)
#: The beginning of an HTML tag in a written answer, other than one that only sets text.
_TAG = re.compile(
    r"<(?=[a-zA-Z/!?])(?!/?(a|b|br|code|em|hr|i|li|ol|p|pre|strong|sub|sup|table|td|th|tr|ul)\s*/?>|https?:)",
    re.IGNORECASE,
)
_MAX_IMAGE = 4 << 20


def assemble(
    lab: LabSpec, found: Rebuilt, told: dict[str, Any], *, seconds: float, sandboxed: bool
) -> Run:
    """Put together what became of a submission."""
    cells = tuple(_cell_run(cell, found, told["cells"]) for cell in lab.graded)
    status, reason = _status(lab, found, told)
    flags = [*found.flags, *found.review, *(clean(sign) for sign in told["signs"])]
    if told["restarts"]:
        flags.append(f"the student's process had to be started again {told['restarts']} times")
    return Run(
        status=status,
        reason=reason,
        cells=cells,
        flags=tuple(dict.fromkeys(flags)),
        seconds=seconds,
        sandboxed=sandboxed,
        notebook=_notebook(lab, found, told["cells"]),
    )


def _cell_run(cell: CellSpec, found: Rebuilt, told: dict[str, Any]) -> CellRun:
    if cell.manual:
        written = found.answers.get(cell.grade_id, cell.released).strip()
        task = cell.kind != "answer"
        open_ = not found.reason and (task or written != cell.released.strip())
        return CellRun(cell.grade_id, 0.0, cell.points, manual=open_)
    report = told.get(cell.id, {})
    said = clean(str(report.get("said") or report.get("died") or ("" if report else found.reason)))
    return CellRun(
        cell.grade_id,
        float(report.get("score", 0.0)),
        cell.points,
        said=said[:400],
        seconds=float(report.get("seconds", 0.0)),
    )


def _status(lab: LabSpec, found: Rebuilt, told: dict[str, Any]) -> tuple[str, str]:
    if found.reason:
        return "ungradable", found.reason
    faults = [clean(report["fault"]) for report in told["cells"].values() if report.get("fault")]
    if faults or found.review:
        return "needs-review", "; ".join([*faults, *found.review])[:600]
    died = [
        f"{cell.grade_id or cell.id}: {clean(str(told['cells'][cell.id]['died']))}"
        for cell in lab.cells
        if told["cells"].get(cell.id, {}).get("died")
    ]
    return ("partial", "; ".join(died)[:600]) if died else ("graded", "")


def _notebook(lab: LabSpec, found: Rebuilt, told: dict[str, Any]) -> dict[str, Any]:
    """Return the executed notebook; of a student's outputs only text and pixels are kept.

    HTML or JavaScript of a student's, in an output or in a written answer, would run in the browser of
    whoever grades it, with that person's rights; in a written answer it is shown as text.
    """
    cells = []
    for count, cell in enumerate(lab.cells, start=1):
        source = cell.source
        if cell.kind == "answer":
            source = found.answers.get(cell.grade_id, cell.released)
            source = source if cell.cell_type == "code" else _TAG.sub("&lt;", source)
        made: dict[str, Any] = {
            "cell_type": cell.cell_type,
            "id": cell.id,
            "metadata": {**cell.metadata},
            "source": source,
        }
        if cell.cell_type == "code":
            outputs = told.get(cell.id, {}).get("outputs") or []
            made["execution_count"] = count if cell.id in told else None
            made["outputs"] = [o for o in (_output(output, count) for output in outputs[:200]) if o]
        cells.append(made)
    return {"cells": cells, "metadata": {**lab.metadata}, "nbformat": 4, "nbformat_minor": 5}


def _output(output: Any, count: int) -> dict[str, Any] | None:
    """Return an output in a form that is harmless to show, or None."""
    if not isinstance(output, dict):
        return None
    kind = output.get("output_type")
    if kind == "stream":
        name = "stderr" if output.get("name") == "stderr" else "stdout"
        return {"output_type": "stream", "name": name, "text": clean(str(output.get("text")))}
    if kind == "error":
        trace = output.get("traceback")
        lines = [clean(str(line)) for line in trace[:40]] if isinstance(trace, list) else []
        ename, evalue = clean(str(output.get("ename"))), clean(str(output.get("evalue")))
        return {"output_type": "error", "ename": ename, "evalue": evalue, "traceback": lines}
    data = output.get("data")
    if kind not in ("execute_result", "display_data") or not isinstance(data, dict):
        return None
    kept: dict[str, Any] = {}
    if isinstance(data.get("text/plain"), str):
        kept["text/plain"] = clean(data["text/plain"])
    if isinstance(data.get("image/png"), str) and _is_png(data["image/png"]):
        kept["image/png"] = data["image/png"].strip()
    if not kept:
        return None
    made = {"output_type": kind, "data": kept, "metadata": {}}
    return {**made, "execution_count": count} if kind == "execute_result" else made


def _is_png(text: str) -> bool:
    try:
        return len(text) < _MAX_IMAGE and base64.b64decode(text).startswith(b"\x89PNG\r\n\x1a\n")
    except (binascii.Error, ValueError):
        return False


def clean(text: str) -> str:
    r"""Return text without control sequences, which could rewrite a terminal or hide a line.

    Examples
    --------
    >>> clean("\x1b[31mred\x1b[0m\x07 alert")
    'red alert'
    """
    return _CONTROL.sub("", text).encode("utf-8", "replace").decode("utf-8")
