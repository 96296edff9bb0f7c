"""Folders that are damaged, or that lead elsewhere; the notebook in them is right where there is one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

__all__ = ["FOLDERS", "FolderCase"]

LAB = "lab00_tiny"
NOTEBOOK = f"{LAB}.ipynb"


@dataclass(frozen=True)
class FolderCase:
    """What happens to ``submitted/<student>/<lab>`` and what must come of it.

    Attributes
    ----------
    name : str
    spoil : callable
        Gets the folder and the folder of an honest student.
    status, total, mean, says
        As of a `corpus.given.Case`.
    """

    name: str
    spoil: Callable[[Path, Path], object]
    status: str = "graded"
    total: float = 2.0
    mean: float = 3.0
    says: str = ""


def _linked(folder: Path, target: Path) -> None:
    shutil.rmtree(folder)
    folder.symlink_to(target)


def _replaced(name: str, make: Callable[[Path, Path], object]) -> Callable[[Path, Path], object]:
    """Return a spoiler: one file is removed and made anew."""

    def spoil(folder: Path, honest: Path) -> None:
        (folder / name).unlink(missing_ok=True)
        make(folder / name, honest)

    return spoil


def _renamed(folder: Path, honest: Path) -> None:
    (folder / NOTEBOOK).rename(folder / "Untitled1.ipynb")


def _two_others(folder: Path, honest: Path) -> None:
    shutil.copy(folder / NOTEBOOK, folder / "try 2.ipynb")
    _renamed(folder, honest)


FOLDERS = (
    FolderCase("renamed", _renamed, says="is named Untitled1.ipynb"),
    FolderCase("two notebooks, neither by its name", _two_others, "ungradable", 0, 0, "it holds Untitled1.ipynb, try 2.ipynb"),
    FolderCase("missing", lambda folder, honest: (folder / NOTEBOOK).unlink(), "ungradable", 0, 0, "no notebook was handed in"),
    FolderCase("an empty folder", lambda folder, honest: [p.unlink() for p in folder.iterdir()], "ungradable", 0, 0, "no notebook was handed in"),
    FolderCase("an extra notebook", lambda folder, honest: (folder / "scratch.ipynb").write_text("{"), says="other notebooks beside"),
    FolderCase("the notebook is another's", _replaced(NOTEBOOK, lambda path, honest: path.symlink_to(honest / NOTEBOOK)), "ungradable", 0, 0, "is a link"),
    FolderCase("the notebook is a folder", _replaced(NOTEBOOK, lambda path, honest: path.mkdir()), "ungradable", 0, 0, "no plain file"),
    FolderCase("the notebook is a pipe", _replaced(NOTEBOOK, lambda path, honest: os.mkfifo(path)), "ungradable", 0, 0, "no plain file"),
    FolderCase("the folder is another's", lambda folder, honest: _linked(folder, honest), "ungradable", 0, 0, "is a link"),
    FolderCase("the folder leads nowhere", lambda folder, honest: _linked(folder, folder / "gone"), "ungradable", 0, 0, "is a link"),
    FolderCase("the student's folder is another's", lambda folder, honest: _linked(folder.parent, honest.parent), "ungradable", 0, 0, "is a link"),
    FolderCase("a helper file leads to another's notebook", _replaced("prices.csv", lambda path, honest: path.symlink_to(f"../../{honest.parent.name}/{LAB}/{NOTEBOOK}")), says="prices.csv is a link"),
    FolderCase("a helper file leads to the password file", _replaced("prices.csv", lambda path, honest: path.symlink_to("../" * 30 + "etc/passwd")), says="prices.csv is a link"),
    FolderCase("a helper folder leads to the class", lambda folder, honest: (folder / "data").symlink_to("../.."), says="data is a link"),
    FolderCase("a helper file is a folder", _replaced("prices.csv", lambda path, honest: path.mkdir())),
    FolderCase("a helper file was changed", _replaced("prices.csv", lambda path, honest: path.write_text("euros\n../../../etc/passwd\n"))),
    FolderCase("a module beside it shadows the library", lambda folder, honest: [(folder / name).write_text("raise SystemExit(1)") for name in ("numpy.py", "supercycle.py", "sitecustomize.py", "csv.py")]),
    FolderCase("the time stamp leads elsewhere", _replaced("timestamp.txt", lambda path, honest: path.symlink_to("/etc/hostname")), says="timestamp.txt is a link"),
    FolderCase("the time stamp is no time", _replaced("timestamp.txt", lambda path, honest: path.write_text("yesterday")), says="which is no time"),
)  # fmt: skip
