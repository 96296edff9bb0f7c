"""Run many variants of one notebook quickly: imports once, then a fork for each variant.

The notebook's cells are run in order in one IPython shell with the solution's answers. Just before
the first cell in which a variant differs, the process forks; the child runs the rest with the
variant's answers and sends back what each cell put out. So a variant costs only the cells after its
change, and nothing it does reaches another.

This is for our own variants, whose code we trust: there is no sandbox.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from grader.errors import GraderError
from grader.source import EXPLORE, Lab
from grader.variants import Variant

__all__ = ["Played", "replay"]

Played = dict[str, dict[str, tuple[float, str]]]
"""Variant → item → (score, what the failing cell said)."""


def replay(lab: Lab, variants: Sequence[Variant], *, workers: int | None = None) -> Played:
    """Run a lab's notebook once for each variant; exploring cells are skipped.

    Parameters
    ----------
    lab : Lab
    variants : sequence of Variant
        A variant without changed answers runs the solution.
    workers : int, optional
        Processes at a time; as many as there are cores when left out.

    Returns
    -------
    Played
        For each variant (``kind/name``) and autograded item the score and what was said.
    """
    cells = [
        {"id": cell.id, "source": cell.source}
        for cell in lab.notebook.cells
        if cell.cell_type == "code" and EXPLORE not in cell.metadata.get("tags", [])
    ]
    job: dict[str, Any] = {
        "cells": cells,
        "items": [item.grade_id for item in lab.items if not item.manual],
        "variants": {f"{v.kind}/{v.name}": dict(v.answers) for v in variants},
        "timeout_s": lab.file.timeout_s,
        "workers": workers or os.cpu_count() or 1,
    }
    with tempfile.TemporaryDirectory(prefix="grader-replay-") as folder:
        for helper in lab.file.helper_files:
            (Path(folder) / helper).write_bytes((lab.folder / helper).read_bytes())
        out = Path(folder) / ".replay.json"
        # one thread: a process that has started OpenMP's threads must not fork
        single = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        package = str(Path(__file__).resolve().parents[1])
        path = os.pathsep.join(filter(None, [package, os.environ.get("PYTHONPATH", "")]))
        done = subprocess.run(
            [sys.executable, "-c", "import grader.replay as r; r._main()", str(out)],
            input=json.dumps(job),
            text=True,
            capture_output=True,
            cwd=folder,
            env={
                **os.environ, **single, "MPLBACKEND": "agg", "PYTHONPATH": path,
                "NBGRADER_EXECUTION": "autograde",
            },
        )  # fmt: skip
        if done.returncode or not out.is_file():
            last = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise GraderError(f"{lab.name}: running its variants stopped: {last}")
        outputs = json.loads(out.read_text())
    return {name: _score(lab, outputs.get(name) or {}) for name in job["variants"]}


def _score(lab: Lab, outputs: dict[str, Any]) -> dict[str, tuple[float, str]]:
    """Let nbgrader decide what outputs are worth."""
    from nbformat.v4 import new_code_cell, new_output
    from nbgrader.utils import determine_grade

    points = {item.grade_id: item.points for item in lab.items if not item.manual}
    scores = {}
    for name, full in points.items():
        if name not in outputs:
            scores[name] = (
                0.0,
                outputs.get("", {}).get("ended", "the process ended before this cell"),
            )
            continue
        told = outputs[name]
        cell = new_code_cell(
            metadata={"nbgrader": {"grade": True, "solution": False, "points": full}}
        )
        if told["stderr"]:
            cell.outputs.append(new_output("stream", name="stderr", text=told["stderr"]))
        if told["value"] is not None:
            cell.outputs.append(new_output("execute_result", data={"text/plain": told["value"]}))
        if told["ename"]:
            cell.outputs.append(new_output("error", ename=told["ename"], evalue=told["evalue"]))
        score = float(determine_grade(cell)[0] or 0.0)
        scores[name] = (score, told["evalue"] or told["ename"] or told["stderr"])
    return scores


class _CellTimeoutError(BaseException):
    """Raised in a cell that runs too long; `except Exception` does not stop it."""


def _main() -> None:
    job = json.load(sys.stdin)
    results = _Player(job).play()
    Path(sys.argv[1]).write_text(json.dumps(results))


class _Player:
    """One IPython shell that walks through the cells and forks where variants part from it."""

    def __init__(self, job: dict[str, Any]) -> None:
        from IPython.core.interactiveshell import InteractiveShell

        self.cells = job["cells"]
        self.items = set(job["items"])
        self.timeout_s = job["timeout_s"]
        self.workers = job["workers"]
        self.variants = job["variants"]
        self.running: dict[int, tuple[str, int, float]] = {}
        self.results: dict[str, Any] = {}
        self.shell = InteractiveShell.instance()
        if self.shell.history_manager is not None:
            self.shell.history_manager.enabled = False

    def play(self) -> dict[str, Any]:
        ids = [cell["id"] for cell in self.cells]
        start = {
            name: min((ids.index(a) for a in answers if a in ids), default=0)
            for name, answers in self.variants.items()
        }
        outputs: dict[str, Any] = {}
        for index, cell in enumerate(self.cells):
            for name in [n for n, at in start.items() if at == index]:
                if self.variants[name]:
                    self._fork(name, index, dict(outputs))
            self._run(cell["id"], cell["source"], outputs)
        self._wait(0)
        for name, answers in self.variants.items():
            if not answers:
                self.results[name] = outputs
        return self.results

    def _fork(self, name: str, index: int, outputs: dict[str, Any]) -> None:
        self._wait(self.workers - 1)
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(read)
            answers = self.variants[name]
            try:
                for cell in self.cells[index:]:
                    self._run(cell["id"], answers.get(cell["id"], cell["source"]), outputs)
                    if cell["id"] in self.items:
                        self._send(write, outputs)
            finally:
                os._exit(0)
        os.close(write)
        self.running[pid] = (name, read, time.monotonic() + 10 * self.timeout_s)

    @staticmethod
    def _send(pipe: int, outputs: dict[str, Any]) -> None:
        data = (json.dumps(outputs) + "\n").encode()
        while data:
            data = data[os.write(pipe, data) :]

    def _wait(self, at_most: int) -> None:
        """Collect what forks send until at most so many run; end those that hang."""
        import select

        buffers: dict[int, bytes] = self.__dict__.setdefault("buffers", {})
        while len(self.running) > at_most:
            pipes = {read: pid for pid, (_, read, _) in self.running.items()}
            ready, _, _ = select.select(list(pipes), [], [], 0.5)
            for read in ready:
                data = os.read(read, 1 << 16)
                buffers[read] = buffers.get(read, b"") + data
                if not data:
                    self._end(pipes[read], buffers.pop(read, b""))
            for pid, (_, read, deadline) in list(self.running.items()):
                if time.monotonic() > deadline:
                    os.kill(pid, signal.SIGKILL)
                    self._end(pid, buffers.pop(read, b""))

    def _end(self, pid: int, sent: bytes) -> None:
        name, read, _ = self.running.pop(pid)
        os.close(read)
        os.waitpid(pid, 0)
        whole = sent.rpartition(b"\n")[0].splitlines()
        self.results[name] = json.loads(whole[-1]) if whole else {}

    def _run(self, cell_id: str, source: str, outputs: dict[str, Any]) -> None:
        stdout, stderr = io.StringIO(), io.StringIO()
        signal.signal(signal.SIGALRM, self._too_long)
        signal.setitimer(signal.ITIMER_REAL, self.timeout_s)
        try:
            with contextlib.redirect_stdout(stdout), contextlib.redirect_stderr(stderr):
                done = self.shell.run_cell(source, store_history=False)
            error: BaseException | None = done.error_before_exec or done.error_in_exec
            value = done.result
        except _CellTimeoutError as late:
            error, value = late, None
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        if cell_id in self.items:
            outputs[cell_id] = {
                "ename": type(error).__name__ if error is not None else "",
                "evalue": str(error) if error is not None else "",
                "value": None if value is None else repr(value)[:1000],
                "stderr": stderr.getvalue()[:1000],
            }

    def _too_long(self, *_: Any) -> None:
        raise _CellTimeoutError(f"ran longer than {self.timeout_s:g} s")
