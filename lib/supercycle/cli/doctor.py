"""``supercycle doctor``: what this machine has, what the labs need, and what to do about the rest."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from packaging.requirements import Requirement

__all__ = ["CHECKS", "Finding", "ask", "doctor", "lacking", "tell"]

#: Extras without which no lab opens, and those that single labs use.
NEEDED, USED = ("", "labs"), {"energy": "the hourly year of lab06"}
#: The hungriest lab (lab03, exploring cells included) peaked at 1.02e9 [bytes].
MEMORY_BYTES = 1.2e9
DISK_BYTES = 1e9
KERNEL_S = 60.0


@dataclass(frozen=True)
class Finding:
    """What one check found.

    Attributes
    ----------
    name : str
    state : str
        ``ok``, ``note`` (works, but worth knowing) or ``wrong``.
    said : str
        What was found.
    advice : str
        What to do, unless all is well.
    """

    name: str
    state: str
    said: str
    advice: str = ""


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print findings as JSON.")] = False,
) -> None:
    """Check Python, packages, kernel, memory, GPU, disk, facts and labs; say what to do."""
    tell([ask(check) for check in CHECKS], as_json=as_json)


def ask(check: Callable[..., Finding], *about: object) -> Finding:
    """Run a check; one that stops is itself a finding, and the others go on."""
    try:
        return check(*about)
    except Exception as error:  # a broken installation breaks in many ways
        said = " ".join(f"{type(error).__name__}: {error}".split())
        return Finding(check.__name__, "wrong", said, "see the packages above")


def tell(findings: Sequence[Finding], *, as_json: bool = False) -> None:
    """Print what was found, a line each, and end with status 1 if anything is wrong."""
    if as_json:
        print(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        _show(findings)
    if any(finding.state == "wrong" for finding in findings):
        raise typer.Exit(1)


def _show(findings: Sequence[Finding]) -> None:
    from rich.console import Console
    from rich.markup import escape

    console = Console(highlight=False)
    marks = {"ok": "[green]✓[/]", "note": "[yellow]![/]", "wrong": "[red]✗[/]"}
    width = max(len(finding.name) for finding in findings)
    for finding in findings:
        advice = f"\n    → {finding.advice}" if finding.advice else ""
        console.print(
            f"{marks[finding.state]} {finding.name:{width}s} {escape(finding.said + advice)}",
            soft_wrap=True,
        )


def python() -> Finding:
    """Whether the library supports this Python."""
    from packaging.specifiers import SpecifierSet

    wanted = metadata.metadata("supercycle")["Requires-Python"]
    version = ".".join(map(str, sys.version_info[:3]))
    said = f"{version} at {sys.executable}"
    if SpecifierSet(wanted).contains(version):
        return Finding("Python", "ok", said)
    return Finding("Python", "wrong", f"{said}; {wanted} is needed",
                   "make venv PYTHON=/path/to/python3.12, or conda env create -f environment.yml")  # fmt: skip


def packages() -> Finding:
    """Whether every package that labs need is here in a version that fits."""
    missing = [f for extra in NEEDED for f in lacking(extra)]
    if missing:
        return Finding("packages", "wrong", "; ".join(missing),
                       "in a clone: make venv, or pip install '.[labs,energy]'")  # fmt: skip
    unused = {extra: lacking(extra) for extra in USED}
    if any(unused.values()):
        said = "; ".join(f"{what}, for {USED[extra]}" for extra, w in unused.items() for what in w)
        return Finding(
            "packages", "note", said, "in a clone: make venv, or pip install '.[energy]'"
        )
    return _pins()


def _requirements(extra: str) -> list[Requirement]:
    from packaging.requirements import Requirement

    found = []
    for line in metadata.requires("supercycle") or []:
        wanted = Requirement(line)
        marker = wanted.marker
        if (marker is None and not extra) or (
            marker is not None and extra and marker.evaluate({"extra": extra})
        ):
            found.append(wanted)
    return found


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def lacking(extra: str) -> list[str]:
    """Say what an extra of this package needs and what is here instead."""
    found = []
    for wanted in _requirements(extra):
        have = _version(wanted.name)
        if have is None:
            found.append(f"{wanted.name} is missing")
        elif not wanted.specifier.contains(have, prereleases=True):
            found.append(f"{wanted.name} {have} is here, {wanted.specifier} is needed")
    return found


def _pins() -> Finding:
    """Compare with the versions that the course was tested with, where a clone has the list."""
    from packaging.requirements import Requirement
    from packaging.version import Version

    lock = _checkout() / "requirements.lock"
    if not lock.is_file():
        return Finding("packages", "ok", "every one that labs need is here")
    lines = [line for line in lock.read_text(encoding="utf-8").splitlines() if line[:1].isalpha()]
    pins = [pin for pin in map(Requirement, lines) if not pin.marker or pin.marker.evaluate()]
    here = [(pin, have) for pin in pins if (have := _version(pin.name)) is not None]
    other = [
        f"{pin.name} {have}"
        for pin, have in here
        if not pin.specifier.contains(Version(have).public, prereleases=True)
    ]
    if other:
        return Finding("packages", "note",
                       f"{len(other)} other than tested: {', '.join(other[:5])}{' …' * (len(other) > 5)}",
                       "make venv installs the tested versions")  # fmt: skip
    return Finding("packages", "ok", f"{len(here)} as in requirements.lock")


def _checkout() -> Path:
    import supercycle

    return Path(supercycle.__file__).parents[2]


def kernel() -> Finding:
    """Whether a notebook's kernel starts, and whether its Python has this library."""
    from jupyter_client.kernelspec import KernelSpecManager

    try:
        spec = KernelSpecManager().get_kernel_spec("python3")
    except Exception as error:  # no kernel of that name, or a damaged kernel.json
        return Finding("kernel", "wrong", f"no kernel python3 ({type(error).__name__}: {error})",
                       f"{sys.executable} -m ipykernel install --sys-prefix")  # fmt: skip
    where = sys.executable if spec.argv[0] in ("python", "python3") else spec.argv[0]
    advice = f"{sys.executable} -m ipykernel install --sys-prefix --name python3"
    if spec.resource_dir and "kernels" in spec.resource_dir:
        advice += f" (and remove {spec.resource_dir}, if that is another)"
    said = _ask_kernel(where)
    if said.startswith("supercycle "):
        return Finding("kernel", "ok", f"python3 starts {where} with {said}")
    return Finding("kernel", "wrong", f"python3 starts {where}: {said}", advice)


