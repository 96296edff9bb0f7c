"""What all of nbgrader's verbs share here: names that lead nowhere else, errors as one sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nbgrader.exchange import default
from nbgrader.utils import get_username
from traitlets import Integer

from grader.errors import GraderError
from grader.exchange.files import Rules, why
from grader.exchange.layout import Layout, check_name

__all__ = ["ClassExchange"]


class ClassExchange(default.Exchange):
    """The exchange of `grader.exchange`; in front of nbgrader's own class for a verb."""

    max_files = Integer(2000, help="Most files and folders of a submission or release.").tag(
        config=True
    )

    #: What happens to the work when the verb fails, for the sentence.
    if_it_fails = "nothing was changed"

    @property
    def layout(self) -> Layout:
        """The course's folders."""
        if not self.coursedir.course_id:
            raise GraderError("no course is named: add --course, or set CourseDirectory.course_id")
        return Layout(self.root_path, self.coursedir.course_id)

    @property
    def root_path(self) -> Path:
        """The exchange's folder."""
        return Path(self.root)

    @property
    def lab(self) -> str:
        """The assignment that is meant."""
        return check_name("lab", self.coursedir.assignment_id)

    @property
    def student(self) -> str:
        """Whose part of the exchange this is: who runs it, unless another is named."""
        named = self.coursedir.student_id
        return check_name("student", named if named not in ("*", "") else get_username())

    def rules(self, owner: int | None = None) -> Rules:
        """Return what a folder may hold; the sizes are nbgrader's."""
        return Rules(
            max_bytes=1000 * self.coursedir.max_dir_size,
            max_file_bytes=1000 * self.coursedir.max_file_size,
            max_files=self.max_files,
            ignore=tuple(self.coursedir.ignore),
            include=tuple(self.coursedir.include),
            owner=owner,
        )

    def ensure_root(self) -> None:
        """Nothing here needs a folder that everyone may write to."""

    def start(self) -> Any:
        """Do it; what goes wrong is one sentence."""
        self.coursedir.assignment_id = self.coursedir.assignment_id.rstrip("/")
        try:
            return super().start()
        except GraderError as error:
            self.fail(f"{error}; {self.if_it_fails}")
        except OSError as error:
            self.fail(f"{why(error)}; {self.if_it_fails}")
