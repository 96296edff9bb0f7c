"""Nothing that students must not see is in what they get."""

import pytest

from grader import build
from grader.errors import GraderError
from grader.leaks import hidden_lines, is_trivial, without_hidden_tests
from grader.source import read_lab
from grader.verify import released

LAB = "lab00_tiny"
SECRETS = ("running_total_usd", "guess_usd", "/ len(prices_usd)", "three prices", "hides its spread", "HIDDEN", "SOLUTION")  # fmt: skip


def test_the_release_has_the_tasks_and_no_secret(course):
    build.release(course, read_lab(course, LAB))
    text = (course.release / LAB / f"{LAB}.ipynb").read_text()
    assert "def total_usd(prices_usd):" in text
    assert "total_usd([1])" in text
    assert not [secret for secret in SECRETS if secret in text]


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("# Two functions", "# Write `running_total_usd = running_total_usd + price_usd` and", "title"),
        ('print("exploring"', 'check.agrees("the sum of three prices", total_usd([1.0, 2.0, 4.0]), 7.0, hints={4 / 7: "only the last price is kept"})\nprint("exploring"', "test_total_usd--1"),
        ("**A guess first.**", "A mean hides its spread: two prices of 1 and 3 dollars look like two of 2 dollars.", "setup--1"),
    ],
)  # fmt: skip
def test_a_planted_leak_is_found_and_named(course, script, edit, old, new, where):
    build.release(course, read_lab(course, LAB))
    before = (course.release / LAB / f"{LAB}.ipynb").read_bytes()
    edit(script, old, new)
    with pytest.raises(GraderError, match=f"the release shows .* in cell {where};"):
        build.release(course, read_lab(course, LAB))
    assert (course.release / LAB / f"{LAB}.ipynb").read_bytes() == before


def test_a_line_that_students_may_see_can_be_listed(course, script, toml, edit):
    edit(script, "# Two functions", "# Write `return sum(prices_usd) / len(prices_usd)` and")
    edit(
        toml, "timeout_s", 'public_lines = ["return sum(prices_usd) / len(prices_usd)"]\ntimeout_s'
    )
    build.release(course, read_lab(course, LAB))
    assert "len(prices_usd)" in (course.release / LAB / f"{LAB}.ipynb").read_text()


def test_only_the_notebook_and_its_helper_files_reach_students(course):
    build.release(course, read_lab(course, LAB))
    for folder in (course.source, course.release):
        assert sorted(p.name for p in (folder / LAB).iterdir()) == [f"{LAB}.ipynb", "prices.csv"]


def test_an_unfinished_hidden_region_is_hidden_to_the_end():
    assert without_hidden_tests("seen\n### BEGIN HIDDEN TESTS\nsecret = f(1, 2)") == "seen\n"
    assert hidden_lines("### BEGIN HIDDEN TESTS\nassert f(1) == 2\n### END HIDDEN TESTS") == [
        "assert f(1) == 2"
    ]


@pytest.mark.parametrize("line", ["else:", "return x", "import math", "    )", "# a note", "pass"])
def test_what_gives_nothing_away_is_trivial(line):
    assert is_trivial(line)


@pytest.mark.parametrize("line", ["return 2 * a * b", "assert f(1) == 2", "x = np.sum(y, axis=0)"])
def test_what_gives_something_away_is_not_trivial(line):
    assert not is_trivial(line)


def test_the_stamp_names_the_source(course):
    lab = read_lab(course, LAB)
    build.release(course, lab)
    assert released(course, LAB).metadata.supercycle == {"lab": LAB, "release": lab.release_id}
