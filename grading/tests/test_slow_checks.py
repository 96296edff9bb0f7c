"""What takes minutes to show was shown with the code as it is."""

import re
import subprocess
import sys

import slow_checks


def test_every_record_is_of_the_code_as_it_is():
    assert slow_checks.stale(slow_checks.read_records()) == [], "run `make check-slow`, commit"


#: Checks that have no record yet. A record that is lost, or a new check without one, fails.
NOT_YET: set[str] = {"hub-load"}


def test_only_named_checks_have_no_record():
    records = slow_checks.read_records()
    lacking = set(slow_checks.checks()) - set(records) - NOT_YET
    assert lacking == set(), "run `make check-slow`, commit"
    assert slow_checks.due({}) == list(slow_checks.checks())


def test_every_record_says_what_was_seen_and_when():
    for name, record in slow_checks.read_records().items():
        assert re.fullmatch(r"20\d\d-\d\d-\d\d", record["date"]), name
        assert record["figures"], f"{name} printed no figure"


def test_every_slow_test_belongs_to_a_check():
    listed = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-m", "slow", "-p", "no:xdist"],
        cwd=slow_checks.ROOT, capture_output=True, text=True,
    ).stdout  # fmt: skip
    files = {line.split(":")[0] for line in listed.splitlines() if ".py:" in line}
    covered = {a for check in slow_checks.checks().values() for a in check.arguments}
    assert files, listed
    assert files <= covered, f"add {files - covered} to slow_checks.checks()"


def test_a_changed_file_makes_its_record_stale(tmp_path, monkeypatch):
    monkeypatch.setattr(slow_checks, "ROOT", tmp_path)
    (tmp_path / "model.py").write_text("a = 1\n")
    check = slow_checks.Check(("-c", "print('7 passed in 0.1s')"), ("*.py",))
    record = slow_checks.run("seven", check)
    assert record["figures"] == ["7 passed"]
    assert record["code"] == check.code()
    (tmp_path / "model.py").write_text("a = 2\n")
    assert record["code"] != check.code()
