"""What a student handed in, read without following any link out of the folder."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

__all__ = ["HandedIn", "leads_elsewhere", "read_handed_in"]

#: A notebook above this is not read [B].
MAX_BYTES = 256 << 20


@dataclass(frozen=True)
class HandedIn:
    """A submission as it lies in ``submitted/<student>/<lab>``.

    Attributes
    ----------
    notebook : bytes or None
        None when there is no notebook that can be taken for the lab.
    reason : str
        Why there is none.
    flags : tuple of str
        What an instructor should know about the files.
    timestamp : datetime or None
        When it was handed in, UTC, from ``timestamp.txt``.
    """

    notebook: bytes | None
    reason: str = ""
    flags: tuple[str, ...] = ()
    timestamp: datetime | None = None


def read_handed_in(folder: Path, lab: str) -> HandedIn:
    """Read a submission; a notebook under another name is taken if there is only one.

    Parameters
    ----------
    folder : Path
    lab : str
    """
    if leads_elsewhere(folder):
        return HandedIn(None, "the submission's folder is a link; links are not followed")
    names = sorted(entry.name for entry in os.scandir(folder)) if folder.is_dir() else []
    notebooks = [name for name in names if name.endswith(".ipynb")]
    flags = tuple(f"{name} is a link; links are not followed" for name in names if (folder / name).is_symlink())  # fmt: skip
    wanted = f"{lab}.ipynb"
    name = wanted
    if wanted not in notebooks:
        if not notebooks:
            return HandedIn(None, f"no notebook was handed in: there is no {wanted}", flags)
        if len(notebooks) > 1:
            there = ", ".join(notebooks)
            return HandedIn(None, f"the submission has no {wanted}: it holds {there}", flags)
        name = notebooks[0]
        flags += (f"the notebook is named {name} instead of {wanted}",)
    elif len(notebooks) > 1:
        others = ", ".join(n for n in notebooks if n != wanted)
        flags += (f"there are other notebooks beside {wanted}: {others}",)
    notebook, reason = _read(folder / name)
    when, remark = _timestamp(folder / "timestamp.txt")
    return HandedIn(notebook, reason, flags + remark, when)


def leads_elsewhere(folder: Path) -> bool:
    """Return whether a submission's folder, or the student's above it, is a link."""
    return folder.is_symlink() or folder.parent.is_symlink()


def _read(path: Path) -> tuple[bytes | None, str]:
    """Read a plain file; nothing that only looks like one."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None, f"{path.name} is a link or cannot be read"
    try:
        about = os.fstat(descriptor)  # of what was opened: os.fdopen refuses a folder
        if not stat.S_ISREG(about.st_mode):
            return None, f"{path.name} is no plain file"
        if about.st_size > MAX_BYTES:
            return None, f"{path.name} has {about.st_size / 1e6:.0f} MB: more than a notebook has"
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(), ""
    finally:
        os.close(descriptor)


def _timestamp(path: Path) -> tuple[datetime | None, tuple[str, ...]]:
    from nbgrader.utils import parse_utc

    if not path.exists() and not path.is_symlink():
        return None, ()
    raw, reason = _read(path)
    if raw is None:
        return None, (reason,)
    text = raw[:200].decode("utf-8", "replace").strip()
    # an offset after a space is taken for a zone's name there, and misread: join it to the time
    text = re.sub(r" (?=[+-]\d\d:?\d\d$)", "", re.sub(r"\s+", " ", text))
    try:
        return parse_utc(text), ()
    except (ValueError, OverflowError):
        return None, (f"timestamp.txt says {text[:60]!r}, which is no time",)
