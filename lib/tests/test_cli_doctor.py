"""The doctor finds each thing that breaks, says what to do, and goes on to the next."""

import json
import os
import shutil
import subprocess
import sys
from collections import namedtuple
from importlib import metadata
from pathlib import Path

import pytest

from supercycle import facts
from supercycle.cli import doctor

ROOT = Path(__file__).resolve().parents[2]


def command(folder, *words, **environment):
    supercycle = Path(sys.executable).parent / "supercycle"
    env = {**os.environ, "COLUMNS": "200", **environment}
    return subprocess.run(
        [supercycle, "doctor", *words], cwd=folder, env=env, capture_output=True, text=True
    )


@pytest.fixture
def versions(monkeypatch):
    """Pretend that packages have other versions, or (with None) are missing."""
    pretended = {}
    real = metadata.version

    def version(name):
        if name not in pretended:
            return real(name)
        if pretended[name] is None:
            raise metadata.PackageNotFoundError(name)
        return pretended[name]

    monkeypatch.setattr(metadata, "version", version)
    return pretended


def test_on_a_machine_that_runs_the_tests_nothing_is_wrong():
    shown = command(ROOT)
    lines = shown.stdout.splitlines()
    assert shown.returncode == 0, shown.stdout
    assert [line.split()[1] for line in lines if line[0] in "✓!"] == [
        "Python", "packages", "kernel", "memory", "GPU", "disk", "facts", "labs",
    ]  # fmt: skip
    findings = json.loads(command(ROOT, "--json").stdout)
    assert {finding["state"] for finding in findings} <= {"ok", "note"}


def test_an_old_python_is_named(monkeypatch):
    version = namedtuple("version", "major minor micro")
    monkeypatch.setattr(sys, "version_info", version(3, 9, 1))
    finding = doctor.python()
    assert finding.state == "wrong"
    assert finding.said.startswith("3.9.1 at")
    assert ">=3.11" in finding.said


def test_a_missing_package_is_named(versions):
    versions["jupyterlab"] = None
    finding = doctor.packages()
    assert (finding.state, finding.said) == ("wrong", "jupyterlab is missing")


def test_a_package_out_of_range_is_named(versions):
    versions["nbgrader"] = "0.8.0"
    finding = doctor.packages()
    assert finding.state == "wrong"
    assert "nbgrader 0.8.0 is here" in finding.said


def test_what_a_single_lab_lacks_is_a_note(versions):
    versions["pypsa"] = None
    finding = doctor.packages()
    assert finding.state == "note"
    assert finding.said == "pypsa is missing, for the hourly year of lab06"


def test_a_version_other_than_tested_is_a_note(versions):
    versions["numpy"] = "2.0.0"
    finding = doctor.packages()
    assert finding.state == "note"
    assert "numpy 2.0.0" in finding.said


@pytest.fixture
def kernelspec(tmp_path, monkeypatch):
    """Put a kernel python3 before all others."""
    folder = tmp_path / "kernels" / "python3"
    folder.mkdir(parents=True)
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "0")

    def write(argv):
        (folder / "kernel.json").write_text(
            json.dumps({"argv": argv, "display_name": "Python 3", "language": "python"})
        )

    return write


def test_a_kernel_that_starts_a_python_which_is_gone_is_found(kernelspec):
    kernelspec(["/gone/bin/python", "-m", "ipykernel_launcher", "-f", "{connection_file}"])
    finding = doctor.kernel()
    assert finding.state == "wrong"
    assert "/gone/bin/python" in finding.said
    assert "ipykernel install --sys-prefix" in finding.advice


def test_a_kernel_without_the_library_is_found(kernelspec):
    hide = "import sys; sys.modules['supercycle'] = None; from ipykernel import kernelapp as k; k.launch_new_instance()"
    kernelspec([sys.executable, "-c", hide, "-f", "{connection_file}"])
    finding = doctor.kernel()
    assert finding.state == "wrong"
    assert "supercycle" in finding.said
    assert "import of supercycle halted" in finding.said


