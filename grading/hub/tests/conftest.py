"""A fresh hub with the tiny lab, a browser, and screenshots that are kept."""

import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from running import CHROMIUM, ROOT, RunningHub

SCREENSHOTS = ROOT / ".build" / "hub" / "screenshots"


@pytest.fixture(scope="session")
def hub(tmp_path_factory):
    """A hub of one instructor, three students and an outsider; the tiny lab is released."""
    if not (ROOT / ".build" / "hub" / "node_modules" / "configurable-http-proxy").is_dir():
        pytest.skip("the proxy is missing: install npm and run make hub-walk")
    running = RunningHub(tmp_path_factory.mktemp("hub") / "data")
    running.start()
    yield running
    running.stop()
    running.clean()


@pytest.fixture(scope="session")
def browser():
    """Debian's Chromium."""
    from playwright.sync_api import sync_playwright

    if not CHROMIUM:
        pytest.skip("chromium is missing: install the Debian package chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="session")
def screenshots():
    """Where pictures of the walk are kept."""
    shutil.rmtree(SCREENSHOTS, ignore_errors=True)
    SCREENSHOTS.mkdir(parents=True)
    return SCREENSHOTS


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Keep what every window shows when a test fails."""
    report = yield
    if report.failed and "visit" in getattr(item, "funcargs", {}):
        for name, visitor in item.funcargs["visit"].visitors.items():
            visitor.picture(f"failed-{item.name}-{name}")
    return report


@pytest.fixture(scope="session")
def visit(hub, browser, screenshots):
    """Open a browser of one's own as a member, logged in; the same one when asked again."""
    from pages import Visitor

    visitors = {}

    def enter(name):
        if name not in visitors:
            context = browser.new_context(viewport={"width": 1360, "height": 860})
            visitors[name] = Visitor(hub, context, name, screenshots)
            visitors[name].log_in()
        return visitors[name]

    enter.visitors = visitors
    return enter
