"""What a lab says: no result is typed into its prose, and whoever reads a fact shows its source."""

import re

import pytest

from grader.course import Course
from grader.source import read_lab

COURSE = Course.find(__file__)
LABS = {name: read_lab(COURSE, name) for name in COURSE.labs()}

HEARD = re.compile(r"\b\d{1,2}:\d\d\b")  # a time stamp: the lecture's own number, with its place
NOT_PROSE = re.compile(r"```.*?```|`[^`]*`|\$\$.*?\$\$|\$[^$]*\$|\]\([^)]*\)|^#+ .*$", re.S | re.M)
NUMBER = re.compile(r"(?<![\w.])\d(?:[\d,.]*\d)?")
#: Counting, years, and what a calendar or a protractor gives.
GIVEN = re.compile(r"\d|1[0-2]|1[89]\d\d|20\d\d|365|8,760|90|100")
#: How long an answer should be, and the terms of a question that a lab asks.
ASKED = re.compile(
    r"\d+ to \d+ words|at most 500 words|above\s+0\.99|so 0\.1 is one in ten|used 80 %|what 50 ms less"
    r"|(?:at|of) 50 MW|a GPU of 1\.5 kW|steps of 0\.1 s|in 0\.3 s"
)


def paragraphs(lab):
    for cell in lab.notebook.cells:
        if cell.cell_type == "markdown" and not cell.metadata.get("nbgrader", {}).get("solution"):
            yield from re.split(r"\n\s*\n|\n(?=[-*] |\| )", cell.source)


def typed(paragraph):
    """Return the numbers of a paragraph that should have been computed."""
    if HEARD.search(paragraph):
        return []
    words = ASKED.sub("", NOT_PROSE.sub("", paragraph))
    return [number for number in NUMBER.findall(words) if not GIVEN.fullmatch(number)]


@pytest.mark.parametrize("lab", LABS)
def test_no_result_is_typed_into_the_prose(lab):
    found = {text: typed(text) for text in paragraphs(LABS[lab]) if typed(text)}
    assert found == {}, "print it from a cell, or say where the lecture says it (mm:ss)"


def test_a_typed_result_is_noticed():
    assert typed("The campus costs 36.7 dollars a watt.") == ["36.7"]
    assert typed("The lecture says 400,000 tokens (30:46) and `wafer_mm` is 300.") == []
    assert typed("About 12 layers of $300$ mm, in 2026: 45 % more") == ["45"]


@pytest.mark.parametrize("lab", LABS)
def test_a_cell_that_reads_a_fact_shows_its_source(lab):
    silent = [
        cell.source.splitlines()[0]
        for cell in LABS[lab].notebook.cells
        if cell.cell_type == "code"
        and not cell.metadata.get("nbgrader", {}).get("grade")
        and "facts.value(" in cell.source
        and "facts.sources(" not in cell.source
    ]
    assert silent == []
