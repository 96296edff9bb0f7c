"""The book in a browser: nothing asked of a network, nothing too wide, nothing unreadable."""

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
import book

pytestmark = [pytest.mark.check, pytest.mark.timeout(900)]

WIDTHS = (390, 1280)  # a phone, a laptop
SCREENSHOTS = book.ROOT / ".build" / "book" / "screenshots"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)  # fmt: skip
AXE = book.NODE_MODULES / "axe-core" / "axe.min.js"

LOOK = """() => ({
  wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  silent: [...document.images].filter(i => !i.getAttribute("alt")).map(i => i.src),
  broken: [...document.images].filter(i => !i.naturalWidth).map(i => i.src),
  wrong: [...document.querySelectorAll("[data-mml-node=merror]")].map(e => e.textContent),
  raw: [...document.querySelectorAll(".math")].filter(e => !e.querySelector("mjx-container")).length,
})"""
AXE_RUN = """async () => (await axe.run(document, {resultTypes: ["violations"]})).violations
  .filter(v => ["serious", "critical"].includes(v.impact))
  .map(v => [v.id, v.nodes.length, v.nodes[0].html.slice(0, 160)])"""


@pytest.fixture(scope="module")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api", reason="install supercycle[dev]")
    if CHROMIUM is None:
        pytest.skip("chromium is missing: install the Debian package chromium")
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


def written():
    """Pages that somebody wrote: all but listings of source code and Sphinx's own."""
    made = ("_modules", "genindex", "py-modindex", "search")
    return [p for p in book.pages() if not str(p.relative_to(book.HTML)).startswith(made)]


def opened(page, path):
    """Open a page from the disk and wait for its formulas."""
    page.goto(path.as_uri())
    page.evaluate("() => window.MathJax?.startup?.promise")


def listen(page):
    """Lists that fill with what a page complains of, and with every address it asks for."""
    said, asked = [], []
    page.on("console", lambda m: said.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda r: asked.append(r.url))
    return said, asked


