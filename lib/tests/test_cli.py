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


def test_the_stack_is_five_storeys_with_their_assumptions(tmp_path):
    picture = tmp_path / "stack.png"
    shown = run("stack", "--power", "2GW", "--set", "utilisation=0.5", "--plot", str(picture))
    assert "at the lecture's numbers" in shown.stdout
    assert shown.returncode == 0
    storeys = ("5 apps", "4 models", "3 infra", "2 chips", "1 energy")
    places = [shown.stdout.index(storey) for storey in storeys]
    assert places == sorted(places)
    assert "1,000,000" in shown.stdout  # half a million accelerators a gigawatt
    assert "utilisation 0.5" in shown.stdout
    assert picture.stat().st_size > 5000


@pytest.mark.parametrize("columns", [60, 80, 140])
@pytest.mark.parametrize("table", ["chips", "energy", "prices", "value-chain"])
def test_a_table_fits_the_terminal_and_says_what_it_left_out(table, columns):
    command = [Path(sys.executable).parent / "supercycle", "facts", table]
    env = {"COLUMNS": str(columns), "PATH": "/usr/bin:/bin"}
    shown = subprocess.run(command, capture_output=True, text=True, env=env).stdout
    lines = shown[: shown.index("(1) ")].splitlines() if columns > 60 else shown.splitlines()
    assert max(map(len, lines)) <= columns
    assert "basis" in shown
    if columns < 140:
        assert "Not shown at this width" in shown


def test_the_catalogue_is_written_where_it_is_asked_for(tmp_path):
    page = tmp_path / "page.md"
    assert run("facts", "--catalogue", str(page)).returncode == 0
    assert page.read_text(encoding="utf-8").startswith("# Catalogue of facts")


def test_public_files_are_listed_with_size_and_licence():
    listing = run("fetch").stdout
    assert "azure-llm-2023-conversation" in listing
    assert "CC BY 4.0" in listing


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("fetch", "azure"), "did you mean 'azure-llm-2023-code'"),
        (("stack", "--power", "-3"), "power '-3': write a positive number"),
        (("stack", "--set", "utilisation"), "must be name=value"),
        (("stack", "--set", "utilisation=2"), "utilisation = 2.0: must be a share"),
        (("train-grid", "--widths", "x"), "widths = 'x': must be whole numbers"),
        (("simulate", "no-file.toml"), "supercycle: no-file.toml: No such file"),
        (("facts", "chip"), "unknown table 'chip': did you mean 'chips'"),
        (("facts", "chips", "h10"), "did you mean 'h100-sxm'"),
    ],
)
def test_what_is_unknown_costs_one_sentence_and_no_traceback(words, sentence):
    outcome = run(*words)
    assert outcome.returncode == 1
    assert sentence in outcome.stderr
    assert len(outcome.stderr.strip().splitlines()) == 1
