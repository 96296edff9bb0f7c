"""What a student's function or class says about itself, as data: name, docstring, signature, source."""

from __future__ import annotations

import builtins
import contextlib
import inspect
import linecache
from collections.abc import Iterator
from typing import Any

from grader.execution.reading import decode
from grader.execution.values import Unsendable

__all__ = ["builtin_errors", "described", "show_signature", "show_source"]


def described(data: dict[str, Any]) -> dict[str, Any]:
    """Return name and docstring as attributes."""
    doc, name = data.get("doc"), str(data.get("name"))[:200]
    return {
        "__doc__": doc if isinstance(doc, str) else None,
        "__module__": "__main__",
        "__qualname__": name,
        **({} if data.get("kind") == "class" else {"__name__": name}),
    }


def show_signature(target: Any, data: dict[str, Any]) -> None:
    """Let ``inspect.signature`` and ``__annotations__`` say what the student wrote; as data."""
    with contextlib.suppress(ValueError, TypeError, KeyError, Unsendable, AttributeError):
        parameters, notes = [], {}
        for entry in data["signature"]:
            default = decode(entry["default"]) if "default" in entry else inspect.Parameter.empty
            note: Any = inspect.Parameter.empty
            if "annotation" in entry:
                text = str(entry["annotation"])
                note = notes[entry["name"]] = getattr(builtins, text, text)
            kind = list(inspect._ParameterKind)[int(entry["kind"])]
            parameters.append(
                inspect.Parameter(entry["name"], kind, default=default, annotation=note)
            )
        target.__signature__ = inspect.Signature(parameters)
        target.__annotations__ = notes


def show_source(function: Any, data: dict[str, Any]) -> None:
    """Let ``inspect.getsource`` find the student's text, which is never run here."""
    source = data.get("source")
    if isinstance(source, str):
        file = f"<answer {data.get('id')}>"
        linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
        function.__code__ = function.__code__.replace(co_filename=file, co_firstlineno=1)


def builtin_errors(mro: Any) -> Iterator[type[Exception]]:
    """Yield the built-in exceptions of a method resolution order, nearest first."""
    for name in mro if isinstance(mro, list) else ():
        kind = getattr(builtins, name, None) if isinstance(name, str) else None
        if isinstance(kind, type) and issubclass(kind, Exception):
            yield kind
