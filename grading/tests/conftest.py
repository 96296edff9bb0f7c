"""A course of one tiny lab, copied afresh for each test that changes it."""

import shutil
from pathlib import Path

import pytest

from grader.course import Course

FIXTURES = Path(__file__).parent / "fixtures"
GRADING = Path(__file__).resolve().parents[1]
LAB = "lab00_tiny"

# A class's own nbgrader_config.py does what the root's does: it loads the settings of grading/.
CONFIG = f"""
import sys
from pathlib import Path
sys.path.insert(0, {str(GRADING)!r})
from grader.course import Course
from grader.settings import nbgrader_config
c = get_config()
c.merge(nbgrader_config(Course.at(Path(__file__).resolve().parent), timeout_s=3))
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
