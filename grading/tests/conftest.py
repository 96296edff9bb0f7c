"""A course of one tiny lab, copied afresh for each test that changes it."""

import dataclasses
import shutil
import sys
from pathlib import Path

import pytest

from grader.course import Course
from grader.engine import How, with_sandbox_if_possible

sys.path.insert(0, str(Path(__file__).parent))  # worker processes import from here, too

FIXTURES = Path(__file__).parent / "fixtures"
GRADING = Path(__file__).resolve().parents[1]
LAB = "lab00_tiny"

# A class's own nbgrader_config.py does what the root's does: it loads the settings of grading/.
CONFIG = f"""
import sys
from pathlib import Path
sys.path.insert(0, {str(GRADING)!r})
from grader.converters import install
from grader.course import Course
from grader.settings import nbgrader_config
c = get_config()
c.merge(nbgrader_config(Course.at(Path(__file__).resolve().parent)))
install()
"""


def make_course(folder: Path) -> Course:
    """Copy the tiny lab into a folder and make it a course."""
    shutil.copytree(FIXTURES, folder, dirs_exist_ok=True)
    (folder / "nbgrader_config.py").write_text(CONFIG)
    return Course.at(folder)


@pytest.fixture(scope="session")
def new_course():
    """Make a course in a folder."""
    return make_course


@pytest.fixture
def course(tmp_path):
    """A course nothing was built in yet."""
    return make_course(tmp_path)


@pytest.fixture
def script(course):
    """The source of the tiny lab, to be edited."""
    return course.solutions / LAB / f"{LAB}.py"


@pytest.fixture
def toml(course):
    """The lab.toml of the tiny lab, to be edited."""
    return course.solutions / LAB / "lab.toml"


def edit(path: Path, old: str, new: str) -> None:
    """Replace a text that must be there."""
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


@pytest.fixture(name="edit")
def edit_fixture():
    """Replace a text of a file that must be there."""
    return edit


@pytest.fixture(scope="session")
def how():
    """How the tests grade: two workers; the sandbox has tests of its own."""
    return with_sandbox_if_possible(How(workers=2))


@pytest.fixture(scope="session")
def alone(how):
    """How the tests grade where one worker is enough."""
    return dataclasses.replace(how, workers=1)


@pytest.fixture
def hand_in_class(course):
    """Hand in made-up students' notebooks, each different, and return their names."""
    from grader import build
    from grader.demo import made_up
    from grader.source import read_lab
    from grader.submission import fill
    from grader.verify import hand_in, released

    def hand_in_them(count):
        build.release(course, read_lab(course, LAB))
        lab, release = read_lab(course, LAB), released(course, LAB)
        names = [f"student-{n:03d}" for n in range(count)]
        for name in names:
            hand_in(course, LAB, name, fill(release, made_up(lab, name)))
        return names

    return hand_in_them


@pytest.fixture(scope="session")
def how_source(how):
    """The code of `how`, for tests that start an engine of their own."""
    return f"how = How(workers={how.workers}, sandbox={how.sandbox})"


@pytest.fixture(scope="session")
def postgresql_server():
    """A PostgreSQL server of our own."""
    import postgres

    if postgres.programs() is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt install postgresql)")
    server = postgres.Server()
    yield server
    server.stop()


@pytest.fixture
def postgresql(postgresql_server):
    """An empty database; ``url`` is its address, ``server`` can be killed."""
    from types import SimpleNamespace

    return SimpleNamespace(url=postgresql_server.database(), server=postgresql_server)


@pytest.fixture(autouse=True)
def unchanging_library(monkeypatch):
    """Let nobody's edit of the library during a test be a reason to grade again."""
    monkeypatch.setattr("grader.engine.environment_digest", lambda: "0" * 16)
