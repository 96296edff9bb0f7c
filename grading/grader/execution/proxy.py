"""The trusted side of a student process: what tests ask of a student's names, and what comes back.

A *value* is decoded and from then on plain. What has no typed form (a function, a class, an object
of the student's) becomes a proxy (`remote`), which asks the student process for everything it does.
"""

from __future__ import annotations

import socket
import time
import types
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from grader.execution.cells import CellTooLong
from grader.execution.channel import Channel, Gone, Late
from grader.execution.described import builtin_errors, described, show_signature, show_source
from grader.execution.reading import decode
from grader.execution.remote import CallableRemote, Record, Remote, RemoteClass, article
from grader.execution.values import Unsendable, encode

__all__ = ["Session", "StudentGone"]

#: How long after its own time limit the student process may take to say so [s].
GRACE_S = 1.0


class StudentGone(BaseException):
    """The student process ended or hangs while a test needs it."""


class Session:
    """The trusted side of one student process.

    Parameters
    ----------
    sock : socket.socket
    limit_bytes : int
        Largest value that may cross.
    shared : mapping from type to name
        Classes that locked set-up cells define in both processes.
    before_call : callable
        Called before every question that runs student code: pushes what tests assigned.
    on_outputs : callable
        Called with what student code printed or showed during a call.
    """

    def __init__(
        self,
        sock: socket.socket,
        limit_bytes: int,
        *,
        shared: dict[type, str],
        before_call: Callable[[], None],
        on_outputs: Callable[[list[dict[str, Any]]], None],
    ) -> None:
        self.sock = sock
        self.channel = Channel(sock, self.answer, limit_bytes)
        self.shared, self.before_call, self.on_outputs = shared, before_call, on_outputs
        self.deadline = 0.0
        self.alive = True
        self.late = False  # somebody's time was used up since the cell began
        self.signs: list[str] = []
        self.callables: dict[int, Any] = {}
        self.proxies: dict[int, Any] = {}
        self.watched: dict[str, Any] = {}

    # --- questions ---

    def ask(self, question: dict[str, Any], limit_s: float) -> dict[str, Any]:
        """Ask; whatever goes wrong on the way is `StudentGone`."""
        if not self.alive:
            raise StudentGone("the student's process has ended")
        try:
            answer = self.channel.ask({**question, "limit_s": limit_s}, wait_s=limit_s + GRACE_S)
        except (Gone, Late) as error:
            self.alive, self.late = False, isinstance(error, Late)
            raise StudentGone(str(error)) from None
        except CellTooLong:  # the alarm rang in the middle of a message: what follows is unreadable
            self.alive, self.late = False, True
            raise
        signs = answer.get("signs")
        if isinstance(signs, list):
            self.signs += [str(sign)[:300] for sign in signs[:20]]
        return answer

    def do(self, what: str, ref: Any, *args: Any, **kwargs: Any) -> Any:
        """Do something of `student.OPERATIONS` to a student's object and return what came back."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise CellTooLong("the cell's time is used up")
        self.before_call()
        mutable = {str(i): a for i, a in enumerate(args)}, kwargs
        answer = self.ask(
            {
                "op": "do",
                "do": what,
                "target": {"id": ref.get("id"), "name": ref.get("global")},
                "args": [self.encode(a) for a in args],
                "kwargs": {k: self.encode(v) for k, v in kwargs.items()},
            },
            left,
        )
        outputs = answer.get("outputs")
        if isinstance(outputs, list):
            self.on_outputs(outputs)
        for changed, mine in ((answer.get("args"), mutable[0]), (answer.get("kwargs"), mutable[1]), (answer.get("globals"), self.watched)):  # fmt: skip
            for key, data in changed.items() if isinstance(changed, dict) else ():
                if key in mine:
                    _replace(mine[key], self.decode(data))
        if "refused" in answer:
            raise TypeError(str(answer["refused"])[:300])
        if "error" in answer:
            self.throw(answer["error"], what)
        return self.decode(answer.get("value"))

    def throw(self, error: Any, what: str = "call") -> NoReturn:
        """Raise here what was raised there."""
        error = error if isinstance(error, dict) else {}
        if "late" in error:
            self.late = True
            raise CellTooLong(str(error["late"])[:200])
        name, message = str(error.get("type"))[:100], str(error.get("message"))[:2000]
        if name == "StopIteration" and what == "next":
            raise StopIteration
        own = self.decode(error["cls"]) if isinstance(error.get("cls"), dict) else None
        for kind in (own, *builtin_errors(error.get("mro"))):
            if kind is not None and issubclass(kind, StopIteration):
                break  # it would end a loop of the test's (PEP 479), and with it the test
            if isinstance(kind, type) and issubclass(kind, Exception):
                arg = error.get("arg", message)
                try:
                    raised = kind(arg)
                except TypeError:  # one that needs more arguments, such as UnicodeDecodeError
                    continue
                raise raised from None
        raise RuntimeError(f"{name}: {message}")

    def answer(self, question: dict[str, Any]) -> dict[str, Any]:
        """Call a function that a test passed in; of an exception only type and message go back."""
        function = self.callables.get(question.get("id", 0))
        if question.get("op") != "callback" or function is None:
            return {"refused": "no such function"}
        try:
            args = [self.decode(value) for value in question["args"]]
            kwargs = {str(k): self.decode(v) for k, v in question["kwargs"].items()}
        except (Unsendable, KeyError, TypeError, AttributeError) as error:
            return {"refused": str(error)}
        try:
            return {"value": self.encode(function(*args, **kwargs))}
        except Unsendable as error:
            return {"refused": str(error)}
        except Exception as error:
            mro = [kind.__name__ for kind in type(error).__mro__]
            return {
                "error": {"type": type(error).__name__, "message": str(error)[:500], "mro": mro}
            }

    def fetch(self, names: list[str], limit_s: float, *, source: bool) -> dict[str, Any]:
        """Read a student's globals as they are now."""
        answer = self.ask({"op": "get", "names": names, "source": source}, limit_s)
        values = answer.get("values")
        found: dict[str, Any] = {}
        for name, data in values.items() if isinstance(values, dict) else ():
            if name not in names:
                continue
            if isinstance(data, dict) and data.get("t") in ("ref", "record"):
                data["global"] = name
            try:
                found[name] = self.decode(data)
            except Unsendable as error:
                found[name] = self._unreadable(name, str(error))
        self.watched = {
            k: v for k, v in found.items() if isinstance(v, (list, dict, set, np.ndarray))
        }
        return found

    def _unreadable(self, name: str, why: str) -> Remote:
        made = object.__new__(Remote)
        object.__setattr__(made, "_session", self)
        object.__setattr__(made, "_ref", {"id": 0, "type": f"value ({why})", "global": name})
        return made

    # --- values ---

    def encode(self, value: Any) -> Any:
        """Encode a value of a test's for the student process."""
        return encode(value, self.refer)

    def decode(self, data: Any) -> Any:
        """Decode what the student process sent; proxies stand for what has no typed form."""
        return decode(data, self.resolve)

    def refer(self, value: Any) -> Any:
        """Refer to a student's own object, or offer a function of the test's."""
        ref = value.__dict__.get("_ref") if isinstance(value, (types.FunctionType, type)) else None
        if isinstance(value, Remote):
            ref = value._ref
        if isinstance(ref, dict):
            return {"t": "ref", "id": ref.get("id"), "name": ref.get("global")}
        if type(value) in self.shared:
            pairs = [[self.encode(k), self.encode(v)] for k, v in vars(value).items()]
            return {"t": "shared", "name": self.shared[type(value)], "v": pairs}
        if callable(value):
            self.callables[id(value)] = value  # kept, so that the number stays its own
            return {
                "t": "callback",
                "id": id(value),
                "name": getattr(value, "__name__", "function"),
            }
        if hasattr(value, "__next__"):
            import itertools

            return {
                "t": "iterator",
                "v": [self.encode(item) for item in itertools.islice(value, 100_000)],
            }
        raise Unsendable(f"{article(type(value).__name__)} cannot be passed to the student's code")

    def resolve(self, data: dict[str, Any], part: Callable[[Any], Any]) -> Any:
        """Make a proxy, once for each of the student's objects."""
        kind, number = data.get("t"), data.get("id")
        if kind == "callback" and number in self.callables:
            return self.callables[number]
        if kind == "shared":
            return self._shared(data, part)
        if kind == "refused":
            raise Unsendable(str(data.get("why"))[:300])
        if kind not in ("ref", "record") or not isinstance(number, int):
            raise Unsendable(f"unknown kind of value {str(kind)[:40]!r}")
        if kind == "record":
            return self._record(data, part)
        if number not in self.proxies or "source" in data:
            make = {"function": self._function, "class": self._class}.get(
                str(data.get("kind")), self._object
            )
            self.proxies[number] = make(data, part)
        return self.proxies[number]

    def _shared(self, data: dict[str, Any], part: Callable[[Any], Any]) -> Any:
        for kind, name in self.shared.items():
            if name == data.get("name"):
                made: Any = object.__new__(kind)
                for key, value in data["v"]:
                    if callable(
                        getattr(kind, str(key), None)
                    ):  # or it would stand before the method
                        raise Unsendable(
                            f"a {name} whose {str(key)[:40]} is no method may not cross"
                        )
                    made.__dict__[str(key)] = part(value)
                return made
        raise Unsendable("unknown class")

    def _object(self, data: dict[str, Any], part: Callable[[Any], Any]) -> Any:
        kind = part(data["cls"]) if isinstance(data.get("cls"), dict) else None
        if not (isinstance(kind, type) and issubclass(kind, Remote)):
            base = CallableRemote if data.get("callable") else Remote
            kind = type(str(data.get("type"))[:100], (base,), {"__module__": "__main__"})
        return self._instance(kind, data)

    def _instance(self, kind: type[Remote], data: dict[str, Any]) -> Any:
        made = object.__new__(kind)
        object.__setattr__(made, "_session", self)
        object.__setattr__(made, "_ref", {k: data.get(k) for k in ("id", "global", "type")})
        return made

    def _record(self, data: dict[str, Any], part: Callable[[Any], Any]) -> Any:
        kind = part(data.get("cls"))
        made = self._instance(
            kind if isinstance(kind, type) and issubclass(kind, Record) else Record, data
        )
        names = [str(name)[:200] for name in data.get("fields", ())]
        object.__setattr__(
            made,
            "_fields",
            dict(zip(names, [part(value) for value in data.get("v", ())], strict=False)),
        )
        return made

    def _class(self, data: dict[str, Any], part: Callable[[Any], Any]) -> Any:
        name, namespace = str(data.get("name"))[:200], described(data)
        ref = {k: data.get(k) for k in ("id", "global", "name")}
        if data.get("exception"):
            error = next(iter(builtin_errors(data.get("mro"))), Exception)
            return type(name, (error,), {**namespace, "_ref": ref})
        base = Record if data.get("record") else CallableRemote if data.get("callable") else Remote
        made = RemoteClass(name, (base,), namespace)
        made._session, made._ref = self, ref
        show_signature(made, data)
        return made

    def _function(self, data: dict[str, Any], part: Callable[[Any], Any]) -> Any:
        ref = {k: data.get(k) for k in ("id", "global", "name")}
        session = self

        def function(*args: Any, **kwargs: Any) -> Any:
            return session.do("call", ref, *args, **kwargs)

        for key, value in described(data).items():
            setattr(function, key, value)
        function.__dict__["_ref"] = ref
        show_signature(function, data)
        show_source(function, data)
        return function


