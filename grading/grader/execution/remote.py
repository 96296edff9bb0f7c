"""Objects of a student's as a test sees them: everything is asked for, and nothing is decided there.

The rule that keeps scores honest: **a proxy never decides a comparison**. It has no equality with
a plain value, no order, no truth and no arithmetic with plain numbers, since each of these would hand
the expected value to the student's code and let it answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from grader.execution.proxy import Session

__all__ = ["CallableRemote", "Record", "Remote", "RemoteClass", "article"]


class Remote:
    """An object of the student's; see the module's rule for what is missing."""

    _session: Session
    _ref: dict[str, Any]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self._session.do("getattr", self._ref, name)

    def __setattr__(self, name: str, value: Any) -> None:
        self._session.do("setattr", self._ref, name, value)

    def __len__(self) -> int:
        return int(self._session.do("len", self._ref))

    def __iter__(self) -> Iterator[Any]:
        made = self._session.do("iter", self._ref)
        while True:
            try:
                yield self._session.do("next", made._ref if isinstance(made, Remote) else made)
            except StopIteration:
                return

    def __next__(self) -> Any:
        return self._session.do("next", self._ref)

    def __getitem__(self, key: Any) -> Any:
        return self._session.do("getitem", self._ref, key)

    def __setitem__(self, key: Any, value: Any) -> None:
        self._session.do("setitem", self._ref, key, value)

    def __delitem__(self, key: Any) -> None:
        self._session.do("delitem", self._ref, key)

    def __enter__(self) -> Any:
        return self._session.do("enter", self._ref)

    def __exit__(self, *_: Any) -> None:
        self._session.do("exit", self._ref)

    def __str__(self) -> str:
        return str(self._session.do("str", self._ref))

    def __repr__(self) -> str:
        return f"<{self._ref.get('type') or self._ref.get('name')} of the student's>"

    def __hash__(self) -> int:
        return hash(self._ref["id"])

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Remote):
            return bool(self._ref["id"] == other._ref["id"])
        self._refuse("has no equality with a plain value")

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __bool__(self) -> bool:
        self._refuse("is neither true nor false")

    def __contains__(self, item: Any) -> bool:
        self._refuse("cannot say what it contains: turn it into a list first")

    def _refuse(self, why: str) -> NoReturn:
        kind = self._ref.get("type") or self._ref.get("name") or "object"
        raise TypeError(f"{article(kind)} came back where a plain value belongs: it {why}")


class CallableRemote(Remote):
    """An object of the student's that can be called; others must not look as if they could."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call it over there."""
        return self._session.do("call", self._ref, *args, **kwargs)


def article(kind: str) -> str:
    """Put an article before a noun."""
    return f"a{'n' if kind[:1].lower() in 'aeiou' else ''} {kind}"


def _operator(name: str) -> Callable[..., Any]:
    def operate(self: Remote, *others: Any) -> Any:
        if not all(isinstance(other, Remote) for other in others):
            self._refuse("does not reckon with numbers")
        return self._session.do(name, self._ref, *others)

    return operate


def _refused_order(self: Remote, other: object) -> bool:
    self._refuse("has no order")


for _name in (
    "add",
    "sub",
    "mul",
    "truediv",
    "floordiv",
    "mod",
    "pow",
    "matmul",
    "neg",
    "pos",
    "abs",
):
    setattr(Remote, f"__{_name}__", _operator(_name))
for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul"):
    setattr(Remote, f"__r{_name}__", _operator(_name))
for _name in ("lt", "le", "gt", "ge"):
    setattr(Remote, f"__{_name}__", _refused_order)
Remote.__array_ufunc__ = None  # type: ignore[attr-defined]  # NumPy must not look inside, either


class RemoteClass(type):
    """The class of a student's class: calling it makes an object over there."""

    _session: Session
    _ref: dict[str, Any]

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        """Call it over there."""
        return cls._session.do("call", cls._ref, *args, **kwargs)

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return cls._session.do("getattr", cls._ref, name)


class Record(Remote):
    """An object of a student's dataclass: its fields are plain values, compared here."""

    def __eq__(self, other: object) -> bool:
        mine, theirs = vars(self).get("_fields"), getattr(other, "__dict__", {}).get("_fields")
        same_class = isinstance(other, Record) and type(self).__name__ == type(other).__name__
        return same_class and bool(mine == theirs)

    def __hash__(self) -> int:
        return hash(repr(vars(self)["_fields"]))

    def __getattr__(self, name: str) -> Any:
        fields = vars(self)["_fields"]
        return fields[name] if name in fields else super().__getattr__(name)

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        vars(self)["_fields"][name] = value

    def __repr__(self) -> str:
        fields = ", ".join(f"{k}={v!r}" for k, v in vars(self)["_fields"].items())
        return f"{type(self).__name__}({fields})"
