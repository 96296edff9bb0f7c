"""On the build machine every test runs: a skip there needs one of two good reasons."""

import os

import pytest

GOOD_REASONS = ("../shared", "GPU")  # third-party data beside the checkout; hardware
_skipped: list[str] = []


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Collect skips that say neither (an expected failure is no skip)."""
    if report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if not any(good in reason for good in GOOD_REASONS):
            _skipped.append(f"{report.nodeid}: {reason}")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """With CI set, fail when a test was skipped for any other reason."""
    if os.environ.get("CI") and _skipped and not hasattr(session.config, "workerinput"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name them."""
    if os.environ.get("CI") and _skipped:
        terminalreporter.section("skipped without a good reason")
        for line in _skipped:
            terminalreporter.line(line)
