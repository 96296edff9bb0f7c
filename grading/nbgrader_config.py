"""nbgrader's settings for this course; the root's nbgrader_config.py loads this file."""

import sys
from pathlib import Path

GRADING = Path(__file__).resolve().parent
if str(GRADING) not in sys.path:
    sys.path.insert(0, str(GRADING))

from grader.converters import install  # noqa: E402
from grader.course import Course  # noqa: E402
from grader.settings import nbgrader_config  # noqa: E402

c = get_config()
c.merge(nbgrader_config(Course.at(GRADING.parent)))
install()