def _replace(mine: Any, theirs: Any) -> None:
    """Give a mutable argument the content it has after the call, in place."""
    if isinstance(mine, list) and isinstance(theirs, list):
        mine[:] = [_merged(mine[i] if i < len(mine) else None, x) for i, x in enumerate(theirs)]
    elif isinstance(mine, dict) and isinstance(theirs, dict):
        merged = {key: _merged(mine.get(key), value) for key, value in theirs.items()}
        mine.clear()
        mine.update(merged)
    elif isinstance(mine, set) and isinstance(theirs, set):
        mine.clear()
        mine.update(theirs)
    elif isinstance(mine, bytearray) and isinstance(theirs, bytearray):
        mine[:] = theirs
    elif isinstance(mine, np.ndarray) and isinstance(theirs, np.ndarray):
        if mine.shape == theirs.shape and mine.flags.writeable:
            mine[...] = theirs
    elif isinstance(mine, np.random.Generator) and isinstance(theirs, np.random.Generator):
        mine.bit_generator.state = theirs.bit_generator.state
    elif isinstance(mine, tuple) and isinstance(theirs, tuple) and len(mine) == len(theirs):
        for a, b in zip(mine, theirs, strict=True):
            _replace(a, b)
    else:
        _replace_table(mine, theirs)


def _merged(mine: Any, theirs: Any) -> Any:
    """Keep a part that can take the new content, so that other names for it see the change, too."""
    if (
        isinstance(mine, np.ndarray)
        and isinstance(theirs, np.ndarray)
        and mine.shape != theirs.shape
    ):
        return theirs
    if type(mine) is type(theirs) and isinstance(mine, (list, dict, set, bytearray, np.ndarray)):
        _replace(mine, theirs)
        return mine
    return theirs


def _replace_table(mine: Any, theirs: Any) -> None:
    if hasattr(mine, "setstate") and hasattr(theirs, "getstate"):
        mine.setstate(theirs.getstate())
    elif type(mine) is type(theirs) and hasattr(mine, "_update_inplace"):
        mine._update_inplace(theirs)  # a Series or DataFrame
    elif hasattr(mine, "add_edges_from") and hasattr(theirs, "edges"):
        mine.clear()
        mine.update(theirs)
