"""Messages between two processes in lock-step: who waits for an answer serves questions meanwhile.

A test calls a student's function, which may call a function the test passed in, which may call the
student's again: so a question can arrive while an answer is awaited, and is answered first.
"""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable
from typing import Any

from grader.execution.values import Unsendable, dumps, loads

__all__ = ["Channel", "Gone", "Late"]

_HEAD = struct.Struct(">I")
#: Base64 and JSON make a value larger than it is.
_OVERHEAD = 3


class Gone(Exception):  # noqa: N818 - what happened, not what went wrong here
    """The other process ended, or sent what no message is."""


class Late(Exception):  # noqa: N818
    """The other process did not answer in time."""


class Channel:
    """Questions and answers over a socket.

    Parameters
    ----------
    sock : socket.socket
    answer : callable
        Takes a question, returns the answer to it.
    limit_bytes : int
        Largest message, before a factor for its encoding.
    """

    def __init__(
        self,
        sock: socket.socket,
        answer: Callable[[dict[str, Any]], dict[str, Any]],
        limit_bytes: int,
    ) -> None:
        self.sock, self.answer = sock, answer
        self.limit_bytes = _OVERHEAD * limit_bytes
        self.count = 0

    def ask(self, question: dict[str, Any], *, wait_s: float | None = None) -> dict[str, Any]:
        """Send a question and wait for its answer.

        Raises
        ------
        Unsendable
            When the question is too large; nothing was sent.
        Gone, Late
        """
        self.count += 1
        number = self.count
        deadline = None if wait_s is None else time.monotonic() + wait_s
        self.send({**question, "q": number}, deadline)
        while True:
            message = self.receive(deadline)
            if message.get("a") == number:
                return message
            if "q" not in message:
                raise Gone("answered what was not asked")
            self._reply(message, deadline)

    def serve(self) -> None:
        """Answer questions until the other side ends."""
        while True:
            try:
                self._reply(self.receive(None), None)
            except Gone:
                return

    def _reply(self, question: dict[str, Any], deadline: float | None) -> None:
        number = question.get("q")
        answer = self.answer(question)
        try:
            self.send({**answer, "a": number}, deadline)
        except Unsendable as error:
            self.send({"refused": str(error), "a": number}, deadline)

    def send(self, message: dict[str, Any], deadline: float | None = None) -> None:
        """Send one message."""
        raw = dumps(message, self.limit_bytes)
        try:
            self._wait(deadline)
            self.sock.sendall(_HEAD.pack(len(raw)) + raw)
        except TimeoutError:
            raise Late from None
        except OSError as error:
            raise Gone(str(error)) from None

    def receive(self, deadline: float | None = None) -> dict[str, Any]:
        """Receive one message."""
        (size,) = _HEAD.unpack(self._exactly(_HEAD.size, deadline))
        if size > self.limit_bytes:
            raise Gone(f"sent a message of {size / 1e6:.0f} MB")
        try:
            message = loads(self._exactly(size, deadline))
        except Unsendable as error:
            raise Gone(str(error)) from None
        if not isinstance(message, dict):
            raise Gone("sent what no message is")
        return message

    def _exactly(self, size: int, deadline: float | None) -> bytes:
        parts, missing = [], size
        while missing:
            try:
                self._wait(deadline)
                part = self.sock.recv(min(missing, 1 << 20))
            except TimeoutError:
                raise Late from None
            except OSError as error:
                raise Gone(str(error)) from None
            if not part:
                raise Gone("the process ended")
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)

    def _wait(self, deadline: float | None) -> None:
        if deadline is None:
            self.sock.settimeout(None)
            return
        left = deadline - time.monotonic()
        if left <= 0:
            raise Late
        self.sock.settimeout(left)
