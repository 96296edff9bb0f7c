"""The labs of this course: released as their source says, and tested tests."""

import pytest

from grader import build
from grader.course import Course
from grader.source import read_lab
from grader.verify import verify

COURSE = Course.find(__file__)


@pytest.mark.parametrize("lab", COURSE.labs())
def test_the_release_is_what_its_source_builds(lab):
    assert [str(drift) for drift in build.check(COURSE, lab)] == []


@pytest.mark.parametrize("lab", COURSE.labs())
def test_solution_earns_all_release_nothing_and_every_variant_what_it_should(lab):
    assert [f"{f.kind} {f.name} {f.problem}" for f in verify(COURSE, lab) if f.problem] == []


@pytest.mark.parametrize("lab", COURSE.labs())
def test_the_readme_names_the_lab_with_its_claims(lab):
    about = read_lab(COURSE, lab).file
    row = f"| [{lab}](labs/{lab}/{lab}.ipynb) | {about.title} | {' '.join(about.claims)} |"
    assert row in (COURSE.root / "README.md").read_text(encoding="utf-8"), row
