"""The house keeps its rules: instant import, and each floor rests only on the floors below."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import supercycle

LIBRARY = Path(supercycle.__file__).parent
HEAVY = {
    "pandas",
    "scipy",
    "networkx",
    "torch",
    "matplotlib",
    "simpy",
    "pypsa",
    "highspy",
    "linopy",
}
FLOORS = ["facts", "units", "finance", "energy", "chips", "infra", "models", "apps"]
GROUND = {"facts", "units", "finance", "_plain", "_validate"}
ALLOWED_BESIDE = {
    # The measured transformer speaks of the same object as the prediction, and of nothing else.
    "transformer": GROUND | {"models", "plots"},
    "cluster": GROUND | set(FLOORS) | {"plots"},
    "plots": GROUND,
    "explore": GROUND | {"plots"},
    "check": GROUND,
}


@pytest.mark.parametrize(
    "statement",
    ["import supercycle", *(f"from supercycle import {f}" for f in [*FLOORS, "cluster", "stack"])],
)
def test_importing_a_floor_loads_nothing_heavy(statement):
    name = statement.split()[-1]
    if name != "supercycle" and not list(LIBRARY.glob(f"{name}*")):
        pytest.skip(f"{name} is not built yet")
    code = f"{statement}; import sys; print(*sorted({HEAVY!r} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == ""


def imports_of(path: Path) -> set[str]:
    """Names of the library's modules that a file imports or reaches, at any depth of nesting."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            above = path.relative_to(LIBRARY.parent).parts[: -node.level] if node.level else ()
            parts = [*above, *(node.module.split(".") if node.module else [])]
            if parts[0] == "supercycle":
                found |= {parts[1]} if len(parts) > 1 else {a.name for a in node.names}
        elif isinstance(node, ast.Import):
            for alias in node.names:
                parts = alias.name.split(".")
                if parts[0] == "supercycle" and len(parts) > 1:
                    found.add(parts[1])
        elif isinstance(node, ast.Attribute) and ast.unparse(node.value) == "supercycle":
            found.add(node.attr)  # import supercycle; supercycle.apps
    return found


@pytest.mark.parametrize(
    "statement",
    [
        "from supercycle import apps",
        "from supercycle.apps import value",
        "import supercycle.apps.value",
        "import supercycle\nsupercycle.apps.value",
        "from .. import apps",
        "def late():\n    from ..apps import value",
    ],
)
def test_no_way_of_importing_a_floor_goes_unseen(statement, tmp_path, monkeypatch):
    monkeypatch.setattr(sys.modules[__name__], "LIBRARY", tmp_path / "supercycle")
    path = tmp_path / "supercycle" / "energy" / "lcoe.py"
    path.parent.mkdir(parents=True)
    path.write_text(statement)
    assert imports_of(path) == {"apps"}


def test_each_floor_imports_only_the_floors_below_it():
    wrong = []
    for path in sorted(LIBRARY.rglob("*.py")):
        home = path.relative_to(LIBRARY).parts[0].removesuffix(".py")
        if home in FLOORS:
            allowed = GROUND | set(FLOORS[: FLOORS.index(home) + 1])
        elif home in ALLOWED_BESIDE:
            allowed = ALLOWED_BESIDE[home] | {home}
        else:
            continue  # the roof may look at everything
        wrong += [
            f"{path.relative_to(LIBRARY)} imports {name}" for name in imports_of(path) - allowed
        ]
    assert wrong == [], "a floor takes what it needs from above as an argument"


def test_nothing_imports_the_roof():
    roof = {"stack", "scenario", "fidelity", "cli"}
    wrong = [
        f"{path.relative_to(LIBRARY)} imports {sorted(imports_of(path) & roof)}"
        for path in LIBRARY.rglob("*.py")
        if imports_of(path) & roof
        and path.relative_to(LIBRARY).parts[0].removesuffix(".py") not in roof
    ]
    assert wrong == [], "what the roof and a floor both need belongs on a floor"


def test_the_top_level_offers_what_exists_and_nothing_else():
    for name in supercycle._MODULES:
        assert list(LIBRARY.glob(f"{name}.py")) or (LIBRARY / name / "__init__.py").is_file(), name
    with pytest.raises(AttributeError, match="nosuchfloor"):
        supercycle.nosuchfloor  # noqa: B018


def unexplained(source: str) -> list[str]:
    """Return the numeric constants of a module that no comment or docstring beside them explains."""
    tree, lines = ast.parse(source), source.splitlines()
    found = []
    for node, after in zip(tree.body, [*tree.body[1:], None], strict=True):
        if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
            continue
        name = ast.unparse(node.targets[0] if isinstance(node, ast.Assign) else node.target)
        parts = list(ast.walk(node.value))
        numbers = [
            p for p in parts if isinstance(p, ast.Constant) and type(p.value) in (int, float)
        ]
        read = any(isinstance(p, ast.Name | ast.Call) for p in parts)
        said = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
        written = lines[max(node.lineno - 2, 0) : node.end_lineno]
        if name.isupper() and numbers and not (read or said or any("#" in x for x in written)):
            found.append(name)
    return found


#: To be explained when its file changes next: a record that takes 13 minutes rests on it.
NOT_YET = {"MAX_Q"}


def test_a_constant_says_where_it_comes_from_or_why():
    assert unexplained("A = 1\nB = 2  # metres\n# why\nC = 3\nD = 4\n'''why'''\nE = f(5)\n") == [
        "A"
    ]
    floors = ("finance", "energy", "chips", "infra", "models", "apps")
    files = [p for f in floors for p in (*LIBRARY.glob(f"{f}.py"), *LIBRARY.glob(f"{f}/**/*.py"))]
    bare = {str(p.relative_to(LIBRARY)): unexplained(p.read_text("utf-8")) for p in files}
    assert {p: names for p, names in bare.items() if set(names) - NOT_YET} == {}, (
        "a constant has its source or its reason beside it: '#: …' above, or a docstring below; "
        "a fact belongs into datasets/"
    )
