"""The process with the tests: it leads both processes through the notebook in lock-step.

It never imports, unpickles or executes anything of a submission; an answer is a text that it hands
on to the sandbox. Cell by cell:

* set-up cells run in both processes, so that each has the imports and given values at first hand;
* answers run in the sandbox only;
* before a test, the names that the *reference* solution defines and the test reads are fetched, as
  they are at that point; then the test runs here. A student who redefines ``check``, ``np`` or
  ``assert``'s helpers redefines them in the sandbox.

A cell in which the student process ends or hangs costs that cell. The process is started again, the
cells before are replayed in it, and the notebook goes on.
"""

from __future__ import annotations

import contextlib
import math
import numbers
import random
import socket
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from grader.execution.cells import CellTooLong, Done, bounded, error_output, run_cell
from grader.execution.proxy import Session, StudentGone
from grader.execution.remote import Remote
from grader.execution.spec import CellSpec, LabSpec
from grader.execution.values import Unsendable

__all__ = ["Lockstep"]

#: A submission whose process had to be started again more often than this ends there.
MAX_RESTARTS = 6

#: A test that uses one of these may name a student's name in a text.
_BY_TEXT = frozenset(("globals", "locals", "vars", "dir"))

Report = Callable[[dict[str, Any]], None]


class Lockstep:
    """One submission's walk through the notebook.

    Parameters
    ----------
    lab : LabSpec
    answers : mapping from grade id to source
    skip : mapping from cell id to reason
        Cells that ended an earlier attempt and are not tried again.
    shell : IPython shell
    open_student : callable
        Starts a student process and returns the socket to it.
    how : callable
        Says how the last one ended.
    report : callable
        Takes what is to be told at once, for this process may be ended, too.
    """

    def __init__(
        self,
        lab: LabSpec,
        answers: Mapping[str, str],
        skip: Mapping[str, str],
        shell: Any,
        open_student: Callable[[], socket.socket],
        how: Callable[[], str],
        report: Report,
    ) -> None:
        self.lab, self.answers, self.skip, self.shell = lab, answers, dict(skip), shell
        self.open_student, self.how, self.report = open_student, how, report
        self.until = time.monotonic() + lab.limits.notebook_s
        self.shared: dict[type, str] = {}
        self.owner: dict[str, str] = {}
        self.pushable = {n for c in lab.cells if c.kind == "answer" for n in c.reads}
        self.assigned: set[str] = set()
        self.pushed: dict[str, Any] = {}
        self.restarts = 0
        self.done_cells: list[CellSpec] = []
        self.session: Session | None = None
        self._echo_seeds()

    def walk(self) -> None:
        """Run every cell that grading needs."""
        self._open()
        for cell in self.lab.cells:
            if cell.cell_type != "code" or cell.kind == "explore":
                continue
            self.report({"begin": cell.id})
            if cell.id in self.skip:
                self._end(cell, None, self.skip[cell.id])
            elif time.monotonic() > self.until:
                self._end(
                    cell,
                    None,
                    f"the notebook's {self.lab.limits.notebook_s:g} s were used up before",
                )
            elif self.restarts > MAX_RESTARTS:
                self._end(cell, None, "the student's process had ended too often before")
            else:
                {"setup": self._setup, "answer": self._answer, "test": self._test}[cell.kind](cell)
            for name in cell.binds:
                self.owner[name] = cell.kind

    # --- cells ---

    def _setup(self, cell: CellSpec) -> None:
        _, died = self._in_sandbox(cell, cell.released)
        self._fetch(cell)
        done = self._here(cell)
        for name in cell.binds:
            kind = self.shell.user_ns.get(name)
            if (
                type(kind) is type
                and kind.__module__ == "__main__"
                and not issubclass(kind, Remote)
            ):
                self.shared[kind] = name
        self._end(cell, done, died)

    def _answer(self, cell: CellSpec) -> None:
        start = time.monotonic()
        outputs, died = self._in_sandbox(cell, self.answers.get(cell.grade_id, cell.released))
        self.assigned -= {*cell.binds}
        told = {"id": cell.id, "outputs": outputs, "seconds": time.monotonic() - start}
        self.report({"cell": {**told, "died": died}})

    def _test(self, cell: CellSpec) -> None:
        assert self.session is not None
        self.session.late = False
        why = self._fetch(cell)
        self.assigned |= {name for name in cell.binds if name in self.pushable} | {*cell.shared}
        done = self._here(cell) if not why else None
        if not self.session.alive:
            late = self.session.late
            why = why or (
                f"ran longer than {self._limit_s():.3g} s"
                if late
                else f"the student's process ended: {self.how()}"
            )
            self._restart()
        self._end(cell, done, why)

    def _here(self, cell: CellSpec) -> Done:
        """Run a cell in this process."""
        assert self.session is not None
        limit_s = self._limit_s()
        self.session.deadline = time.monotonic() + limit_s
        self.session.on_outputs = self._show
        # the student's process notices its time limit first, and says so in good order
        return run_cell(
            self.shell, cell.source, limit_s=limit_s + 1.5, limit_chars=self.lab.limits.output_chars
        )

    def _end(self, cell: CellSpec, done: Done | None, died: str | None) -> None:
        """Report what a set-up or test cell came to."""
        said, score, fault = died or "", 0.0, None
        outputs = done.outputs.finished() if done else []
        if died:
            outputs.append(error_output(RuntimeError(died)))
        elif done is not None and done.error is not None:
            said = _sentence(done.error)
            given = all(self.owner.get(name) != "answer" for name in cell.reads)
            if cell.kind == "setup" and given:  # else the answer it builds on may be why
                fault = f"the set-up cell {cell.id} fails: {said}"
        elif done is not None and cell.kind == "test":
            score, fault = _credit(done.value, cell.points)
            said = fault or ""
        self.report(
            {
                "cell": {
                    "id": cell.id,
                    "outputs": outputs,
                    "score": score,
                    "said": said,
                    "fault": fault,
                    "died": died,
                    "seconds": done.seconds if done else 0.0,
                }
            }
        )

    def _show(self, outputs: list[dict[str, Any]]) -> None:
        """Replay what student code printed during a call, where the test may be listening."""
        for output in bounded(outputs, self.lab.limits.output_chars):
            if "text" in output:
                (sys.stderr if output["name"] == "stderr" else sys.stdout).write(output["text"])
            elif "data" in output:
                self.shell.outputs.display("display_data", output["data"])

    # --- the student's side ---

    def _limit_s(self) -> float:
        return max(0.1, min(self.lab.limits.cell_s, self.until - time.monotonic()))

    def _in_sandbox(self, cell: CellSpec, source: str) -> tuple[list[dict[str, Any]], str | None]:
        """Run a cell in the sandbox; return its outputs and, if it did, how the process ended."""
        assert self.session is not None
        try:
            answer = self.session.ask(_run(cell, source), self._limit_s())
        except StudentGone:
            late = self.session.late
            why = (
                f"ran longer than {self._limit_s():.3g} s"
                if late
                else f"the process ended: {self.how()}"
            )
            self._restart()
            return [error_output(RuntimeError(why))], why
        self.done_cells.append(cell)
        return bounded(answer.get("outputs"), self.lab.limits.output_chars), None

    def _open(self) -> None:
        session = Session(
            self.open_student(),
            self.lab.limits.value_bytes,
            shared=self.shared,
            before_call=self._push,
            on_outputs=self._show,
        )
        session.signs = self.session.signs if self.session else []
        self.session, self.pushed = session, {}

    def _restart(self) -> None:
        """Start the student process again and bring it to where it was."""
        while self.restarts <= MAX_RESTARTS:
            self.restarts += 1
            self._open()
            assert self.session is not None
            for cell in list(self.done_cells):
                self.report({"replays": cell.id})
                source = (
                    cell.released
                    if cell.kind == "setup"
                    else self.answers.get(cell.grade_id, cell.released)
                )
                try:
                    self.session.ask(_run(cell, source), self._limit_s())
                except StudentGone:  # it did not end before; without it the others may still work
                    self.done_cells.remove(cell)
                    break
            else:
                return

    def _fetch(self, cell: CellSpec) -> str | None:
        """Bring the student's names that a cell reads into this process."""
        assert self.session is not None
        by_text = not _BY_TEXT.isdisjoint(cell.reads)
        wanted = self.owner if by_text else cell.reads
        names = [name for name in wanted if self.owner.get(name) == "answer"]
        if not names:
            return None
        try:
            values = self.session.fetch(names, self._limit_s(), source="getsource" in cell.source)
        except StudentGone as gone:
            return f"the student's process ended: {gone}"
        for name in names:
            if name in values:
                self.shell.user_ns[name] = values[name]
            else:
                self.shell.user_ns.pop(name, None)
        return None

    def _push(self) -> None:
        """Send globals that tests assigned, if students may see them.

        A hidden test's variables stay here: the expected value is often among them.
        """
        assert self.session is not None
        fresh = {}
        for name in self.assigned:
            if name in self.shell.user_ns:
                with contextlib.suppress(Unsendable):
                    value = self.session.encode(self.shell.user_ns[name])
                    if self.pushed.get(name, ...) != value:
                        self.pushed[name] = fresh[name] = value
        if fresh:
            self.session.ask({"op": "push", "values": fresh}, self._limit_s())

    def _echo_seeds(self) -> None:
        """Let a test that seeds the global random generators seed the student's as well."""

        def echo(original: Callable[..., Any], which: str) -> Callable[..., Any]:
            def seed(value: Any = None, *rest: Any) -> Any:
                if self.session is not None and self.session.alive:
                    with contextlib.suppress(Unsendable):
                        question = {
                            "op": "seed",
                            "which": which,
                            "value": self.session.encode(value),
                        }
                        self.session.ask(question, self._limit_s())
                return original(value, *rest)

            return seed

        np.random.seed = echo(np.random.seed, "numpy")
        random.seed = echo(random.seed, "random")


def _run(cell: CellSpec, source: str) -> dict[str, Any]:
    return {"op": "run", "source": source, "shares": cell.binds if cell.kind == "setup" else ()}


def _credit(value: Any, points: float) -> tuple[float, str | None]:
    """Return what a test that ended without an error earns, and what is wrong with it.

    A number as its last value is partial credit, as nbgrader reads it; but a number that is not
    finite, or out of range, is an error of the lab and earns nothing.
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        return points, None
    number = float(value)
    if math.isfinite(number) and 0 <= number <= points:
        return number, None
    return 0.0, f"the test gives {number:g} of {points:g} points: an error of the lab"


def _sentence(error: BaseException) -> str:
    """Say what a failed test said."""
    name, text = type(error).__name__, " ".join(error_output(error)["evalue"].split())[:300]
    if isinstance(error, CellTooLong):
        return text
    if isinstance(error, StudentGone):
        return f"the student's process ended: {text}"
    if name == "NotImplementedError" and not text:
        return "not answered"
    if name in ("CheckError", "AssertionError") and text:
        return text
    return f"{name}: {text}" if text else name
