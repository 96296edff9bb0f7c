"""The process in the sandbox: it runs set-up cells and answers, and is asked for values and calls.

Nothing here is a defence: student code may rewrite all of it. Whatever it sends is checked by the
other side. What this module owes is to be *right* for honest answers, and to keep nothing in memory
that a student should not read: no tests, no paths of the course, no other student.
"""

from __future__ import annotations

import contextlib
import dataclasses
import inspect
import operator
import os
import random
import socket
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from grader.execution.cells import CellTooLong, Outputs, run_cell, said_by, streams, time_limit
from grader.execution.channel import Channel
from grader.execution.reading import decode
from grader.execution.values import Unsendable, encode

__all__ = ["Student"]

#: References a submission may hold at a time.
MAX_REFERENCES = 20_000
#: A global list, array, … larger than this is read once a test cell, not after every call [B].
WATCH_BYTES = 100_000
MUTABLE = ("list", "dict", "set", "bytearray", "array", "objects", "frame", "series", "rng", "random", "graph")  # fmt: skip

#: What a test may do to a student's object besides calling it. Comparisons and truth are missing
#: on purpose: they would let the object decide whether it is right.
OPERATIONS: Mapping[str, Callable[..., Any]] = {
    "call": lambda target, *args, **kwargs: target(*args, **kwargs),
    "getattr": getattr,
    "setattr": setattr,
    "len": len,
    "iter": iter,
    "next": next,
    "getitem": operator.getitem,
    "setitem": operator.setitem,
    "delitem": operator.delitem,
    "str": str,
    "repr": repr,
    "enter": lambda target: type(target).__enter__(target),
    "exit": lambda target: type(target).__exit__(target, None, None, None),
    **{
        name: getattr(operator, name)
        for name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "neg", "pos", "abs")
    },
}  # fmt: skip


