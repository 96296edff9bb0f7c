"""Copy a folder that somebody else may be changing: looked at first, then copied by descriptor.

`survey` walks a folder and follows no link; what is no plain file or folder, too much, or somebody
else's is refused by name. `copy` takes exactly the files that were looked at. A copy appears whole or
not at all: it is written beside its place, synced to disk, and renamed.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import fnmatch
import os
import shutil
import stat
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from grader.errors import GraderError

__all__ = [
    "Rules",
    "Survey",
    "appearing",
    "clear",
    "copy",
    "in_turn",
    "opened",
    "recover",
    "replace_folder",
    "survey",
    "why",
    "write_synced",
]

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Rules:
    """What a folder may hold.

    Attributes
    ----------
    max_bytes, max_file_bytes : int
        Largest folder and largest file [bytes].
    max_files, max_depth : int
        Most files and folders, and folders within folders.
    ignore, include : sequence of str
        Patterns of names that are left out, and of files that are taken.
    owner : int or None
        The only Unix user to whom all of it may belong; then no file may have a second name either.
    """

    max_bytes: int
    max_file_bytes: int
    max_files: int = 2_000
    max_depth: int = 16
    ignore: Sequence[str] = ()
    include: Sequence[str] = ("*",)
    owner: int | None = None


_State = tuple[int, int, int, int, int]


@dataclass
class Survey:
    """What a folder held when it was looked at.

    Attributes
    ----------
    files : dict from path to state
    folders : list of str
    size : int
        Of all files [bytes].
    changed_s : float
        When anything in it last changed, by the kernel's clock, which no user can set back
        [s since 1970].
    """

    files: dict[str, _State] = field(default_factory=dict)
    folders: list[str] = field(default_factory=list)
    size: int = 0
    changed_s: float = 0.0


@contextlib.contextmanager
def opened(path: Path | str, above: int | None = None) -> Iterator[int]:
    """Open a folder, unless it is a link."""
    descriptor = os.open(path, _FOLDER, dir_fd=above)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def survey(folder: int, rules: Rules) -> Survey:
    """Look at everything in an open folder.

    Raises
    ------
    GraderError
        Naming the first thing that breaks the rules.
    """
    seen = Survey()
    _allow(".", os.fstat(folder), rules)
    _look(folder, "", rules, seen)
    return seen


def _look(folder: int, inside: str, rules: Rules, seen: Survey) -> None:
    seen.changed_s = max(seen.changed_s, os.fstat(folder).st_ctime)
    if inside.count("/") > rules.max_depth:
        raise GraderError(f"{inside!r} lies more than {rules.max_depth} folders deep")
    for name in sorted(os.listdir(folder)):
        if any(fnmatch.fnmatch(name, pattern) for pattern in rules.ignore):
            continue
        path = inside + name
        about = os.stat(name, dir_fd=folder, follow_symlinks=False)
        is_folder = stat.S_ISDIR(about.st_mode)
        if not is_folder and not any(fnmatch.fnmatch(name, p) for p in rules.include):
            continue
        _allow(path, about, rules)
        if len(seen.files) + len(seen.folders) >= rules.max_files:
            raise GraderError(f"there are more than {rules.max_files} files")
        if is_folder:
            seen.folders.append(path)
            with opened(name, folder) as deeper:
                _look(deeper, f"{path}/", rules, seen)
            continue
        seen.changed_s = max(seen.changed_s, about.st_ctime)
        seen.size += about.st_size
        if about.st_size > rules.max_file_bytes or seen.size > rules.max_bytes:
            what, most = (
                (f"{path!r} has {about.st_size / 1e6:.1f} MB", rules.max_file_bytes)
                if about.st_size > rules.max_file_bytes
                else (f"the files up to {path!r} have {seen.size / 1e6:.1f} MB", rules.max_bytes)
            )
            raise GraderError(f"{what}, more than the {most / 1e6:.1f} MB that are allowed")
        seen.files[path] = _state(about)


def _allow(path: str, about: os.stat_result, rules: Rules) -> None:
    if stat.S_ISLNK(about.st_mode):
        raise GraderError(
            f"{path!r} is a link: links are not followed, the file itself must be there"
        )
    if not (stat.S_ISREG(about.st_mode) or stat.S_ISDIR(about.st_mode)):
        raise GraderError(f"{path!r} is neither a file nor a folder")
    if rules.owner is not None:
        if about.st_uid != rules.owner:
            raise GraderError(f"{path!r} belongs to somebody else (Unix user {about.st_uid})")
        if stat.S_ISREG(about.st_mode) and about.st_nlink > 1:
            raise GraderError(f"{path!r} is a hard link: the file has another name elsewhere")


def _state(about: os.stat_result) -> _State:
    return (about.st_dev, about.st_ino, about.st_size, about.st_mtime_ns, about.st_ctime_ns)


def copy(folder: int, seen: Survey, target: Path) -> None:
    """Copy what was looked at into an empty folder; everyone who can reach it may read it.

    Raises
    ------
    GraderError
        Naming the file that is no longer what was looked at.
    """
    for path in seen.folders:
        (target / path).mkdir()
        (target / path).chmod(0o755)
    for path, state in seen.files.items():
        try:
            descriptor = _open_inside(folder, path)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ELOOP, errno.ENOTDIR, errno.ENXIO):
                raise GraderError(f"{path!r} changed while it was copied") from None
            raise
        try:
            if _state(os.fstat(descriptor)) == state:
                with (target / path).open("xb") as out:
                    left = state[2]
                    while left > 0 and (data := os.read(descriptor, min(_CHUNK, left))):
                        out.write(data)
                        left -= len(data)
                    _settle(out.fileno(), out)
            if _state(os.fstat(descriptor)) != state:
                raise GraderError(f"{path!r} changed while it was copied")
        finally:
            os.close(descriptor)
    for path in reversed(seen.folders):
        _sync(target / path)


def _open_inside(folder: int, path: str) -> int:
    """Open a file below a folder, following no link on the way."""
    *above, name = path.split("/")
    with contextlib.ExitStack() as stack:
        for part in above:
            folder = stack.enter_context(opened(part, folder))
        return os.open(name, _FILE, dir_fd=folder)


def _settle(descriptor: int, out: object) -> None:
    out.flush()  # type: ignore[attr-defined]
    os.fchmod(descriptor, 0o644)
    os.fsync(descriptor)


def _sync(folder: Path) -> None:
    with opened(folder) as descriptor:
        os.fsync(descriptor)


def write_synced(path: Path, data: bytes) -> None:
    """Write a file that everyone who can reach it may read, and sync it; a file there is replaced."""
    fresh = path.with_name(f".{uuid.uuid4().hex}.part")
    try:
        with fresh.open("xb") as out:
            out.write(data)
            _settle(out.fileno(), out)
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def in_turn(folder: Path) -> Iterator[None]:
    """Wait until nobody else who may open a folder does this; a lock ends with its process."""
    with opened(folder) as descriptor:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield


def clear(folder: Path) -> None:
    """Remove what killed copies left in a folder: nothing of it ever had its name. Call it in turn."""
    for part in folder.glob(".*.part"):
        if part.is_dir() and not part.is_symlink():
            shutil.rmtree(part, ignore_errors=True)
        else:
            part.unlink()


@contextlib.contextmanager
def appearing(place: Path) -> Iterator[Path]:
    """Fill a folder that appears in its place, whole, when all is well; else nothing remains."""
    fresh = place.with_name(f".{uuid.uuid4().hex}.part")
    fresh.mkdir()
    try:
        fresh.chmod(0o755)
        yield fresh
        _sync(fresh)
        replace_folder(fresh, place)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    _sync(place.parent)


def replace_folder(fresh: Path, place: Path) -> None:
    """Put a folder in the place of another; a `kill -9` in between leaves the old one aside.

    `place` is whole at every moment but the one between two renames; `recover` mends that one.
    """
    old = _aside(place)
    recover(place)
    if place.exists():
        place.rename(old)
    fresh.rename(place)
    shutil.rmtree(old, ignore_errors=True)


def recover(place: Path) -> None:
    """Put back what a killed `replace_folder` left aside; remove what it had replaced."""
    old = _aside(place)
    if old.is_dir():
        if place.exists():
            shutil.rmtree(old)
        else:
            old.rename(place)


def _aside(place: Path) -> Path:
    return place.with_name(f".{place.name}.old")


def why(error: OSError) -> str:
    """Return what an error of the system means to a person."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "the disk is full"
    where = f": {error.filename}" if error.filename else ""
    return f"{(error.strerror or str(error)).lower()}{where}"
