"""The command says what it knows, and what it does not know in one sentence."""

import subprocess
import sys
from pathlib import Path

import pytest

import supercycle


def run(*words):
    command = [Path(sys.executable).parent / "supercycle", *words]
    env = {"COLUMNS": "160", "PATH": "/usr/bin:/bin"}
    return subprocess.run(command, capture_output=True, text=True, env=env)


def test_tables_rows_and_sources_are_shown():
    assert "Accelerators" in run("facts").stdout
    chips = run("facts", "chips")
    assert chips.returncode == 0
    assert "mi300x" in chips.stdout
    assert "Epoch AI" in chips.stdout
    row = run("facts", "chips", "h100-sxm").stdout
    assert "3.35e+12 B/s" in row
    assert "5  (recalled)" in row  # the stack count rests on memory, and says so
    assert run("--version").stdout.strip() == supercycle.__version__


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("facts", "chip"), "unknown table 'chip': did you mean 'chips'"),
        (("facts", "chips", "h10"), "did you mean 'h100-sxm'"),
    ],
)
def test_what_is_unknown_costs_one_sentence_and_no_traceback(words, sentence):
    outcome = run(*words)
    assert outcome.returncode == 1
    assert sentence in outcome.stderr
    assert len(outcome.stderr.strip().splitlines()) == 1
