"""A fresh hub with the tiny lab, a browser, and screenshots that are kept."""

import shutil
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "tests")]

from running import CHROMIUM, ROOT, RunningHub  # noqa: E402

SCREENSHOTS = ROOT / ".build" / "hub" / "screenshots"


@pytest.fixture(scope="session")
def proxy():
    """What npm installed."""
    if not (ROOT / ".build" / "hub" / "node_modules" / "configurable-http-proxy").is_dir():
        pytest.skip("the proxy is missing: install npm and run make hub-walk")


@pytest.fixture(scope="session")
def hub(proxy, tmp_path_factory):
    """A hub of one instructor, three students and an outsider; the tiny lab is released."""
    with RunningHub(tmp_path_factory.mktemp("hub") / "data") as running:
        yield running


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
    """Browsers of the members of the class."""
    from pages import Visits

    return Visits(hub, browser, screenshots)