class Student:
    """Answer the trusted process's questions, one at a time.

    Parameters
    ----------
    sock : socket.socket
    shell : IPython shell
    limits : mapping
        ``cell_s``, ``output_chars``, ``value_bytes``.
    """

    def __init__(self, sock: socket.socket, shell: Any, limits: Mapping[str, Any]) -> None:
        self.shell, self.limits = shell, limits
        self.channel = Channel(sock, self.answer, limits["value_bytes"])
        self.pid = os.getpid()
        self.objects: dict[int, Any] = {}
        self.numbers: dict[int, int] = {}
        self.callbacks: dict[int, int] = {}  # id of a function made here → number of the test's
        self.shared: dict[type, str] = {}
        self.watched: dict[str, Any] = {}
        self.with_source = False
        self.signs: list[str] = []
        self.questions: Mapping[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "run": self.run,
            "get": self.get,
            "do": self.do,
            "push": self.push,
            "seed": self.seed,
        }

    def serve(self) -> None:
        """Serve until the trusted process hangs up."""
        self.channel.serve()

    def answer(self, question: dict[str, Any]) -> dict[str, Any]:
        """Answer one question; an error of student code is an answer, too."""
        try:
            answer = self.questions[question["op"]](question)
        except Unsendable as error:
            answer = {"refused": str(error)}
        if self.signs:
            answer["signs"] = self.signs[:20]
            self.signs.clear()
        return answer

    # --- questions ---

    def run(self, question: dict[str, Any]) -> dict[str, Any]:
        """Run a cell; a set-up cell's classes are known to both sides from then on."""
        done = run_cell(
            self.shell,
            question["source"],
            limit_s=question["limit_s"],
            limit_chars=self.limits["output_chars"],
        )
        for name in question.get("shares", ()):
            kind = self.shell.user_ns.get(name)
            if isinstance(kind, type) and kind.__module__ == "__main__":
                self.shared[kind] = name
        answer: dict[str, Any] = {"outputs": done.outputs.finished(), "seconds": done.seconds}
        if done.error is not None:
            answer["error"] = self.error(done.error)
        return answer

    def get(self, question: dict[str, Any]) -> dict[str, Any]:
        """Describe globals as they are now."""
        self.with_source = bool(question.get("source"))
        self.watched = {}
        values: dict[str, Any] = {}
        for name in question["names"]:
            if name in self.shell.user_ns:
                try:
                    values[name] = self.encode(self.shell.user_ns[name])
                except Unsendable as error:
                    values[name] = {"t": "refused", "why": str(error)}
                if _is_mutable(values[name]) and len(str(values[name])) < WATCH_BYTES:
                    self.watched[name] = values[name]
        return {"values": values}

    def push(self, question: dict[str, Any]) -> dict[str, Any]:
        """Set globals that a test assigned."""
        for name, value in question["values"].items():
            self.shell.user_ns[name] = self.decode(value)
        return {}

    def seed(self, question: dict[str, Any]) -> dict[str, Any]:
        """Seed the global random generators as the test did its own."""
        seed = self.decode(question["value"])
        (random.seed if question["which"] == "random" else np.random.seed)(seed)
        return {}

    def do(self, question: dict[str, Any]) -> dict[str, Any]:
        """Call a student's function, or do something else of `OPERATIONS` to an object."""
        target = self.target(question["target"])
        args = [self.decode(value) for value in question["args"]]
        kwargs = {name: self.decode(value) for name, value in question["kwargs"].items()}
        outputs = self.shell.outputs = Outputs(self.limits["output_chars"])
        answer: dict[str, Any] = {}
        try:
            with streams(outputs), time_limit(question["limit_s"]):
                result = OPERATIONS[question["do"]](target, *args, **kwargs)
                answer["value"] = self.encode(result)
        except BaseException as error:
            answer["error"] = self.error(error)
        answer["outputs"] = outputs.finished()
        answer["args"] = self._changed(dict(enumerate(question["args"])), dict(enumerate(args)))
        answer["kwargs"] = self._changed(question["kwargs"], kwargs)
        now = {n: self.shell.user_ns[n] for n in self.watched if n in self.shell.user_ns}
        answer["globals"] = self._changed(self.watched, now)
        self.watched.update(answer["globals"])
        return answer

    def _changed(self, before: Mapping[Any, Any], after: Mapping[Any, Any]) -> dict[str, Any]:
        """Encode the mutable values that are not what they were."""
        changed = {}
        for key, value in after.items():
            if _is_mutable(before[key]):
                with contextlib.suppress(Unsendable):
                    now = self.encode(value)
                    if now != before[key]:
                        changed[str(key)] = now
        return changed

    def target(self, data: dict[str, Any]) -> Any:
        """Find the object a question is about: by name if it has one, else by number."""
        if data.get("id") in self.objects:
            return self.objects[data["id"]]
        if data.get("name") in self.shell.user_ns:
            return self.shell.user_ns[data["name"]]
        raise Unsendable(
            f"{data.get('name') or 'the object'} is gone: its process was started again"
        )

    # --- values ---

    def encode(self, value: Any) -> Any:
        """Encode a value; what has no typed form becomes a reference."""
        return encode(value, self.refer)

    def decode(self, data: Any) -> Any:
        """Decode a value; references become the objects they stand for."""
        return decode(data, self.resolve)

    def resolve(self, data: dict[str, Any], part: Callable[[Any], Any]) -> Any:
        """Find a referenced object, or make a function that calls back the test's."""
        if data.get("t") == "ref":
            return self.target(data)
        if data.get("t") == "callback":
            return self._callback(data)
        if data.get("t") == "shared":
            kind = next(k for k, name in self.shared.items() if name == data["name"])
            made: Any = object.__new__(kind)
            made.__dict__.update({key: part(value) for key, value in data["v"]})
            return made
        if data.get("t") == "iterator":
            return iter([part(item) for item in data["v"]])
        raise Unsendable(f"unknown kind of value {data.get('t')!r}")

    def _callback(self, data: dict[str, Any]) -> Any:
        number = data["id"]
        if number in self.objects:
            return self.objects[number]

        def function(*args: Any, **kwargs: Any) -> Any:
            if os.getpid() != self.pid:
                raise RuntimeError(
                    f"{function.__name__} can be called in the notebook's own process only"
                )
            answer = self.channel.ask(
                {
                    "op": "callback",
                    "id": number,
                    "args": [self.encode(a) for a in args],
                    "kwargs": {k: self.encode(v) for k, v in kwargs.items()},
                }
            )
            if "error" in answer:
                raise _builtin_error(answer["error"])
            if "refused" in answer:
                raise TypeError(answer["refused"])
            return self.decode(answer["value"])

        function.__name__ = function.__qualname__ = data.get("name") or "function"
        self.objects[number] = function
        self.callbacks[id(function)] = number
        return function

    def refer(self, value: Any) -> Any:
        """Describe a value that has no typed form."""
        kind = type(value)
        if id(value) in self.callbacks:
            return {"t": "callback", "id": self.callbacks[id(value)]}
        if kind in self.shared and hasattr(value, "__dict__"):
            pairs = [[self.encode(k), self.encode(v)] for k, v in vars(value).items()]
            return {"t": "shared", "name": self.shared[kind], "v": pairs}
        number = self._number(value)
        if isinstance(value, type):
            return {
                "t": "ref",
                "kind": "class",
                "id": number,
                **self._about(value),
                **_ancestry(value),
            }
        own = self.encode(kind) if kind.__module__ == "__main__" else None
        if own is not None and dataclasses.is_dataclass(kind):
            fields = [f.name for f in dataclasses.fields(kind)]
            values = [self.encode(getattr(value, name, None)) for name in fields]
            return {"t": "record", "id": number, "cls": own, "fields": fields, "v": values}
        if own is None and callable(value):
            return {"t": "ref", "kind": "function", "id": number, **self._about(value)}
        return {
            "t": "ref",
            "kind": "object",
            "id": number,
            "type": kind.__name__,
            "cls": own,
            "callable": callable(value),
        }

    def _number(self, value: Any) -> int:
        number = self.numbers.get(id(value))
        if number is None:
            if len(self.objects) >= MAX_REFERENCES:
                raise Unsendable(f"more than {MAX_REFERENCES:,} objects may not be handed out")
            number = len(self.objects) + 1_000_000
            self.objects[number], self.numbers[id(value)] = value, number
        return number

    def _about(self, value: Any) -> dict[str, Any]:
        about = {
            "name": str(getattr(value, "__name__", type(value).__name__))[:200],
            "doc": str(value.__doc__)[:10_000] if getattr(value, "__doc__", None) else None,
            "signature": _signature(value, self.encode),
        }
        if self.with_source:
            with contextlib.suppress(OSError, TypeError, IndentationError):
                about["source"] = inspect.getsource(value)[:100_000]
        return about

    def error(self, error: BaseException) -> dict[str, Any]:
        """Describe an exception."""
        if isinstance(error, CellTooLong):
            return {"late": str(error)}
        kind = type(error)
        described: dict[str, Any] = {
            "type": kind.__name__,
            "message": said_by(error),
            "mro": [base.__name__ for base in kind.__mro__],
        }
        if described["message"].endswith("is withheld here"):
            self.signs.append(f"an answer calls what the lab withholds: {described['message']}")
        if kind.__module__ == "__main__":
            described["cls"] = self.encode(kind)
        first = error.args[0] if len(error.args) == 1 else None
        if isinstance(first, (int, float, str)) and len(str(first)) < 2000:
            described["arg"] = self.encode(first)
        return described


