"""The warm trusted process: a fork of it for each submission runs the tests (`lockstep`).

It starts the nursery of the student processes as a fresh program with a cleared environment, so that
what it knows itself (tests, their expected values) is in no memory from which a student's is copied.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import resource
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from grader.execution.cells import new_shell, run_cell
from grader.execution.channel import Channel, Gone
from grader.execution.lockstep import Lockstep
from grader.execution.nursery import preload
from grader.execution.sandbox import mapped_bytes
from grader.execution.spec import LabSpec

__all__ = ["Server"]

#: Memory that tests may use beyond what student code may: they hold values of both [B].
TEST_MEMORY_BYTES = 2 << 30


class Server:
    """The warm trusted process: a fork of it for each submission, and its nursery beside it."""

    def __init__(self, control: socket.socket, config: Mapping[str, Any]) -> None:
        self.lab, self.walls = LabSpec.from_json(config["lab"]), bool(config["walls"])
        self.channel = Channel(control, lambda question: {}, 256 << 20)
        self.folder = tempfile.mkdtemp(prefix="grader-tests-")
        for name, data in self.lab.helper_files.items():
            Path(self.folder, os.path.basename(name)).write_bytes(base64.b64decode(data))
        os.chdir(self.folder)
        self.nursery, self.line = self._start_nursery()
        self.shell = new_shell()
        preload(self.lab.preload)
        self.learned = self._learn()
        preload(self.learned)

    def serve(self) -> None:
        """Grade one submission after another until the other side ends."""
        self.channel.send({"problem": self._greet()})
        try:
            while True:
                job = self.channel.receive()
                child = os.fork()
                if child == 0:
                    self._grade(job)
                status = self._wait(child)
                if status:  # it was ended in the middle of a sentence: nobody may hear the rest
                    self._stop_nursery()
                    self.nursery, self.line = self._start_nursery()
                    self._greet()
                self.channel.send({"ended": status})
        except Gone:
            pass
        finally:
            self._stop_nursery()
            shutil.rmtree(self.folder, ignore_errors=True)

    def _wait(self, child: int) -> int:
        """Wait for a fork; if the worker ends meanwhile, nobody needs it any more."""
        if hasattr(os, "pidfd_open"):
            ended = os.pidfd_open(child)
            either: list[Any] = [ended, self.channel.sock]
            ready, _, _ = select.select(either, [], [])
            os.close(ended)
            if self.channel.sock in ready:  # it never speaks while it waits: it has hung up
                os.kill(child, signal.SIGKILL)
        return os.waitpid(child, 0)[1]

    def _grade(self, job: dict[str, Any]) -> None:
        """Grade one submission, in a fork."""
        code = 1
        try:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            self.channel.send({"pid": os.getpid()})
            os.environ.update(job["environment"])
            if mapped := mapped_bytes():
                most = mapped + self.lab.limits.memory_bytes + TEST_MEMORY_BYTES
                resource.setrlimit(resource.RLIMIT_AS, (most, most))
            steps = Lockstep(
                self.lab,
                job["answers"],
                job["skip"],
                self.shell,
                lambda: self._open_student(job["environment"]),
                self._how,
                self.channel.send,
            )
            steps.walk()
            signs = steps.session.signs if steps.session else []
            self.channel.send({"signs": list(dict.fromkeys(signs)), "restarts": steps.restarts})
            self._order({"op": "end"})
            code = 0
        except BaseException as error:
            with contextlib.suppress(Exception):
                self.channel.send({"failed": f"{type(error).__name__}: {error}"})
        finally:
            os._exit(code)

    def _learn(self) -> list[str]:
        """Run the lab's own cells in a fork; return the modules they pulled in on the way.

        A library imports much when it is first used, and every submission would pay for it again.
        """
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            with contextlib.suppress(BaseException):
                before = set(sys.modules)
                for cell in self.lab.cells:
                    if cell.kind in ("setup", "test"):  # never an answer: those belong in a sandbox
                        run_cell(
                            self.shell, cell.source, limit_s=self.lab.limits.cell_s, limit_chars=0
                        )
                with os.fdopen(write, "w", encoding="utf-8") as stream:
                    json.dump([name for name in sys.modules if name not in before], stream)
            os._exit(0)
        os.close(write)
        with os.fdopen(read, encoding="utf-8") as stream:
            told = stream.read()
        os.waitpid(child, 0)
        return [str(name) for name in json.loads(told or "[]")]

    # --- the nursery ---

    def _greet(self) -> str | None:
        """Wait for the nursery; return why student code cannot be sandboxed here, if it cannot."""
        problem = self._reply().get("problem")
        if not problem:
            self._order({"op": "preload", "modules": self.learned})
        return problem

    def _start_nursery(self) -> tuple[subprocess.Popen[bytes], socket.socket]:
        ours, theirs = socket.socketpair()
        environment = {
            k: os.environ[k]
            for k in ("PATH", "HOME", "LANG", "MPLCONFIGDIR", "XDG_CACHE_HOME")
            if k in os.environ
        }
        single = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        path = os.pathsep.join(p for p in sys.path if p)
        with theirs:
            nursery = subprocess.Popen(
                [sys.executable, "-m", "grader.execution.nursery", str(theirs.fileno())],
                stdin=subprocess.PIPE,
                pass_fds=(theirs.fileno(),),
                env={**environment, **single, "MPLBACKEND": "agg", "PYTHONPATH": path},
                cwd="/",
            )
        assert nursery.stdin is not None
        config = {
            "limits": self.lab.to_json()["limits"],
            "helper_files": dict(self.lab.helper_files),
            "preload": list(self.lab.preload),
            "walls": self.walls,
        }
        nursery.stdin.write(json.dumps(config).encode())
        nursery.stdin.close()
        return nursery, ours

    def _stop_nursery(self) -> None:
        self.line.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.nursery.wait(5)
            return
        self.nursery.kill()

    def _reply(self) -> dict[str, Any]:
        line = b""
        while not line.endswith(b"\n"):
            part = self.line.recv(1 << 16)
            if not part:
                raise RuntimeError("the student's nursery ended")
            line += part
        reply: dict[str, Any] = json.loads(line)
        return reply

    def _order(self, order: dict[str, Any]) -> dict[str, Any]:
        self.line.sendall(json.dumps(order).encode() + b"\n")
        return self._reply()

    def _how(self) -> str:
        return str(self._order({"op": "how"})["how"])

    def _open_student(self, environment: dict[str, str]) -> socket.socket:
        self.line.sendall(json.dumps({"op": "open", "environment": environment}).encode() + b"\n")
        line, sockets, _, _ = socket.recv_fds(self.line, 1 << 16, 1)
        reply = json.loads(line)
        if not sockets:
            raise RuntimeError(reply.get("problem") or "the student's nursery sent nothing")
        return socket.socket(fileno=sockets[0])


def main() -> None:
    """Start from the command line: the number of the control socket; the configuration on stdin."""
    control = socket.socket(fileno=int(sys.argv[1]))
    config = json.loads(sys.stdin.buffer.read())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Server(control, config).serve()


if __name__ == "__main__":
    main()
