"""Who could read or change what in an exchange, by the rights on disk: nbgrader's own, or ours.

nbgrader's is a folder that everyone writes to. Ours (`grader.exchange`) gives each student a part
behind a gate, and only the gate divides: what lies behind it may be readable as it likes.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from grader.exchange import Layout

__all__ = ["Fault", "faults", "keepers", "ours"]

#: A path, what is wrong with it, and the command that mends it.
Fault = tuple[Path, str, str]


def ours(root: Path) -> list[Layout]:
    """Return the courses of an exchange that are laid out as `grader.exchange` does it.

    Parameters
    ----------
    root : Path

    Returns
    -------
    list of Layout
        Empty for nbgrader's own exchange.
    """
    courses = (Layout(root, folder.name) for folder in sorted(root.glob("[!.]*")))
    return [course for course in courses if course.students.is_dir() and course.outbound.is_dir()]


def faults(root: Path) -> Iterator[Fault]:
    """Yield what an account that should not could read or change, or the instructor could not.

    Parameters
    ----------
    root : Path
        The exchange's folder.

    Yields
    ------
    Fault
    """
    courses = ours(root)
    for course in courses:
        yield from _in_ours(course)
    if not courses:
        yield from _in_nbgraders(root)


def keepers(courses: list[Layout]) -> tuple[int, bool]:
    """Return how many students have a part, and whether each part is an account's of its own."""
    parts = [gate / "inbound" for course in courses for gate in course.students.iterdir()]
    return len(parts), all(_owner(part) != _owner(part.parent) for part in parts)


def _in_ours(course: Layout) -> Iterator[Fault]:
    teacher = _owner(course.students)
    for folder in (course.outbound, course.students):
        if _owner(folder) != teacher or not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
            yield folder, "is not for us to read and write", _again(course)
            return
    yield from _open(course.students, 0o066, "lets others list the class", "go-rw")
    for place, _, files in os.walk(course.outbound):
        for path in (Path(place), *(Path(place, name) for name in files)):
            yield from _open(path, 0o022, "can be changed by others", "go-w")
    seen: dict[tuple[str, int], str] = {}
    for gate in sorted(course.students.iterdir()):
        yield from _behind(course, gate, seen)


def _behind(course: Layout, gate: Path, seen: dict[tuple[str, int], str]) -> Iterator[Fault]:
    """Look at one student's part; `seen` holds whose account and group were met before."""
    teacher = _owner(course.students)
    if _owner(gate) != teacher or not os.access(gate, os.R_OK | os.X_OK):
        yield gate, "is not the instructor's, who can't collect from it", _again(course)
        return
    yield from _open(gate, 0o027, "lets in whom it should keep out", "g-w,o-rwx")
    parts = [gate / "inbound", gate / "feedback"]
    for part in parts:
        if not part.is_dir() or part.is_symlink():
            yield part, "is not a folder", _again(course)
            return
        yield from _open(part, 0o022, "can be changed by others", "go-w")
    owner = _owner(parts[0])
    if owner == teacher:  # no accounts: walls keep servers apart, and the gate is ours alone
        yield from _open(gate, 0o070, "lets in whom it should keep out", "g-rwx")
        return
    for what, number in (("account", owner), ("group", gate.lstat().st_gid)):
        other = seen.setdefault((what, number), gate.name)
        if other != gate.name:
            yield gate, f"has the same Unix {what} as {other}'s", _again(course)


def _open(path: Path, bits: int, problem: str, mend: str) -> Iterator[Fault]:
    mode = path.lstat().st_mode
    if mode & bits and not stat.S_ISLNK(mode):
        yield path, problem, f"chmod {mend} {path}"


def _owner(path: Path) -> int:
    return path.lstat().st_uid


def _again(course: Layout) -> str:
    return f"start the hub again: it puts the rights in {course.folder} right"


def _in_nbgraders(root: Path) -> Iterator[Fault]:
    """Go where any account could go."""
    for folder, folders, files in os.walk(root):
        mode = os.lstat(folder).st_mode
        if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
            problem = "lets everyone remove what others put there"
            yield Path(folder), problem, f"chmod +t {folder}"
        for name in [name for name in folders if not _may_enter(Path(folder, name))]:
            folders.remove(name)
        private = not {"inbound", "feedback"}.isdisjoint(Path(folder).relative_to(root).parts)
        for path in (Path(folder, name) for name in files):
            mode = path.lstat().st_mode
            if stat.S_ISREG(mode) and mode & stat.S_IWOTH:
                yield path, "can be changed by everyone", f"chmod o-w {path}"
            if stat.S_ISREG(mode) and mode & stat.S_IROTH and private:
                yield path, "can be read by everyone", f"chmod o-r {path}"


def _may_enter(folder: Path) -> bool:
    return bool(folder.lstat().st_mode & stat.S_IXOTH)