def _is_mutable(data: Any) -> bool:
    if isinstance(data, list):
        return True
    if isinstance(data, dict):
        return data.get("t") in MUTABLE or (
            data.get("t") == "tuple" and any(_is_mutable(item) for item in data["v"])
        )
    return False


def _ancestry(kind: type) -> dict[str, Any]:
    return {
        "mro": [base.__name__ for base in kind.__mro__],
        "exception": issubclass(kind, BaseException),
        "callable": "__call__" in {name for base in kind.__mro__[:-1] for name in vars(base)},
        "record": [f.name for f in dataclasses.fields(kind)]
        if dataclasses.is_dataclass(kind)
        else None,
    }


def _signature(value: Any, encode_part: Callable[[Any], Any]) -> list[dict[str, Any]] | None:
    try:
        parameters = inspect.signature(value).parameters.values()
    except (ValueError, TypeError):
        return None
    described = []
    for parameter in parameters:
        entry: dict[str, Any] = {"name": parameter.name, "kind": int(parameter.kind)}
        if parameter.default is not parameter.empty:
            try:
                entry["default"] = encode(parameter.default)
            except Unsendable:
                entry["default"] = f"<{type(parameter.default).__name__}>"
        if parameter.annotation is not parameter.empty:
            entry["annotation"] = getattr(
                parameter.annotation, "__name__", str(parameter.annotation)
            )
        described.append(entry)
    return described


def _builtin_error(described: dict[str, Any]) -> Exception:
    import builtins

    for name in described["mro"]:
        kind = getattr(builtins, name, None)
        if isinstance(kind, type) and issubclass(kind, Exception):
            with contextlib.suppress(TypeError):
                return kind(described["message"])
    return RuntimeError(f"{described['type']}: {described['message']}")
