"""Where a course keeps its labs, its submissions and its gradebook."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from grader.errors import GraderError, nearest

__all__ = ["Course"]


@dataclass(frozen=True)
class Course:
    """The folders of a course; each holds ``<lab>/`` or ``<student>/<lab>/``.

    Attributes
    ----------
    root : Path
        Folder from which nbgrader counts.
    solutions : Path
        The source of truth: ``labNN_topic/labNN_topic.py`` and its ``lab.toml``.
    source : Path
        What nbgrader takes as instructor version: staged notebooks and helper files, nothing else.
    release : Path
        What students get.
    submitted, autograded, feedback, reports : Path
        The stations of a submission.
    gradebook : Path
        nbgrader's SQLite gradebook.
    journal, versions : Path
        What happened to each grade, and every release's source by its stamp.
    gradebook_url : str
        A gradebook elsewhere, such as ``postgresql://host/course``; SQLite's file when empty.
    """

    root: Path
    solutions: Path
    source: Path
    release: Path
    submitted: Path
    autograded: Path
    feedback: Path
    reports: Path
    gradebook: Path
    journal: Path
    versions: Path
    gradebook_url: str = ""

    @classmethod
    def at(cls, root: Path | str) -> Course:
        """Return the course of a checkout: labs at the root, the state of grading in ``grading/``.

        The environment variable ``GRADER_GRADEBOOK`` may name a gradebook elsewhere.
        """
        root = Path(root).resolve()
        grading = root / "grading"
        return cls(
            root=root,
            solutions=root / "solutions",
            source=root / ".build" / "source",
            release=root / "labs",
            submitted=grading / "submitted",
            autograded=grading / "autograded",
            feedback=grading / "feedback",
            reports=grading / "reports",
            gradebook=grading / "gradebook.db",
            journal=grading / "journal",
            versions=grading / "versions",
            gradebook_url=os.environ.get("GRADER_GRADEBOOK", ""),
        )

    @classmethod
    def find(cls, start: Path | str = ".") -> Course:
        """Return the course that holds a folder.

        Raises
        ------
        GraderError
            When neither the folder nor one above it has ``nbgrader_config.py`` and ``solutions/``.
        """
        here = Path(start).resolve()
        for folder in (here, *here.parents):
            if (folder / "nbgrader_config.py").is_file() and (folder / "solutions").is_dir():
                return cls.at(folder)
        raise GraderError(
            f"{here} is not inside a course: no folder above it has nbgrader_config.py and solutions/"
        )

    def aside(self, folder: Path | str) -> Course:
        """Return a course with the same labs whose state, gradebook included, lies in a folder."""
        folder = Path(folder).resolve()
        return Course(
            root=folder,
            solutions=self.solutions,
            source=folder / "source",
            release=folder / "labs",
            submitted=folder / "submitted",
            autograded=folder / "autograded",
            feedback=folder / "feedback",
            reports=folder / "reports",
            gradebook=folder / "gradebook.db",
            journal=folder / "journal",
            versions=folder / "versions",
        )

    @property
    def db_url(self) -> str:
        """The gradebook as SQLAlchemy names it."""
        if self.gradebook_url:
            # SQLAlchemy's default driver changed over time; psycopg 3 is the one we install
            return self.gradebook_url.replace("postgresql://", "postgresql+psycopg://", 1)
        return f"sqlite:///{self.gradebook}"

    def labs(self) -> list[str]:
        """Return the names of all labs that have a source."""
        return sorted(
            p.parent.name for p in self.solutions.glob("*/*.py") if p.stem == p.parent.name
        )

    def lab_folder(self, lab: str) -> Path:
        """Return the folder of a lab's source.

        Raises
        ------
        GraderError
            When there is no such lab; the sentence names the nearest.
        """
        folder = self.solutions / lab
        if lab not in self.labs():
            raise GraderError(
                f"there is no lab {lab!r} in {self.solutions}: {nearest(lab, self.labs())}"
            )
        return folder

    def students(self, lab: str) -> list[str]:
        """Return who has submitted a lab; a folder that is only a link counts, to be refused."""
        folders = (student / lab for student in self.submitted.glob("*"))
        return sorted(p.parent.name for p in folders if p.is_dir() or p.is_symlink())