def _ask_kernel(interpreter: str) -> str:
    """Start the notebook's kernel and let it say which supercycle it finds."""
    from jupyter_client.manager import KernelManager

    manager = KernelManager(kernel_name="python3")
    heard: list[str] = []

    def listen(message: dict) -> None:
        content = message["content"]
        heard.append(str(content.get("text") or content.get("evalue") or ""))

    try:
        manager.start_kernel(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    except OSError as error:
        return str(error.strerror or error)
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=KERNEL_S)
        client.execute_interactive(
            "import supercycle; print('supercycle', supercycle.__version__)",
            timeout=KERNEL_S, output_hook=listen, allow_stdin=False, store_history=False,
        )  # fmt: skip
    except (RuntimeError, TimeoutError) as error:
        return f"it does not answer ({error})"
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    return "".join(heard).strip()


def memory() -> Finding:
    """Whether the hungriest lab fits, in this machine or in the container around it."""
    import psutil  # type: ignore[import-untyped]

    free = min(psutil.virtual_memory().available, _cgroup_free_bytes())
    said = f"{free / 1e9:.1f} GB free"
    if free >= MEMORY_BYTES:
        return Finding("memory", "ok", said)
    return Finding("memory", "wrong", f"{said}; the largest lab uses {MEMORY_BYTES / 1e9:g} GB",
                   "close other kernels and programs, or ask for a larger server")  # fmt: skip


def _cgroup_free_bytes(folder: Path = Path("/sys/fs/cgroup")) -> float:
    """Memory that a container may still use, infinite outside one."""
    try:
        limit = (folder / "memory.max").read_text().strip()
        used = int((folder / "memory.current").read_text())
    except (OSError, ValueError):
        return float("inf")
    return float("inf") if limit == "max" else int(limit) - used


def gpu() -> Finding:
    """Whether torch sees one; no lab needs it."""
    code = "import torch; print(torch.cuda.get_device_name() if torch.cuda.is_available() else '')"
    asked = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    if asked.returncode:
        why = (asked.stderr.strip().splitlines() or ["?"])[-1]
        return Finding("GPU", "wrong", f"torch does not load: {why}",
                       "in a clone: make venv, or pip install '.[labs]'")  # fmt: skip
    name = asked.stdout.strip()
    return Finding("GPU", "ok", name or "none seen; labs measure on the processor")


def disk() -> Finding:
    """Whether there is room for notebooks, caches and public traces."""
    free = shutil.disk_usage(Path.cwd()).free
    said = f"{free / 1e9:.0f} GB free in {Path.cwd()}"
    if free >= DISK_BYTES:
        return Finding("disk", "ok", said)
    return Finding("disk", "wrong", f"{said}; {DISK_BYTES / 1e9:g} GB is little enough",
                   "make room, or work in another folder")  # fmt: skip


def facts() -> Finding:
    """Whether the tables of facts are there and agree with their schema."""
    from supercycle import facts

    try:
        tables = facts.tables()
        rows = sum(len(facts.ids(name)) for name in tables)
    except (ValueError, OSError) as error:
        return Finding("facts", "wrong", " ".join(str(error).split()),
                       "git checkout datasets/ in a clone, or install supercycle again")  # fmt: skip
    return Finding("facts", "ok", f"{len(tables)} tables, {rows:,} rows")


def labs() -> Finding:
    """Whether labs are here and can be read."""
    from supercycle.cli import check_notebook

    try:
        found = check_notebook.notebooks(Path.cwd())
        read = [check_notebook.read(path) for path in found.values()]
    except ValueError as error:
        return Finding("labs", "wrong", str(error), "put that notebook back as it was given out")
    if not read:
        return Finding("labs", "note", f"none in {Path.cwd()} or above",
                       "go to the folder that holds them")  # fmt: skip
    edited = [
        f"{n.lab}: {c.name}" for n in read for c in n.cells if c.kind == "check" and c.changed
    ]
    if edited:
        return Finding("labs", "note", f"{len(read)} here; edited checks: {', '.join(edited)}",
                       "grading uses the released ones")  # fmt: skip
    return Finding("labs", "ok", f"{len(read)}, from {read[0].lab} to {read[-1].lab}")


CHECKS: tuple[Callable[[], Finding], ...] = (
    python, packages, kernel, memory, gpu, disk, facts, labs,
)  # fmt: skip
