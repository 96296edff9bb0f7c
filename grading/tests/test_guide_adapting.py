"""The worked example of the guide: its files, as printed, make a lab whose tests are proved."""

import re
import shutil
from pathlib import Path

import pytest

from grader.build import build
from grader.verify import verify

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "course" / "guides" / "4_adapting_a_lab.md").read_text(encoding="utf-8")
LAB = "lab10_break_even"


@pytest.fixture
def course(course):
    """A course that holds what the page prints."""
    blocks = re.findall(r"```\{code-block\} \w+\n:caption: (\S+)\n\n(.*?)```", PAGE, re.DOTALL)
    assert len(blocks) == 4
    for name, text in blocks:
        path = course.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return course


def test_the_printed_lab_builds_and_its_tests_are_proved(course):
    build(course, LAB)
    released = (course.release / LAB / f"{LAB}.ipynb").read_text()
    assert "YOUR CODE HERE" in released
    assert "running costs are due" not in released
    findings = verify(course, LAB)
    assert [f"{f.kind} {f.name} {f.problem}" for f in findings if f.problem] == []
    assert {"capital_only", "two_shares"} <= {f.name for f in findings}


def test_the_guide_for_instructors_could_read_the_printed_lab(course, monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "course" / "guides")
    from syllabus import described

    path = course.solutions / LAB / "lab.toml"
    assert described(path)["about"]["objectives"]
    path.write_text(path.read_text().partition("[about]")[0])
    with pytest.raises(ValueError, match=r"lab\.toml lacks about\.heard_at, about\.objectives"):
        described(path)


def test_a_mutant_that_the_tests_miss_is_reported(course):
    mutant = course.solutions / LAB / "mutants" / "capital_only.py"
    right = course.solutions / LAB / "alternatives" / "two_shares.py"
    code = right.read_text().split("# ///\n", 1)[1]
    head = mutant.read_text().split("# ///\n", 1)[0]
    mutant.write_text(f"{head}# ///\n{code}")
    build(course, LAB, run=False)
    assert [f.name for f in verify(course, LAB) if f.problem] == ["capital_only"]
    shutil.rmtree(course.release)
