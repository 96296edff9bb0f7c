"""A stranger's machine: `pip install .` into an empty environment, then away from the checkout."""

import os
import socket
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def index_answers():
    """Whether pip's package index can be reached; a folder or a proxy of the user's counts."""
    settings = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True
    ).stdout
    if "index" in settings or os.environ.get("PIP_INDEX_URL") or os.environ.get("PIP_FIND_LINKS"):
        return True
    try:
        socket.create_connection(("pypi.org", 443), timeout=5).close()
    except OSError:
        return False
    return True


@pytest.mark.check
@pytest.mark.timeout(900)
@pytest.mark.skipif(not index_answers(), reason="needs a package index: connect to a network")
def test_an_empty_environment_gets_a_working_command_with_its_facts(tmp_path):
    venv.create(tmp_path / "env", with_pip=True)
    binaries = tmp_path / "env" / ("Scripts" if os.name == "nt" else "bin")
    away = tmp_path / "away"
    away.mkdir()
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL"))}

    def run(*words, check=True):
        return subprocess.run(
            [str(binaries / words[0]), *words[1:]],
            cwd=away, env=environment, capture_output=True, text=True, check=check,
        )  # fmt: skip

    run("python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", str(ROOT))
    # Only what pyproject asks for: no notebook, no torch, nothing from this checkout.
    assert "torch" not in run("python", "-m", "pip", "list").stdout
    where = run("python", "-c", "import supercycle; print(supercycle.__file__)").stdout
    assert where.startswith(str(tmp_path / "env"))
    assert "3.35e+12 B/s" in run("supercycle", "facts", "chips", "h100-sxm").stdout
    assert "5 apps" in run("supercycle", "stack").stdout
    # What is missing for labs is a sentence with what to do, not a traceback.
    labs = run("supercycle", "check", check=False)
    assert labs.returncode == 1
    assert "no labs here or above" in labs.stderr
    ill = run("supercycle", "doctor", check=False)
    assert ill.returncode == 1
    assert ill.stderr == ""
    assert "✗ packages" in ill.stdout
    assert "pip install '.[labs,energy]'" in ill.stdout
    assert "✓ facts" in ill.stdout
