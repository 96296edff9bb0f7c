"""The catalogue says what the tables hold today, and who reads them."""

import re
from pathlib import Path

import pytest

from supercycle import facts
from supercycle.facts.catalogue import consumers

PAGE = Path(__file__).resolve().parents[2] / "course" / "catalogue.md"


def test_the_committed_page_is_the_page_of_today():
    same = PAGE.read_text(encoding="utf-8") == facts.catalogue()
    assert same, "run `supercycle facts --catalogue course/catalogue.md`, commit"


@pytest.mark.parametrize("name", facts.tables())
def test_each_table_has_a_section_with_its_columns_and_all_its_rows(name):
    page = facts.catalogue()
    section = page[page.index(f"\n## {name}\n") + 1 :].split("\n## ")[0]
    for column in facts.schema(name):
        if column not in facts.PROVENANCE:
            assert f"| `{column}` |" in section
    assert f"- {len(facts.ids(name))} rows" in section
    cited = re.findall(r": (\d+) rows?$", section, re.MULTILINE)
    assert sum(map(int, cited)) == len(facts.ids(name))


def test_readers_are_found_by_path_by_call_and_by_name():
    readers = consumers()
    assert "energy.facility" in readers["energy"]  # facts.value("energy/us-capacity-2025")
    assert "energy.technologies" in readers["energy"]  # an f-string
    assert "chips.accelerators" in readers["chips"]  # facts.table("chips")
    assert "facts.downloads" in readers["downloads"]
    assert all(user in _modules() for users in readers.values() for user in users)


def _modules():
    library = Path(facts.__file__).resolve().parents[1]
    return {
        ".".join(p for p in path.relative_to(library).with_suffix("").parts if p != "__init__")
        for path in library.rglob("*.py")
    }
