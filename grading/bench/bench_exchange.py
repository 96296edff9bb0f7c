"""How many students the exchange serves at once: no servers, every client a process of its own.

    python grading/bench/bench_exchange.py                  # 200 clients on the tiny lab
    python grading/bench/bench_exchange.py --clients 1000

Each client fetches, saves an answer of its own and submits, all within a minute or so of each other, and
then submits once more; meanwhile the instructor collects and grades, again and again. At the end every
student's last submission must be collected as it was written and graded once.
"""

from __future__ import annotations

import argparse
import collections
import json
import multiprocessing
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

GRADING = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(GRADING), str(GRADING / "tests")]

LAB = "lab00_tiny"


def quantiles(name: str, seconds: list[float]) -> str:
    """Return one line: p50, p95, largest [s]."""
    ordered = sorted(seconds)
    at = [ordered[min(len(ordered) - 1, int(q * len(ordered)))] for q in (0.5, 0.95)]
    return f"{name:8} {len(ordered):5}   {at[0]:8.3f} {at[1]:8.3f} {ordered[-1]:8.3f}"


def client(room: Any, release: bytes, student: str, spread_s: float) -> list[tuple[str, float]]:
    """Do a student's part; return what it took."""
    times = []

    def timed(verb: str, work: Any) -> None:
        begin = time.perf_counter()
        work()
        times.append((verb, time.perf_counter() - begin))

    rng = random.Random(student)
    page = room.home(student) / LAB / f"{LAB}.ipynb"
    time.sleep(rng.uniform(0, spread_s))
    timed("fetch", lambda: room.do("fetch", student))
    for turn in (1, 2):
        timed("save", lambda turn=turn: page.write_bytes(answered(release, f"{student} {turn}")))
        timed("submit", lambda: room.do("submit", student))
        timed("list", lambda: room.do("list", student, lab="", ExchangeList__cached=True))
        time.sleep(rng.uniform(0, spread_s / 4))
    return times


def answered(release: bytes, remark: str) -> bytes:
    """Type a remark into every answer of a notebook, so that no two are the same."""
    notebook = json.loads(release)
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("solution"):
            text = cell["source"]
            cell["source"] = ("".join(text) if isinstance(text, list) else text) + f"\n# {remark}"
    return json.dumps(notebook).encode()


def main() -> None:
    """Run it and print what it took and whether anything is lost."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--at-once", type=int, default=40, help="Client processes at a time.")
    parser.add_argument("--spread", type=float, default=2.0, help="Pauses of a client [s].")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()

    from exchanging import TEACHER, Classroom

    from grader import build
    from grader.course import Course
    from grader.engine import How, grade_class, with_sandbox_if_possible
    from grader.journal import Journal
    from grader.source import read_lab

    students = [f"s{number:04d}" for number in range(options.clients)]
    with tempfile.TemporaryDirectory(prefix="exchange-bench-") as temporary:
        room = Classroom(temporary, students)
        course = Course.at(room.folder / "sources").aside(room.course)
        shutil.copytree(GRADING / "tests" / "fixtures" / "solutions", course.solutions)
        build.release(course, read_lab(course, LAB))
        shutil.copytree(course.release, room.course / "release")
        room.do("release", TEACHER)
        release = (course.release / LAB / f"{LAB}.ipynb").read_bytes()
        how = with_sandbox_if_possible(How(workers=options.workers))
        context = multiprocessing.get_context("fork")
        begin = time.perf_counter()
        rounds = []
        # forked before the grader starts threads; the instructor works in this process
        with context.Pool(options.at_once, maxtasksperchild=None) as pool:
            jobs = [pool.apply_async(client, (room, release, s, options.spread)) for s in students]
            while not all(job.ready() for job in jobs):
                rounds.append(grade_once(room, course, how, grade_class))
            times = [pair for job in jobs for pair in job.get()]
        served_s = time.perf_counter() - begin
        rounds.append(grade_once(room, course, how, grade_class))
        graded_s = time.perf_counter() - begin

        took = collections.defaultdict(list)
        for verb, seconds in times:
            took[verb].append(seconds)
        print(
            f"{options.clients} clients, {options.at_once} at once, in {served_s:.0f} s;", end=" "
        )
        print(f"all graded after {graded_s:.0f} s, in {len(rounds)} rounds")
        print(f"{'verb':8} {'times':>5}   {'p50 s':>8} {'p95 s':>8} {'max s':>8}")
        for verb, seconds in took.items():
            print(quantiles(verb, seconds))
        print(quantiles("collect", [seconds for seconds, _ in rounds]))

        journal = Journal(course, LAB)
        lost = [s for s in students if room.collected(s) != answered(release, f"{s} 2").decode()]
        kept = sum(len(room.layout.dropped(s)) for s in students)
        keys = [[e.key.answers for e in journal.history(s)] for s in students]
        twice = [s for s, k in zip(students, keys, strict=True) if len(set(k)) != len(k)]
        never = [s for s, k in zip(students, keys, strict=True) if not k]
        print(f"submissions kept: {kept} of {2 * len(students)}; last ones lost: {len(lost)}")
        print(f"students without a grade: {len(never)}; submissions graded twice: {len(twice)}")
        if lost or twice or never or kept != 2 * len(students):
            sys.exit(1)


def grade_once(room: Any, course: Any, how: Any, grade_class: Any) -> tuple[float, int]:
    """Collect and grade; return how long collecting took and how many there were to grade."""
    from exchanging import TEACHER

    begin = time.perf_counter()
    room.do("collect", TEACHER, ExchangeCollect__update=True)
    seconds = time.perf_counter() - begin
    there = course.students(LAB)
    if there:
        grade_class(course, LAB, there, how)
    return seconds, len(there)


if __name__ == "__main__":
    main()
