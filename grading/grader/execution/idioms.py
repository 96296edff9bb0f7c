"""Which idioms of test cells work across the two processes, and which are refused by name.

Supported, with one test a row in ``tests/test_execution_idioms.py``: asserting on values and calls;
tolerances of NumPy and pandas; keyword and default arguments; ``isinstance``, ``type(…) is`` and
``callable``; expected exceptions; name, docstring, signature, annotations and source of a function; printed output;
arguments changed in place; functions, generators of numbers and random generators as arguments; seeds; classes, their
attributes, methods, length, items and iteration; dataclasses; figures and axes asked for their properties;
generators; globals that change during a call; globals a visible test assigns; classes that a locked cell defines; partial credit.

Refused: what would need the student's object itself in the process of the tests, and what would run
a student's text there.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Collection, Iterator, Mapping

__all__ = ["UNSUPPORTED", "unsupported_idioms"]

_CODE = "looks into a function's code, which stays in the sandbox: call the function, or read inspect.getsource"
_RUNS = "could run a student's text beside the tests: compare values instead"
_PATCH = "replaces a name only beside the tests, where student code does not see it: pass it as an argument"
_STEP = "runs beside the notebook: the two processes go in lock-step, one call at a time"
_FIGURE = (
    "asks for the current figure, which is drawn in the sandbox: let the answer return or name it"
)
_PICKLE = "needs the student's object itself: compare its attributes"

#: Name in a test cell → why it cannot work.
UNSUPPORTED: Mapping[str, str] = {
    **dict.fromkeys(("__code__", "__globals__", "__closure__", "__defaults__", "__kwdefaults__", "__wrapped__", "getmembers", "isgeneratorfunction", "iscoroutinefunction", "dis"), _CODE),
    **dict.fromkeys(("eval", "exec", "compile", "doctest", "run_line_magic", "run_cell"), _RUNS),
    **dict.fromkeys(("patch", "mock", "monkeypatch", "set_state", "setstate"), _PATCH),
    **dict.fromkeys(("threading", "multiprocessing", "concurrent", "asyncio"), _STEP),
    **dict.fromkeys(("gcf", "gca", "get_fignums"), _FIGURE),
    **dict.fromkeys(("pickle", "dill", "cloudpickle", "__main__"), _PICKLE),
}  # fmt: skip


def unsupported_idioms(cell_source: str, student_names: Collection[str] = ()) -> list[str]:
    """Name what a test cell does that cannot work on a student's names from another process.

    Parameters
    ----------
    cell_source : str
        The test cell, hidden tests included.
    student_names : collection of str
        Names that answers define, where known: a test may not subclass one, or await it.

    Returns
    -------
    list of str
        One sentence each, empty if all is well.

    Examples
    --------
    >>> unsupported_idioms("assert f(2) == 4 and callable(f)")
    []
    >>> unsupported_idioms("assert f.__code__.co_argcount == 2")
    ["line 1: __code__ looks into a function's code, which stays in the sandbox: call the function, or read inspect.getsource"]
    """
    try:
        tree = ast.parse(cell_source)
    except SyntaxError as error:
        return [f"line {error.lineno}: the cell is not plain Python: {error.msg}"]
    found: dict[str, None] = {}
    for node in ast.walk(tree):
        for name in _named(node):
            if name in UNSUPPORTED:
                found[f"line {getattr(node, 'lineno', 1)}: {name} {UNSUPPORTED[name]}"] = None
        for sentence in _shapes(node, student_names):
            found[f"line {getattr(node, 'lineno', 1)}: {sentence}"] = None
    return list(found)


def _named(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Name):
        yield node.id
    elif isinstance(node, ast.Attribute):
        yield node.attr
    elif isinstance(node, ast.Import):
        yield from (alias.name.partition(".")[0] for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        yield (node.module or "").partition(".")[0]
        yield from (alias.name for alias in node.names)


def _shapes(node: ast.AST, student_names: Collection[str]) -> Iterator[str]:
    if isinstance(node, ast.Compare) and any(
        isinstance(op, (ast.Is, ast.IsNot)) for op in node.ops
    ):
        sides = [node.left, *node.comparators]
        if not any(_is_singleton(side) for side in sides):
            yield "`is` compares identities, which values lose on their way: use =="
    elif isinstance(node, (ast.Await, ast.AsyncFor, ast.AsyncWith)):
        yield f"await {_STEP}"
    elif isinstance(node, ast.ClassDef):
        for base in node.bases:
            if isinstance(base, ast.Name) and base.id in student_names:
                yield f"class {node.name} derives from the student's {base.id}, which is not here: make objects of it"
    elif isinstance(node, ast.Assign):
        for target in node.targets:
            if (
                isinstance(target, ast.Attribute)
                and isinstance(target.value, ast.Name)
                and target.value.id == "builtins"
            ):
                yield f"builtins.{target.attr} = {_PATCH}"


def _is_singleton(side: ast.expr) -> bool:
    """Whether identity with this survives the way: a constant, or a type."""
    if isinstance(side, ast.Name):
        return isinstance(getattr(builtins, side.id, None), type)
    if isinstance(side, ast.Attribute):
        return isinstance(side.value, ast.Name) and side.value.id in ("np", "numpy")
    if isinstance(side, ast.Constant):
        return side.value is None or side.value is ... or isinstance(side.value, bool)
    if isinstance(side, ast.Call):
        return isinstance(side.func, ast.Name) and side.func.id == "type"
    return False