def test_a_kernel_that_dies_at_once_is_found(kernelspec, monkeypatch):
    monkeypatch.setattr(doctor, "KERNEL_S", 3.0)
    kernelspec([sys.executable, "-c", "raise SystemExit(1)", "-f", "{connection_file}"])
    finding = doctor.kernel()
    assert finding.state == "wrong"
    assert "does not answer" in finding.said


def test_no_kernel_at_all_is_found(monkeypatch):
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    def none(self, name):
        raise NoSuchKernel(name)

    monkeypatch.setattr(KernelSpecManager, "get_kernel_spec", none)
    finding = doctor.kernel()
    assert finding.state == "wrong"
    assert "no kernel python3" in finding.said


def test_a_small_container_is_found_on_a_large_machine(tmp_path, monkeypatch):
    (tmp_path / "memory.max").write_text("2000000000\n")
    (tmp_path / "memory.current").write_text("1500000000\n")
    free = doctor._cgroup_free_bytes(tmp_path)
    assert free == 5e8
    (tmp_path / "memory.max").write_text("max\n")
    assert doctor._cgroup_free_bytes(tmp_path) == float("inf")
    assert doctor._cgroup_free_bytes(tmp_path / "no cgroup") == float("inf")
    monkeypatch.setattr(doctor, "_cgroup_free_bytes", lambda: free)
    finding = doctor.memory()
    assert finding.state == "wrong"
    assert finding.said.startswith("0.5 GB free")


def test_a_full_disk_is_found(monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**10, 10**10, 3 * 10**8))
    finding = doctor.disk()
    assert finding.state == "wrong"
    assert finding.said.startswith("0 GB free")


def test_a_torch_that_does_not_load_is_found(tmp_path, monkeypatch):
    (tmp_path / "torch.py").write_text("raise ImportError('libcudart.so.12: no such file')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    finding = doctor.gpu()
    assert finding.state == "wrong"
    assert "libcudart.so.12" in finding.said


def test_a_gpu_that_torch_sees_is_named(tmp_path, monkeypatch):
    (tmp_path / "torch.py").write_text(
        "class cuda:\n    is_available = lambda: True\n    get_device_name = lambda: 'Some GPU'\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert doctor.gpu() == doctor.Finding("GPU", "ok", "Some GPU")


def test_facts_that_cannot_be_read_are_found(monkeypatch):
    def broken():
        raise ValueError("chips.csv, row 3: tdp_w = 'x' is no number")

    monkeypatch.setattr(facts, "tables", broken)
    finding = doctor.facts()
    assert finding.state == "wrong"
    assert "chips.csv, row 3" in finding.said


def test_a_damaged_lab_is_found_and_an_edited_check_is_noted(tmp_path, monkeypatch):
    lab = "lab03_ttft"
    folder = tmp_path / lab
    folder.mkdir()
    text = (ROOT / "labs" / lab / f"{lab}.ipynb").read_text()
    monkeypatch.chdir(tmp_path)
    (folder / f"{lab}.ipynb").write_text(text[:5000])
    assert doctor.labs().state == "wrong"
    edited = text.replace("a part of no length changes nothing", "nothing")
    assert edited != text
    (folder / f"{lab}.ipynb").write_text(edited)
    finding = doctor.labs()
    assert finding.state == "note"
    assert "lab03_ttft: test_amdahl_speedup" in finding.said


def test_a_check_that_stops_does_not_stop_the_others(monkeypatch, capsys):
    def broken():
        raise ModuleNotFoundError("No module named 'psutil'")

    monkeypatch.setattr(doctor, "CHECKS", (broken, doctor.disk))
    with pytest.raises(doctor.typer.Exit):
        doctor.doctor()
    said = capsys.readouterr().out
    assert "✗ broken" in said
    assert "psutil" in said
    assert "disk" in said
