"""The warm process from which every student process is forked into a sandbox of its own.

It has imported what the lab's set-up imports and nothing else: no test, no answer, no path of the
course is in its memory, for a student's process is a copy of it. It stays outside the sandbox and
does only what the trusted process asks: open one, say how it ended, end it. Meanwhile it watches
the memory of all processes in it together, which no limit of a single process bounds.
"""

from __future__ import annotations

import base64
import contextlib
import gc
import importlib
import json
import select
import signal
import socket
import sys
import time
from collections.abc import Iterable
from typing import Any

from grader.execution.audit import note_attempts
from grader.execution.cells import new_shell
from grader.execution.sandbox import Sandbox, bubblewrap_problem, open_sandbox
from grader.execution.student import Student

__all__ = ["Nursery", "preload"]

WATCH_S = 0.1


def preload(modules: Iterable[str]) -> None:
    """Import what cells will import; what cannot be imported is theirs to complain about."""
    for name in modules:
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    gc.collect()
    gc.freeze()  # a collection in a fork would copy every page of the warm process


class Nursery:
    """Open sandboxes, one at a time, for the trusted process."""

    def __init__(self, control: socket.socket, config: dict[str, Any]) -> None:
        self.control = control
        self.limits, self.walls = config["limits"], config["walls"]
        self.helpers = {
            name: base64.b64decode(data) for name, data in config["helper_files"].items()
        }
        self.sandbox: Sandbox | None = None
        self.shell = new_shell()
        preload(config["preload"])

    def serve(self) -> None:
        """Do what is asked until the other side ends."""
        problem = bubblewrap_problem() if self.walls else None
        self.control.sendall(_line({"problem": problem}))
        pending = b""
        while True:
            ready, _, _ = select.select([self.control], [], [], WATCH_S if self.sandbox else None)
            if not ready:
                self.watch()
                continue
            part = self.control.recv(1 << 20)
            if not part:
                break
            pending += part
            while b"\n" in pending:
                line, _, pending = pending.partition(b"\n")
                self.act(json.loads(line))
        self.end(None)

    def act(self, order: dict[str, Any]) -> None:
        """Obey one order."""
        if order["op"] == "open":
            self.open(order["environment"])
        elif order["op"] == "preload":
            preload(order["modules"])
            self.control.sendall(_line({}))
        elif order["op"] == "how":
            self.control.sendall(_line({"how": self.how()}))
        elif order["op"] == "end":
            self.end(None)
            self.control.sendall(_line({}))

    def open(self, environment: dict[str, str]) -> None:
        """Open a sandbox and send the socket on which its student process answers."""
        self.end(None)
        ours, theirs = socket.socketpair()
        with ours, theirs:
            try:
                self.sandbox = open_sandbox(
                    self.limits,
                    environment,
                    self.helpers,
                    lambda: self._live(theirs),
                    walls=self.walls,
                    keep=(theirs.fileno(),),
                )
            except Exception as error:
                self.control.sendall(_line({"problem": str(error)}))
                return
            socket.send_fds(self.control, [_line({})], [ours.fileno()])

    def _live(self, sock: socket.socket) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        student = Student(sock, self.shell, self.limits)
        note_attempts(student.signs.append)
        student.serve()

    def watch(self) -> None:
        """End a sandbox whose processes together use too much memory."""
        if self.sandbox is not None and self.sandbox.poll() is None:
            used, most = self.sandbox.memory_bytes(), self.limits["memory_bytes"]
            if used > most + self.sandbox.warm_bytes:
                self.sandbox.kill(f"it used more than {most / 1e6:.0f} MB of memory")

    def how(self) -> str:
        """Say how the student process ended; it is ending, or this would not be asked."""
        if self.sandbox is None:
            return "it was not running"
        until = time.monotonic() + 0.3
        while self.sandbox.poll() is None and time.monotonic() < until:
            time.sleep(0.002)
        return self.sandbox.ended or "it stopped answering"

    def end(self, why: str | None) -> None:
        """End the sandbox."""
        if self.sandbox is not None:
            self.sandbox.kill(why)
            self.sandbox = None


def _line(message: dict[str, Any]) -> bytes:
    return json.dumps(message).encode() + b"\n"


def main() -> None:
    """Start from the command line: the number of the control socket; the configuration on stdin."""
    control = socket.socket(fileno=int(sys.argv[1]))
    config = json.loads(sys.stdin.buffer.read())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the grader's business
    Nursery(control, config).serve()


if __name__ == "__main__":
    main()
