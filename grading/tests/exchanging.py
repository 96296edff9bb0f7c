"""A class that uses the exchange: on one Unix account, or as root on an account a member."""

import contextlib
import functools
import json
import logging
import os
import pwd
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.auth import Authenticator
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange import ExchangeFactory
from traitlets.config import Config

import grader.exchange.collect
import grader.exchange.instructor
import grader.exchange.listing
import grader.exchange.student  # noqa: F401  loaded before a fork takes another account
from grader.exchange import admit, open_exchange, use_exchange

COURSE, LAB, TEACHER = "supercycle", "lab00_tiny", "ina"
VERBS = {
    "list": "List", "fetch": "FetchAssignment", "submit": "Submit", "fetch_feedback": "FetchFeedback",
    "release": "ReleaseAssignment", "release_feedback": "ReleaseFeedback", "collect": "Collect",
}  # fmt: skip
NOTEBOOK = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


@functools.cache
def empty_gradebook():
    """Return the file of a gradebook of no labs; making it loads what a member can't load."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "gradebook.db"
        with Gradebook(f"sqlite:///{path}") as book, contextlib.suppress(MissingEntry):
            book.find_assignment(LAB)
        return path.read_bytes()


class Said(logging.Handler):
    """What a verb wrote into its log."""

    def __init__(self):
        super().__init__()
        self.lines = []

    def emit(self, record):
        self.lines.append(f"{record.levelname}: {record.getMessage()}")


class Classroom:
    """Folders of a class; every member has a home, the instructor's is the course."""

    def __init__(self, folder, students, *, accounts=None):
        self.folder, self.students = Path(folder), list(students)
        self.accounts = accounts or {}
        self.layout = open_exchange(
            self.folder / "exchange", COURSE, instructor=self.accounts.get(TEACHER)
        )
        for name in (TEACHER, *self.students):
            home = self.home(name)
            home.mkdir(parents=True)
            home.chmod(0o700)
            if accounts:
                os.chown(home, *accounts[name])
        gradebook = self.course / "gradebook.db"
        gradebook.write_bytes(empty_gradebook())
        if accounts:
            os.chown(gradebook, *accounts[TEACHER])
        for student in self.students:
            self.admit(student)

    def admit(self, student):
        """Give a student a part of the exchange."""
        admit(
            self.layout, student,
            account=self.accounts.get(student), instructor=self.accounts.get(TEACHER),
        )  # fmt: skip

    def home(self, name):
        """Return a member's home."""
        return self.folder / "homes" / name

    @property
    def course(self):
        """The instructor's course."""
        return self.home(TEACHER)

    def become(self, name, work):
        """Run a function as a member, in a process of its own; return what it returned or raised."""
        return forked(work, self.accounts.get(name))

    def config(self, name):
        """Return nbgrader's settings of a member."""
        c = Config()
        use_exchange(c, root=self.layout.root, course=COURSE)
        c.Exchange.assignment_dir = str(self.home(name))
        c.CourseDirectory.root = str(self.course)
        c.CourseDirectory.db_url = f"sqlite:///{self.course / 'gradebook.db'}"
        return c

    def do(self, verb, name, lab=LAB, **settings):
        """Do one of nbgrader's verbs as a member, in this process; return result and log."""
        c = self.config(name)
        for key, value in settings.items():
            section, _, option = key.partition("__")
            c[section][option] = value
        c.CourseDirectory.assignment_id = lab
        if name != TEACHER and "student_id" not in c.CourseDirectory:
            c.CourseDirectory.student_id = name
        made = getattr(ExchangeFactory(config=c), VERBS[verb])(
            coursedir=CourseDirectory(config=c), authenticator=Authenticator(config=c), config=c
        )
        said = Said()
        made.log = logging.Logger("exchange")
        made.log.addHandler(said)
        try:
            return made.start(), said.lines
        except Exception as error:
            error.said = said.lines
            raise

    def acts(self, verb, name, lab=LAB, **settings):
        """Do one of nbgrader's verbs as a member, with the member's account."""
        return self.become(name, lambda: self.do(verb, name, lab, **settings))

    def build(self, lab=LAB, cells=()):
        """Put a release into the course, as `grader build` would."""

        def work():
            folder = self.course / "release" / lab
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{lab}.ipynb").write_text(json.dumps({**NOTEBOOK, "cells": list(cells)}))

        self.become(TEACHER, work)

    def release(self, lab=LAB):
        """Build a lab and release it."""
        self.build(lab)
        return self.acts("release", TEACHER, lab)

    def write(self, student, text, lab=LAB, name=None):
        """Let a student write a file in the fetched lab."""

        def work():
            folder = self.home(student) / lab
            folder.mkdir(exist_ok=True)
            (folder / (name or f"{lab}.ipynb")).write_text(text)

        self.become(student, work)

    def hand_in(self, student, text="{}", lab=LAB):
        """Let a student write a notebook and submit it."""
        self.write(student, text, lab)
        return self.acts("submit", student, lab)

    def collected(self, student, lab=LAB):
        """Return the notebook that was collected of a student; None without one."""
        path = self.course / "submitted" / student / lab / f"{lab}.ipynb"
        return path.read_text() if path.exists() else None


def forked(work, account=None):
    """Run a function in a child, with another account if one is named; result and error come back."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        try:
            if account:
                os.setgroups([])
                os.setresgid(account[1], account[1], account[1])
                os.setresuid(account[0], account[0], account[0])
            os.umask(0o077)
            answer = ["ok", work()]
        except BaseException as error:
            answer = ["error", type(error).__name__, str(error), getattr(error, "said", [])]
        with open(write, "w") as pipe:
            json.dump(answer, pipe, default=str)
        os._exit(0)
    os.close(write)
    with open(read) as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    answer = json.loads(text)
    if answer[0] == "ok":
        return answer[1]
    raise VerbError(*answer[1:])


class VerbError(Exception):
    """What a member's verb ended with."""

    def __init__(self, kind, sentence, said):
        super().__init__(f"{kind}: {sentence}")
        self.kind, self.sentence, self.said = kind, sentence, said


@contextlib.contextmanager
def accounts(*names):
    """Make a Unix account a member, each with a group of its own; root only."""
    prefix = f"x{secrets.token_hex(3)}-"
    made = {}
    try:
        for name in names:
            _changed("useradd", "--no-create-home", "--user-group", prefix + name)
            entry = pwd.getpwnam(prefix + name)
            made[name] = (entry.pw_uid, entry.pw_gid)
        yield made
    finally:
        for name in made:
            _changed("userdel", prefix + name)


def _changed(*command):
    """Run a command that changes accounts; it may find them locked by another."""
    for _ in range(20):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode == 0:
            return
        time.sleep(0.5)
    raise RuntimeError(f"{command[0]}: {done.stderr}")


@contextlib.contextmanager
def classroom_with_accounts(*students):
    """A class whose members are Unix accounts, in a folder that they can reach."""
    folder = Path(tempfile.mkdtemp(prefix="exchange-"))
    folder.chmod(0o711)
    try:
        with accounts(TEACHER, *students) as made:
            yield Classroom(folder, students, accounts=made)
    finally:
        shutil.rmtree(folder)


def may_make_accounts():
    """Return whether accounts can be made here."""
    return os.getuid() == 0 and sys.platform == "linux" and shutil.which("useradd") is not None
