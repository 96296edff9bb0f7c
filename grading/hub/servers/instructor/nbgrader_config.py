"""nbgrader on the instructor's server: the course, its gradebook, the engine behind Autograde."""

from pathlib import Path

from grader.converters import install
from grader.course import Course
from grader.settings import nbgrader_config

c = get_config()
c.merge(nbgrader_config(Course.at(Path.home() / "course")))
load_subconfig("exchange.py", path=str(Path(__file__).resolve().parents[1] / "everyone"))
install()
