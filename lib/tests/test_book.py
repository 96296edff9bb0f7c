"""The book as files: no warning, no dead link, nothing from a network, no typed number."""

import importlib
import re
import sys
from collections import defaultdict
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from bs4 import BeautifulSoup

import supercycle

sys.path.insert(0, str(Path(__file__).parent))
import book
import test_guides

pytestmark = [pytest.mark.check, pytest.mark.timeout(900)]  # building takes two minutes

ATTRIBUTES = {"href", "src", "srcset", "poster", "data", "action"}


@pytest.fixture(scope="module")
def soups():
    return {
        page: BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
        for page in book.pages()
    }


@pytest.fixture(scope="module")
def references(soups):
    """(page, tag, address) of everything a page points to."""
    return [
        (page, tag.name, tag[attribute])
        for page, soup in soups.items()
        for tag in soup.find_all(True)
        for attribute in ATTRIBUTES & tag.attrs.keys()
    ]


def test_the_book_builds_without_a_warning():
    status, said = book.build()
    assert status == 0, said


def test_every_internal_link_leads_to_a_file_and_a_place_in_it(soups, references):
    places = {p: {t["id"] for t in soup.find_all(id=True)} for p, soup in soups.items()}
    dead = []
    for page, _, address in references:
        parts = urlsplit(address)
        if parts.scheme or address.startswith("//"):
            continue
        target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
        there = target.is_file() and target.is_relative_to(book.HTML)
        place = unquote(parts.fragment)
        if not there or (place and place not in places.get(target, {place})):
            dead.append(f"{page.relative_to(book.HTML)} → {address}")
    assert dead == []
    assert len(references) > 10_000  # the check saw the book


def test_nothing_a_page_shows_or_runs_comes_from_elsewhere(references):
    fetched = {"link", "script", "img", "iframe", "source", "object", "video", "audio", "form"}
    elsewhere = [
        f"{page.relative_to(book.HTML)}: {address}"
        for page, tag, address in references
        if tag in fetched and (urlsplit(address).scheme not in ("", "data") or address[:1] == "/")
    ]
    assert elsewhere == []


def test_no_style_sheet_asks_a_network_or_a_missing_file_for_anything():
    asked = []
    for sheet in book.built().rglob("*.css"):
        for address in re.findall(r"url\(\s*['\"]?([^'\")]+)", sheet.read_text(encoding="utf-8")):
            if address.startswith(("data:", "#")):
                continue
            local = sheet.parent / urlsplit(address).path
            if urlsplit(address).scheme or address.startswith("/") or not local.is_file():
                asked.append(f"{sheet.relative_to(book.HTML)}: {address}")
    assert asked == []


def test_every_lab_has_a_chapter_and_every_chapter_a_lab():
    labs = {p.name[3:5] for p in (book.ROOT / "solutions").glob("lab[0-9][0-9]_*")}
    chapters = {p.stem[:2] for p in (book.COURSE / "chapters").glob("*.md")}
    assert chapters == labs


def test_the_reference_has_every_public_name():
    from sphinx.util.inventory import InventoryFile

    book.built()
    with (book.HTML / "objects.inv").open("rb") as file:
        inventory = InventoryFile.load(file, "", lambda base, path: path)
    known = {name for kind, names in inventory.items() if kind[:3] == "py:" for name in names}
    described = sorted(inventory["py:module"])
    assert {f"supercycle.{name}" for name in supercycle._MODULES} <= set(described)
    missing = defaultdict(list)
    for module in described:
        offered = importlib.import_module(module)
        for name in getattr(offered, "__all__", ()):
            thing = getattr(offered, name)
            home = getattr(thing, "__module__", None) or module
            plain = not callable(thing) or not getattr(thing, "__doc__", None)
            names = {f"{module}.{name}", f"{home}.{name}"}
            if not plain and not names & known:
                missing[module].append(name)
    assert dict(missing) == {}


PAGES = [p for p in book.COURSE.rglob("*.md") if "_build" not in p.parts and "scenarios" not in p.parts]  # fmt: skip


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(book.COURSE)))
def test_code_on_a_page_runs_when_the_book_is_built_or_is_a_command_that_exists(page):
    text = page.read_text(encoding="utf-8")
    kinds = set(re.findall(r"^ *[`:]{3,}\{?([\w-]+)", text, re.M))
    assert not kinds & {"python", "py", "pycon", "ipython", "ipython3"}, "use {code-cell}"
    test_guides.test_every_command_on_a_page_exists_with_its_options(page)


def prose(page):
    """A chapter without its code, formulas, computed numbers, and the lecture's own words."""
    text = page.read_text(encoding="utf-8")
    text = re.sub(r"^```\{code-cell\}.*?^```", "", text, flags=re.M | re.S)
    text = re.sub(
        r"^:{3,}\{admonition\}[^\n]*\n:class: claim.*?^:{3,}", "", text, flags=re.M | re.S
    )
    text = re.sub(r"^:{3,}\{admonition\}.*", "", text, flags=re.M)  # a title names a claim
    text = re.sub(r"\{[\w:]+\}`[^`]*`|`[^`]*`|\$\$.*?\$\$|\$[^$\n]+\$", "", text, flags=re.S)
    return text


@pytest.mark.parametrize("page", sorted((book.COURSE / "chapters").glob("*.md")), ids=lambda p: p.stem)  # fmt: skip
def test_results_in_prose_are_computed_not_typed(page):
    typed = re.findall(
        r"[^\n]{0,40}(?:\$\d[\d.,]*(?: ?(?:bn|tn|m|k))?|\b\d+\.\d+ ?%|\b\d+\.\d+ (?:GW|MW|TWh|ms|s|years))[^\n]{0,30}",
        prose(page),
    )
    assert typed == []
