"""How fast a class is graded, beside plain nbgrader in the same run on the same submissions.

    python grading/bench/bench_grader.py                    # 100 students: plain nbgrader and ours
    python grading/bench/bench_grader.py --linear           # ours with 10, 100 and 1,000 students
    python grading/bench/bench_grader.py --lab lab03_ttft   # ours on a real lab

Honest, distinct answers; cold cache; sandbox and gradebook on. CPU time is that of the command and of
all its descendants: the benchmark adopts what they leave behind, so that no second is lost.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

GRADING = Path(__file__).resolve().parents[1]
SEVEN = GRADING / "bench" / "solutions"
PR_SET_CHILD_SUBREAPER = 36

PLAIN = """
c = get_config()
c.CourseDirectory.root = {root!r}
c.CourseDirectory.source_directory = ".build/source"
c.CourseDirectory.release_directory = "labs"
c.CourseDirectory.submitted_directory = "grading/submitted"
c.CourseDirectory.autograded_directory = "grading/autograded"
c.CourseDirectory.db_url = "sqlite:///{root}/grading/gradebook.db"
"""


@dataclass(frozen=True)
class Cost:
    """What a command took: wall and CPU time [s]."""

    wall_s: float
    cpu_s: float


def measured(*command: str, cwd: Path) -> Cost:
    """Run a command to its end, descendants included."""
    before, start = _children_s(), time.perf_counter()
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        command, cwd=cwd, env={**os.environ, "PATH": path}, capture_output=True, text=True
    )
    wall_s = time.perf_counter() - start
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr[-3000:]}")
    while True:  # adopted descendants
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            break
    return Cost(wall_s, _children_s() - before)


def _children_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def make_class(folder: Path, lab_name: str, students: int, *, plain: bool) -> None:
    """Make a course of one lab whose students answered rightly, each in other words."""
    from grader import build
    from grader.course import Course
    from grader.source import read_lab
    from grader.submission import fill
    from grader.verify import hand_in, released

    sources = SEVEN if lab_name == "lab00_seven" else GRADING.parent / "solutions"
    shutil.copytree(sources / lab_name, folder / "solutions" / lab_name)
    course = Course.at(folder)
    (folder / "nbgrader_config.py").write_text(
        PLAIN.format(root=str(folder)) if plain else (GRADING / "nbgrader_config.py").read_text()
        .replace("Path(__file__).resolve().parent\n", f"Path({str(GRADING)!r})\n")
        .replace("Course.at(GRADING.parent)", f"Course.at({str(folder)!r})")
    )  # fmt: skip
    lab = read_lab(course, lab_name)
    build.release(course, lab)
    release = released(course, lab_name)
    for number in range(students):
        answers = {name: f"{text}\n# {number}" for name, text in lab.answers.items()}
        hand_in(course, lab_name, f"s{number:04d}", fill(release, answers))
    shutil.rmtree(course.versions, ignore_errors=True)


def scores(folder: Path, lab_name: str) -> dict[tuple[str, str], float]:
    """Read every score of a gradebook."""
    from grader.course import Course
    from grader.gradebook import open_gradebook
    from grader.scores import read_scores
    from grader.source import read_lab

    course = Course.at(folder)
    with open_gradebook(course) as book:
        found = read_scores(book, read_lab(course, lab_name))
    return {
        (student, name): i.score for student, items in found.items() for name, i in items.items()
    }


def grade_ours(folder: Path, lab_name: str, workers: int) -> Cost:
    """Grade a class by the engine: grades, gradebook, feedback and class report."""
    return measured("grader", "grade", lab_name, "--workers", str(workers), cwd=folder)


def show(name: str, cost: Cost, students: int) -> None:
    """Print one line of the table."""
    print(
        f"{name:28} {students:5} {cost.wall_s:8.1f} s {60 * students / cost.wall_s:9.0f}/min "
        f"{cost.cpu_s / students:8.3f} CPU-s each",
        flush=True,
    )


def main() -> None:
    """Run the benchmark that the options name."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--students", type=int, default=100)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--lab", default="lab00_seven")
    parser.add_argument("--linear", action="store_true")
    options = parser.parse_args()
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    os.environ["OMP_NUM_THREADS"] = "1"
    with tempfile.TemporaryDirectory(prefix="grader-bench-") as temporary:
        folder = Path(temporary)
        if options.linear:
            for students in (10, 100, 1000):
                make_class(folder / str(students), options.lab, students, plain=False)
                cost = grade_ours(folder / str(students), options.lab, options.workers)
                show("ours", cost, students)
            return
        make_class(folder / "ours", options.lab, options.students, plain=False)
        ours = grade_ours(folder / "ours", options.lab, options.workers)
        show(f"ours, {options.workers} workers", ours, options.students)
        if options.lab != "lab00_seven":
            return
        make_class(folder / "plain", options.lab, options.students, plain=True)
        plain = measured("nbgrader", "autograde", options.lab, cwd=folder / "plain")
        show("plain nbgrader", plain, options.students)
        print(f"submissions a minute: {plain.wall_s / ours.wall_s:.1f} × plain nbgrader's")
        print(f"CPU time a submission: {ours.cpu_s / plain.cpu_s:.2f} of plain nbgrader's")
        same = scores(folder / "ours", options.lab) == scores(folder / "plain", options.lab)
        print(f"scores {'are the same, cell by cell' if same else 'DIFFER'}")
        if not same:
            sys.exit(1)


if __name__ == "__main__":
    main()
