"""Warm processes that grade one submission after another, and whoever watches over them.

``Worker`` (here) → trusted server (tests) → nursery (no tests) → a sandbox for each submission. The
scientific stack is imported once by the server and once by the nursery; a submission costs a fork
of each and the walls around the second. If a test hangs where no alarm reaches it (in a C loop on a
huge value), the worker ends the fork, skips that cell, and walks through the notebook once more.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from grader.errors import GraderError
from grader.execution.assemble import assemble
from grader.execution.channel import Channel, Gone, Late
from grader.execution.rebuild import Rebuilt, rebuild
from grader.execution.run import Run
from grader.execution.signs import signs_in
from grader.execution.spec import LabSpec

__all__ = ["Worker"]

#: Starting anew with a cell skipped is tried this often.
MAX_ATTEMPTS = 4
#: A process that reported nothing for twice the time of a cell and this much more hangs [s].
PATIENCE_S = 10.0
#: How long the warm processes may take to import what the lab needs [s].
START_S = 120.0


class Worker:
    """Grade submissions of one lab, one at a time, each in a fresh sandbox.

    Parameters
    ----------
    lab : LabSpec
    sandbox : bool
        False runs student code unprotected and says so in every `Run`.

    Raises
    ------
    GraderError
        When student code cannot be sandboxed here; the sentence says what to install.
    """

    def __init__(self, lab: LabSpec, *, sandbox: bool = True) -> None:
        self.lab, self.sandbox = lab, sandbox
        self._start()

    def grade(
        self, submission: bytes | None, *, environment: Mapping[str, str] | None = None
    ) -> Run:
        """Grade the bytes of a notebook; whatever they are, a `Run` comes back.

        Parameters
        ----------
        submission : bytes or None
            The file as it was handed in; None if there is none.
        environment : mapping from str to str, optional
            What the notebook finds in its environment, such as the student's scenario code.

        Returns
        -------
        Run

        Raises
        ------
        GraderError
            Only for what is wrong with this machine.
        """
        start = time.perf_counter()
        found = rebuild(submission, self.lab)
        told: dict[str, Any] = {"cells": {}, "signs": [], "restarts": 0}
        if not found.reason:
            found.flags += signs_in(found.answers, self.lab)
            self._walk(found, dict(environment or {}), told)
        return assemble(
            self.lab, found, told, seconds=time.perf_counter() - start, sandboxed=self.sandbox
        )

    def _walk(self, found: Rebuilt, environment: dict[str, str], told: dict[str, Any]) -> None:
        """Let the trusted process walk through the notebook, again without the cell that ends it."""
        skip: dict[str, str] = {}
        for _ in range(MAX_ATTEMPTS):
            told["cells"] = {}
            job = {"answers": found.answers, "environment": environment, "skip": skip}
            stuck, why = self._attempt(job, told)
            if not why:
                return
            if not stuck:
                raise GraderError(f"the grading process failed before the first cell: {why}")
            skip[stuck] = f"the cell could not be finished: {why}"
        for cell in self.lab.cells:
            if cell.kind in ("setup", "answer", "test") and cell.id not in told["cells"]:
                told["cells"][cell.id] = {
                    "id": cell.id,
                    "died": "too many cells before could not be finished",
                }

    def _attempt(self, job: dict[str, Any], told: dict[str, Any]) -> tuple[str, str]:
        """Walk once; return the cell that could not be finished and why, both empty if all was well."""
        if self.process.poll() is not None:
            self._start()
        limits = self.lab.limits
        silence_s = 2 * limits.cell_s + PATIENCE_S
        pid, current, why = 0, "", ""
        try:
            self.channel.send(job)
            while True:
                try:
                    message = self.channel.receive(time.monotonic() + silence_s)
                except Late:
                    why = f"it did not end within {silence_s:g} s"
                    if not pid:
                        raise Gone(why) from None
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                    continue
                if "ended" in message:
                    return (
                        (current, why or "the process of the tests ended")
                        if why or message["ended"]
                        else ("", "")
                    )
                pid = message.get("pid", pid)
                current = message.get("begin", current)
                why = message.get("failed", why)
                if "cell" in message:
                    told["cells"][message["cell"]["id"]] = message["cell"]
                if "signs" in message:
                    told["signs"], told["restarts"] = message["signs"], message["restarts"]
        except Gone as gone:
            self.close()
            self._start()
            return current, str(gone)

    def _start(self) -> None:
        ours, theirs = socket.socketpair()
        package = str(Path(__file__).resolve().parents[2])
        path = os.pathsep.join(filter(None, [package, os.environ.get("PYTHONPATH", "")]))
        # one thread: a process that has started OpenMP's threads must not fork
        single = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        kept = ("PATH", "HOME", "LANG", "MPLCONFIGDIR", "XDG_CACHE_HOME", "TMPDIR")
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "grader.execution.trusted", str(theirs.fileno())],
                stdin=subprocess.PIPE,
                pass_fds=(theirs.fileno(),),
                env={
                    **{k: os.environ[k] for k in kept if k in os.environ},
                    **single,
                    "MPLBACKEND": "agg",
                    "PYTHONPATH": path,
                },
            )
        assert self.process.stdin is not None
        self.process.stdin.write(
            json.dumps({"lab": self.lab.to_json(), "walls": self.sandbox}).encode()
        )
        self.process.stdin.close()
        self.channel = Channel(ours, lambda question: {}, 256 << 20)
        try:
            problem = self.channel.receive(time.monotonic() + START_S).get("problem")
        except (Gone, Late) as error:
            self.close()
            raise GraderError(f"the grading processes did not start: {error}") from None
        if problem:
            self.close()
            raise GraderError(problem)

    def close(self) -> None:
        """End the warm processes."""
        self.channel.sock.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
