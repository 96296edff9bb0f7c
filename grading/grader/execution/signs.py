"""Signs in an answer's text of reaching beyond the task: for a person to look at, never a verdict.

None of them changes a score: whatever an answer reaches for, the sandbox has decided already.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping

from grader.execution.spec import LabSpec

__all__ = ["SIGNS", "signs_in"]

#: What an answer names → what that may mean.
SIGNS: Mapping[str, str] = {
    "sqlite3": "opens a database", "sqlalchemy": "opens a database", "nbgrader": "looks for nbgrader", "grader": "looks for the grader",
    "socket": "uses the network", "urllib": "uses the network", "requests": "uses the network", "http": "uses the network",
    "subprocess": "starts programs", "multiprocessing": "starts processes", "fork": "starts processes", "system": "starts programs",
    "popen": "starts programs", "_exit": "ends its process", "abort": "ends its process", "kill": "sends signals", "environ": "reads the environment",
    "getenv": "reads the environment", "ctypes": "reaches into memory", "get_objects": "reaches into memory", "get_referrers": "reaches into memory",
    "_getframe": "looks at its callers", "currentframe": "looks at its callers", "stack": "looks at its callers", "f_back": "looks at its callers",
    "meta_path": "changes how modules are imported", "addaudithook": "changes how modules are imported", "path_hooks": "changes how modules are imported",
    "excepthook": "changes how errors are shown", "set_custom_exc": "changes how errors are shown", "showtraceback": "changes how errors are shown",
    "ast_transformers": "rewrites code", "NodeTransformer": "rewrites code", "input_transformers_cleanup": "rewrites code",
    "assert_allclose": "touches the tests' own tools", "assert_equal": "touches the tests' own tools", "testing": "touches the tests' own tools",
    "__array_ufunc__": "makes an object that answers comparisons itself", "__array_function__": "makes an object that answers comparisons itself",
    "__wrapped__": "reaches behind a withheld function",
}  # fmt: skip
_COMPARISONS = {
    "__eq__",
    "__ne__",
    "__lt__",
    "__le__",
    "__gt__",
    "__ge__",
    "__bool__",
    "__sub__",
    "__rsub__",
}
_NUMBERS = {"float", "int", "str", "complex", "list", "ndarray"}
_FILES = re.compile(
    r"gradebook|nbgrader|hidden|\.\./|\A/(?!tmp)|submitted|solutions|autograded", re.IGNORECASE
)


def signs_in(answers: Mapping[str, str], lab: LabSpec) -> list[str]:
    """List the signs in all answers of a submission, one sentence each.

    Examples
    --------
    >>> signs_in({"f": "import sqlite3"}, LabSpec("lab", ()))
    ['the answer f opens a database (sqlite3)']
    """
    expected = {cell.grade_id: _names_in(cell.released) for cell in lab.cells}
    given = {name for cell in lab.cells if cell.kind == "setup" for name in cell.binds}
    signs: dict[str, None] = {}
    for grade_id, source in answers.items():
        tree = _parse(source)
        if tree is None:
            continue
        for sign in _signs(tree, expected.get(grade_id, set()), given):
            signs[f"the answer {grade_id} {sign}"] = None
    return list(signs)


def _parse(source: str) -> ast.Module | None:
    try:
        return ast.parse(source) if len(source) < 1_000_000 else None
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _names_in(source: str) -> set[str]:
    tree = _parse(source)
    return {name for node in ast.walk(tree) for name in _named(node)} if tree else set()


def _named(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name.partition(".")[0] for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [(node.module or "").partition(".")[0], *[alias.name for alias in node.names]]
    if isinstance(node, ast.Attribute):
        return [node.attr]
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return [node.name]
    return [node.id] if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) else []


def _signs(tree: ast.Module, expected: set[str], given: set[str]) -> list[str]:
    found: list[str] = []
    for node in ast.walk(tree):
        found += [f"{SIGNS[n]} ({n})" for n in _named(node) if n in SIGNS and n not in expected]
        if isinstance(node, ast.ClassDef):
            bases = {
                base.attr if isinstance(base, ast.Attribute) else getattr(base, "id", "")
                for base in node.bases
            }
            if own := sorted(
                _COMPARISONS & {n.name for n in node.body if isinstance(n, ast.FunctionDef)}
            ):
                found.append(f"makes an object that answers comparisons itself ({', '.join(own)})")
            if bases & _NUMBERS:
                found.append(
                    f"makes a kind of {sorted(bases & _NUMBERS)[0]} of its own ({node.name})"
                )
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and len(node.value) < 200
            and not {" ", "\n"} & set(node.value)
            and _FILES.search(node.value)
        ):
            found.append(f"names a file that is none of its business ({node.value[:60]!r})")
    for statement in tree.body:
        if isinstance(statement, (ast.FunctionDef, ast.ClassDef)) and statement.name in given:
            found.append(f"redefines {statement.name}, which the lab gives")
        if isinstance(statement, ast.Assign):
            names = [t.id for t in statement.targets if isinstance(t, ast.Name)]
            found += [f"redefines {name}, which the lab gives" for name in names if name in given]
    return found
