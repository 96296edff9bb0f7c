"""The guides' commands exist, and the house they show is the one that stands."""

import importlib.util
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from xml.etree import ElementTree

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import test_house

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def house():
    spec = importlib.util.spec_from_file_location("house", ROOT / "course" / "guides" / "house.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def dots(picture):
    """Who imports whom, as the picture says: its own ids, and where each dot lies."""
    circles = ElementTree.fromstring(picture).iter("{http://www.w3.org/2000/svg}circle")
    return {
        tuple(c.get("id").split("--")): (float(c.get("cx")), float(c.get("cy"))) for c in circles
    }


def test_the_house_has_a_storey_for_every_part_of_the_library(house):
    parts = {p.stem for p in house.LIBRARY.iterdir() if p.suffix == ".py" or (p / "__init__.py").is_file()}  # fmt: skip
    assert set(house.STOREYS) == {name for name in parts if not name.startswith("_")}


def test_the_houses_dots_are_the_real_imports(house):
    real = set()
    for path in test_house.LIBRARY.rglob("*.py"):
        home = path.relative_to(test_house.LIBRARY).parts[0].removesuffix(".py")
        real |= {(home, name) for name in test_house.imports_of(path) if name != home}
    real = {(who, whom) for who, whom in real if {who, whom} <= set(house.STOREYS)}
    assert set(dots(house.draw())) == real


def test_whoever_imports_stands_above(house):
    order = list(house.STOREYS)
    for (who, whom), (x, y) in dots(house.draw()).items():
        assert order.index(who) < order.index(whom), f"{who} imports {whom}"
        column = (x - house.LEFT - house.BOX) / house.ROW
        assert (int(column), int((y - house.TOP) / house.ROW)) == (
            order.index(whom),
            order.index(who),
        )


# -- commands -------------------------------------------------------------------------------------

PAGES = [ROOT / "README.md", *sorted((ROOT / "course" / "guides").glob("*.md"))]


def commands(page):
    """Lines of a page's shell blocks, without comments."""
    blocks = re.findall(r"^[ ]*```(?:sh|bash|console)\n(.*?)```", page.read_text(), re.M | re.S)
    lines = [line.split(" #")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def known(program):
    """Commands of one of our two programs, each with its options."""
    import typer

    from grader.cli import app as grader
    from supercycle.cli import app as supercycle

    group = typer.main.get_command({"supercycle": supercycle, "grader": grader}[program])
    return {
        name: {
            "options": {o for p in command.params for o in (*p.opts, *p.secondary_opts)},
            "arguments": [p for p in command.params if p.param_type_name == "argument"],
        }
        for name, command in group.commands.items()
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_on_a_page_exists_with_its_options(page):
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    for line in commands(page):
        first, *rest = line.removeprefix(".venv/bin/").split()
        if first == "make":
            assert rest[0] in targets, line
        elif first in ("supercycle", "grader"):
            if not rest or rest[0].startswith("-"):
                continue
            command = known(first).get(rest[0])
            assert command is not None, line
            words = [w for w in rest[1:] if not re.fullmatch(r"[\d.]+", w)]
            options = {w.split("=")[0] for w in words if w.startswith("-")}
            assert options <= command["options"], line
            # Values of options stand among the words, so this is a bound from below.
            required = [a for a in command["arguments"] if a.required]
            given = [w for w in words if not w.startswith("-")]
            assert len(given) >= len(required), line
        else:
            assert first in {
                "git",
                "cd",
                "cp",
                "mkdir",
                "nbgrader",
                "pip",
                "python",
                "apt",
                "source",
            }, line


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_that_a_page_names_exist(page):
    for name in re.findall(r"`((?:course|lib|grading|datasets|solutions|labs)/[\w./-]+)`", page.read_text()):  # fmt: skip
        made = ("course/_build", "grading/submitted", "grading/feedback", "grading/course.toml",
                "grading/gradebook.db", "grading/roster.csv")  # fmt: skip
        assert (ROOT / name).exists() or name.startswith(made) or "NN" in name, name


QUICK = [
    line.removeprefix(".venv/bin/").split()
    for line in commands(PAGES[0])
    if line.startswith(".venv/bin/supercycle") and not line.endswith("measure")  # a minute
]


@pytest.mark.parametrize("words", QUICK, ids=" ".join)
def test_what_the_readme_shows_in_a_terminal_runs(words, tmp_path):
    if words[1] == "simulate":
        words = [*words, "--out", str(tmp_path / "report.html")]
    shown = subprocess.run(
        [Path(sys.executable).parent / words[0], *words[1:]],
        cwd=ROOT, env={**os.environ, "SUPERCYCLE_PROGRESS": str(tmp_path / "progress.json")},
        capture_output=True, text=True,
    )  # fmt: skip
    if "--solution" in words:  # nothing was tried in a fresh clone, and the command says so
        assert "try it first" in shown.stderr
    else:
        assert (shown.returncode, shown.stderr) == (0, "")
        assert len(shown.stdout.splitlines()) > 5


def test_the_readme_shows_enough():
    assert {words[1] for words in QUICK} >= {"check", "doctor", "stack", "facts", "fidelity"}


def test_every_claim_of_the_lecture_is_a_row_and_names_its_labs():
    page = (ROOT / "course" / "guides" / "0_lecture.md").read_text(encoding="utf-8")
    said = {
        row[1]: {int(n) for n in row[2].split(",")}
        for row in re.finditer(r"^\| (S\d+) \|.*\| ([\d, ]+) \|$", page, re.M)
    }
    assert list(said) == [f"S{n}" for n in range(1, 25)]
    real = {row: set() for row in said}
    for path in sorted((ROOT / "solutions").glob("lab*/lab.toml")):
        number = int(path.parent.name[3:5])
        for row in tomllib.loads(path.read_text(encoding="utf-8"))["claims"]:
            if number < 9:  # the capstone uses them all
                real[row].add(number)
    assert said == real
