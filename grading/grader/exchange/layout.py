"""Which folder of an exchange is whose."""

from __future__ import annotations

import contextlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from grader.errors import GraderError

__all__ = ["Dropped", "Layout", "admit", "check_name", "mounts", "open_exchange"]

_NAME = re.compile(r"(?![.~-])[^/\\+*?\[\]\x00-\x1f\x7f]{1,128}")
_TOKEN = re.compile(r"[0-9a-f]{32}")


def check_name(what: str, name: str) -> str:
    """Return a course's, lab's or student's name if it can only mean one folder here.

    Raises
    ------
    GraderError
        For a name that could lead elsewhere.

    Examples
    --------
    >>> check_name("lab", "lab03_ttft")
    'lab03_ttft'
    >>> check_name("lab", "../ben")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    grader.errors.GraderError: '../ben' is no name of a lab: ...
    """
    if not _NAME.fullmatch(name):
        raise GraderError(
            f"{name!r} is no name of a {what}: it must be 1 to 128 characters without "
            r"/ \ + * ? [ ] and not begin with . ~ or -"
        )
    return name


@dataclass(frozen=True)
class Dropped:
    """A submission in a student's drop folder, as its name describes it.

    Attributes
    ----------
    student, lab : str
    timestamp : str
        When the student's side says it was submitted, as nbgrader writes it.
    token : str
        Random; under it the feedback is found.
    path : Path
    """

    student: str
    lab: str
    timestamp: str
    token: str
    path: Path


@dataclass(frozen=True)
class Layout:
    """The folders of one course's exchange."""

    root: Path
    course: str

    @property
    def folder(self) -> Path:
        """All of the course's."""
        return self.root / check_name("course", self.course)

    @property
    def outbound(self) -> Path:
        """Releases: ``<lab>/``."""
        return self.folder / "outbound"

    @property
    def students(self) -> Path:
        """One gate a student."""
        return self.folder / "students"

    def inbound(self, student: str) -> Path:
        """Return a student's drop folder."""
        return self.students / check_name("student", student) / "inbound"

    def feedback(self, student: str, dropped: Dropped) -> Path:
        """Return where the feedback on a submission lies."""
        return (
            self.students
            / check_name("student", student)
            / "feedback"
            / dropped.lab
            / dropped.token
        )

    def dropped(self, student: str, lab: str = "") -> list[Dropped]:
        """Return a student's submissions, oldest first; of one lab if it is named.

        Raises
        ------
        OSError
            When the drop folder isn't there or isn't ours to read.
        """
        folder = self.inbound(student)
        found = []
        for name in os.listdir(folder):
            of, _, rest = name.partition("+")
            when, _, token = rest.rpartition("+")
            if name.startswith(".") or not (_TOKEN.fullmatch(token) and when):
                continue
            if of == lab or not lab:
                found.append(Dropped(student, of, when, token, folder / name))
        return sorted(found, key=lambda d: (d.timestamp, d.token))


def open_exchange(
    root: Path | str, course: str, *, instructor: tuple[int, int] | None = None
) -> Layout:
    """Make a course's exchange, or put its rights right; what lies in it stays.

    Parameters
    ----------
    root : Path or str
        In a folder that only root or the instructor can write.
    course : str
    instructor : (uid, gid), optional
        The instructor's account; only root can name another than the own.

    Returns
    -------
    Layout
    """
    layout = Layout(Path(root), course)
    layout.root.mkdir(parents=True, exist_ok=True)
    layout.root.chmod(0o755)
    with _Folder(layout.root) as here, here.inside(course, 0o711, instructor) as folder:
        folder.inside("outbound", 0o755, instructor).close()
        folder.inside("students", 0o711, instructor).close()
    return layout


def admit(
    layout: Layout,
    student: str,
    *,
    account: tuple[int, int] | None = None,
    instructor: tuple[int, int] | None = None,
) -> None:
    """Give a student a part of the exchange; called again it only puts rights right.

    Parameters
    ----------
    layout : Layout
    student : str
    account, instructor : (uid, gid), optional
        Their Unix accounts, for root; the student's group must be the student's alone. Without
        accounts everything is ours, and walls must keep the students apart.

    Raises
    ------
    GraderError
        For a name that is none, or a group that others share.
    """
    check_name("student", student)
    gate: tuple[int, int] | None = None
    if account is not None:
        if instructor is None:
            raise GraderError("a student with an account needs an instructor with an account")
        _demand_private(student, *account)
        gate = (instructor[0], account[1])
    with (
        _Folder(layout.students) as students,
        students.inside(student, 0o750 if gate else 0o700, gate) as own,
    ):
        own.inside("inbound", 0o755, account).close()
        own.inside("feedback", 0o755, instructor if account else None).close()


def mounts(layout: Layout, student: str | None = None) -> list[tuple[Path, str, bool]]:
    """Return what a walled server must see: the folder, where below the root, whether it may write.

    Parameters
    ----------
    layout : Layout
    student : str, optional
        Whose server; the instructor's when None.
    """
    if student is None:
        return [(layout.folder, layout.course, True)]
    own = f"{layout.course}/students/{check_name('student', student)}"
    return [
        (layout.outbound, f"{layout.course}/outbound", False),
        (layout.students / student / "inbound", f"{own}/inbound", True),
        (layout.students / student / "feedback", f"{own}/feedback", False),
    ]


def _demand_private(student: str, uid: int, gid: int) -> None:
    import grp
    import pwd

    name = pwd.getpwuid(uid).pw_name
    others = {entry.pw_name for entry in pwd.getpwall() if entry.pw_gid == gid}
    with contextlib.suppress(KeyError):
        others |= set(grp.getgrgid(gid).gr_mem)
    others.discard(name)
    if others:
        raise GraderError(
            f"the group of {student}'s account is shared with {sorted(others)[0]}, who could read "
            "the submissions: give the account a group of its own (useradd --user-group)"
        )


class _Folder:
    """An open folder: root changes rights by descriptor, so that no link can lead it elsewhere."""

    def __init__(self, path: Path | str, above: int | None = None) -> None:
        self.descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=above)

    def inside(self, name: str, mode: int, owner: tuple[int, int] | None) -> _Folder:
        with contextlib.suppress(FileExistsError):
            os.mkdir(name, 0o700, dir_fd=self.descriptor)
        made = _Folder(name, self.descriptor)
        if owner is not None:
            os.fchown(made.descriptor, *owner)
        if os.fstat(made.descriptor).st_uid in (os.geteuid(), (owner or (-1,))[0]):
            os.fchmod(made.descriptor, mode)
        return made

    def close(self) -> None:
        os.close(self.descriptor)

    def __enter__(self) -> _Folder:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
