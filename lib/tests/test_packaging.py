"""One list of packages, said three times: pyproject, conda environment and lock agree."""

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]

# Where conda-forge calls a package by another name than PyPI does.
CONDA_NAMES = {"torch": "pytorch", "matplotlib": "matplotlib-base"}


def requirements(*groups):
    lines = [line for group in groups for line in group]
    return {Requirement(line).name.lower(): Requirement(line).specifier for line in lines}


def conda():
    listed = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    pairs = (re.match(r"([a-z0-9_.-]+)(.*)", line) for line in listed if isinstance(line, str))
    return {m[1]: SpecifierSet(m[2].strip()) for m in pairs}


def test_conda_and_pip_ask_for_the_same_versions():
    wanted = {
        CONDA_NAMES.get(name, name): spec
        for name, spec in requirements(
            PROJECT["dependencies"], EXTRAS["energy"], EXTRAS["labs"]
        ).items()
    }
    have = {name: spec for name, spec in conda().items() if name not in ("python", "pip")}
    assert have == wanted
    assert conda()["python"] == SpecifierSet(PROJECT["requires-python"])


def locked():
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def test_the_lock_pins_every_requirement_inside_its_range():
    pins = {r.name.lower(): str(r.specifier).removeprefix("==") for r in locked()}
    for name, spec in requirements(PROJECT["dependencies"], *EXTRAS.values()).items():
        assert name in pins, f"{name} is not in requirements.lock: make lock"
        assert pins[name] in spec, f"{name}: the lock has {pins[name]}, pyproject wants {spec}"


def test_the_lock_names_torch_without_suffix_and_no_host():
    text = (ROOT / "requirements.lock").read_text()
    assert re.search(r"^torch==[0-9.]+$", text, re.MULTILINE)
    assert "://" not in text
    assert "--hash" not in text


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*build, "--wheel-dir", str(folder), str(ROOT)], check=True, capture_output=True)
    return next(folder.glob("supercycle-*.whl"))


def test_the_wheel_holds_the_datasets_and_neither_solutions_nor_hidden_tests(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        texts = {n: archive.read(n) for n in names if n.endswith((".py", ".csv", ".json", ".toml"))}
    for table in (ROOT / "datasets").rglob("*.csv"):
        assert f"supercycle/datasets/{table.relative_to(ROOT / 'datasets')}" in names
    assert "supercycle/datasets/datapackage.json" in names
    assert "grader/cli.py" in names
    assert not [n for n in names if "solutions" in n or "mutants" in n or n.endswith(".ipynb")]
    assert not [n for n in names if "/tests/" in n]
    # The grader's own code speaks of the markers; no shipped lab holds a filled one.
    lab = (ROOT / "solutions" / "lab03_ttft" / "lab03_ttft.py").read_text()
    hidden = re.findall(r"### BEGIN HIDDEN TESTS\n(.*?)### END HIDDEN TESTS", lab, re.DOTALL)
    lines = {line.strip() for block in hidden for line in block.splitlines() if len(line) > 40}
    assert lines
    for name, text in texts.items():
        assert not [line for line in lines if line.encode() in text], name


def test_an_installed_wheel_finds_its_datasets_from_another_folder(wheel, tmp_path):
    target = tmp_path / "site"
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*install, "--target", str(target), str(wheel)], check=True)
    code = (
        f"import sys; sys.path.insert(0, {str(target)!r});"
        "import supercycle; from supercycle import facts;"
        f"assert supercycle.__file__.startswith({str(target)!r}), supercycle.__file__;"
        "print(float(facts.value('chips/h100-sxm/tdp_w')))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "700.0"