@pytest.fixture(scope="module")
def visits(browser):
    """Every page at both widths: what it says to console and network, what is wrong with it."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    found = {}
    for width in WIDTHS:
        page = browser.new_page(viewport={"width": width, "height": 900})
        said, asked = listen(page)
        for path in book.pages():
            said.clear()
            asked.clear()
            opened(page, path)
            name = str(path.relative_to(book.HTML).with_suffix(""))
            found[name, width] = page.evaluate(LOOK) | {
                "console": list(said),
                "network": [url for url in asked if not url.startswith(("file:", "data:"))],
            }
            if not name.startswith("_modules"):
                shot = SCREENSHOTS / f"{name.replace('/', '-')}-{width}.png"
                tall = page.evaluate("() => document.documentElement.scrollHeight")
                page.set_viewport_size({"width": width, "height": min(tall, 12_000)})
                page.screenshot(path=shot)
                page.set_viewport_size({"width": width, "height": 900})
        page.close()
    assert len(found) > 2 * 40  # the visits saw the book
    return found


@pytest.mark.parametrize(
    ("what", "nothing"),
    [("console", []), ("network", []), ("silent", []), ("broken", []), ("wrong", []), ("raw", 0)],
)
def test_no_page_has_errors_requests_silent_or_broken_pictures_or_raw_formulas(visits, what, nothing):  # fmt: skip
    assert {visit: seen[what] for visit, seen in visits.items() if seen[what] != nothing} == {}


def test_no_page_scrolls_sideways_on_a_phone_or_a_laptop(visits):
    assert {visit: seen["wide"] for visit, seen in visits.items() if seen["wide"] > 0} == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_no_serious_violation(browser, theme):
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.add_init_script(f"localStorage.setItem('mode', '{theme}'); localStorage.setItem('theme', '{theme}')")  # fmt: skip
    found = {}
    for path in written():
        opened(page, path)
        page.add_script_tag(path=AXE)
        if wrong := page.evaluate(AXE_RUN):
            found[str(path.relative_to(book.HTML))] = wrong
    page.close()
    assert found == {}, json.dumps(found, indent=1)


def test_on_a_phone_a_figure_stays_legible_and_slides_in_a_box_of_its_own(browser):
    page = browser.new_page(viewport={"width": 390, "height": 900})
    opened(page, book.HTML / "chapters" / "06_energy.html")
    figures = page.evaluate(
        """() => [...document.querySelectorAll("figure a.image-reference")].map(box => ({
            drawn: box.querySelector("img").naturalWidth,
            shown: box.querySelector("img").getBoundingClientRect().width,
            box: box.getBoundingClientRect().width,
            slides: box.scrollWidth - box.clientWidth,
            caption: box.parentElement.querySelector("figcaption").getBoundingClientRect().right,
        }))"""
    )
    page.close()
    assert len(figures) > 3
    for seen in figures:
        assert seen["shown"] >= 0.64 * seen["drawn"]  # ten points at 110 dpi are then 9.8 pixels
        assert seen["slides"] >= seen["shown"] - seen["box"] - 1 > 0
        assert seen["caption"] <= 390


# -- the stack in one picture --------------------------------------------------------------------


@pytest.fixture(scope="module")
def picture():
    book.built()
    sys.path.insert(0, str(book.COURSE / "_ext"))
    import stack_picture

    return stack_picture


def shown_by(library, power_w, case, chip, utilisation, price):
    """What the library says at a setting: number and text by name."""
    campus = library.campus(power_w, case, chip, utilisation, price)
    numbers = {
        name: (float(library.number(campus, name, factor)), how)
        for name, _, how, factor in library.shown()
    }
    return {n: (y, library.written(y, how)) for n, (y, how) in numbers.items()}, campus


def settings(library, count=40):
    """Corners and random places of what the sliders allow."""
    rng = np.random.default_rng(9)
    ends = [(0, -30, 5), (0, 30, 100), (len(library.POWERS_W) - 1, -30, 100), (8, 0, 40)]
    anywhere = [
        (int(rng.integers(len(library.POWERS_W))), int(rng.integers(-30, 31)), int(rng.integers(5, 101)))
        for _ in range(count)
    ]  # fmt: skip
    return [
        (*place, str(rng.choice(list(library.CASES))), str(rng.choice(list(library.CHIPS))))
        for place in ends + anywhere
    ]


def test_the_picture_shows_what_the_library_says_wherever_the_sliders_stand(browser, picture):
    page = browser.new_page()
    page.goto((book.HTML / "stack.html").as_uri())
    worst = 0.0
    for at, tenths, per_cent, case, chip in settings(picture):
        page.evaluate(
            """([at, tenths, share, kase, chip]) => {
                const form = document.querySelector("#stack-picture form").elements;
                Object.entries({power: at, price: tenths, utilisation: share, case: kase, chip})
                  .forEach(([name, value]) => { form[name].value = value; });
                form.power.dispatchEvent(new Event("input", {bubbles: true}));
            }""",
            [at, tenths, per_cent, case, chip],
        )
        price = 2 ** (tenths / 10)
        right, _ = shown_by(picture, picture.POWERS_W[at], case, chip, per_cent / 100, price)
        seen = page.evaluate(
            "() => Object.fromEntries([...document.querySelectorAll('[data-out]')]"
            ".map(e => [e.dataset.out, [Number(e.dataset.value), e.textContent]]))"
        )
        assert seen.keys() == right.keys()
        for name, (value, text) in right.items():
            size = abs(right["apps.revenue_usd_per_year"][0]) if "profit" in name else abs(value)
            worst = max(worst, abs(seen[name][0] - value) / size)
            assert seen[name][1] == text, (name, at, tenths, per_cent, case, chip)
        turn = float(page.locator(".stack-picture .sum").get_attribute("data-turn"))
        factor = turn / right["apps.price_usd_per_mtok"][0] * price
        _, even = shown_by(picture, picture.POWERS_W[at], case, chip, per_cent / 100, factor)
        assert abs(even.models.profit_usd_per_year) < 1e-8 * even.apps.revenue_usd_per_year
    page.close()
    assert worst < 1e-9


def test_the_picture_can_be_moved_with_the_keyboard_alone(browser):
    page = browser.new_page(viewport={"width": 390, "height": 900})
    page.goto((book.HTML / "stack.html").as_uri())
    revenue = page.locator("[data-out='apps.revenue_usd_per_year']")
    before = revenue.text_content()
    slider = page.get_by_label("Utilisation of what is sold")
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert slider.get_attribute("aria-valuetext") == "41%"
    assert revenue.text_content() != before
    page.get_by_role("radio", name="GB300").focus()
    page.keyboard.press("Space")
    assert page.get_by_role("radio", name="GB300").is_checked()
    page.get_by_role("button", name="As at the start").focus()
    page.keyboard.press("Enter")
    page.wait_for_function("b => document.querySelector(\"[data-out='apps.revenue_usd_per_year']\").textContent === b", arg=before)  # fmt: skip
    page.close()


def test_without_scripts_the_picture_shows_its_start(browser, picture):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((book.HTML / "stack.html").as_uri())
    right, _ = shown_by(picture, 1e9, "sourced", "gb200", 0.4, 1.0)
    for name, (_, text) in right.items():
        assert page.locator(f"[data-out='{name}']").text_content() == text
    context.close()
