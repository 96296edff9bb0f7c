"""A class at work at once on a real hub: a server for each student, and the instructor grading.

    python grading/bench/bench_hub.py                       # 50 students
    python grading/bench/bench_hub.py --students 6 --kill-hub

The hub is the one of `make hub`, in a folder of its own. All servers are started beforehand. Then every
student fetches, saves and submits through the own server, as JupyterLab does, while the instructor
collects and grades again and again. ``--kill-hub`` kills hub and proxy in the middle of it, and starts
them again: the servers and the exchange need neither.
"""

from __future__ import annotations

import argparse
import collections
import csv
import json
import random
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import requests

GRADING = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(GRADING), str(GRADING / "hub" / "tests"), str(Path(__file__).parent)]

from bench_exchange import answered, quantiles  # noqa: E402

LAB, COURSE = "lab00_tiny", "supercycle"


class Student:
    """One who works in a browser: cookies of their own, JupyterLab's requests."""

    def __init__(self, hub: Any, name: str) -> None:
        self.name, self.hub, self.tries = name, hub, 0
        self.base = f"{hub.url}/user/{name}"
        self.session = requests.Session()
        self.times: list[tuple[str, float]] = []

    def enter(self) -> float:
        """Log in, start the server and wait for its page; return how long it took [s]."""
        begin = time.perf_counter()
        self.session.get(f"{self.hub.url}/hub/login", timeout=60)
        form = {
            "username": self.name, "password": self.hub.password(self.name),
            "_xsrf": self.token("/hub/"),
        }  # fmt: skip
        self.session.post(f"{self.hub.url}/hub/login", data=form, timeout=60)
        self.session.get(f"{self.hub.url}/hub/spawn", timeout=180)
        while time.perf_counter() < begin + 300:
            page = self.session.get(f"{self.base}/lab", timeout=180)
            if page.status_code == 200 and page.url.startswith(f"{self.base}/lab"):
                return time.perf_counter() - begin
            time.sleep(1)
        raise SystemExit(
            f"the server of {self.name} does not come up: {page.status_code} {page.url}"
        )

    def token(self, path: str) -> str:
        """Return the token against forged requests that a page of this path got."""
        found = [c.value for c in self.session.cookies if c.name == "_xsrf" and c.path == path]
        return str(found[0]) if found else ""

    def ask(self, verb: str, method: str, path: str, body: Any = None) -> Any:
        """Send a request until it is answered; return the answer and note how long all of it took."""
        begin = time.perf_counter()
        while True:
            self.tries += 1
            try:
                done = self.session.request(
                    method, f"{self.base}/{path}", json=body, timeout=120,
                    headers={"X-XSRFToken": self.token(f"/user/{self.name}/")},
                )  # fmt: skip
                if done.status_code < 400:
                    break
                said = f"{done.status_code} {done.text[:200]}"
            except requests.ConnectionError as error:  # the proxy is starting again
                said = str(error)
            if time.perf_counter() > begin + 120:
                raise SystemExit(f"{self.name} can not {verb}: {said}")
            time.sleep(0.5)
        self.times.append((verb, time.perf_counter() - begin))
        return done.json()

    def work(self, spread_s: float) -> None:
        """Fetch, save, submit."""
        rng = random.Random(self.name)
        about = {"course_id": COURSE, "assignment_id": LAB}
        page = f"api/contents/{LAB}/{LAB}.ipynb"
        time.sleep(rng.uniform(0, spread_s))
        self.done("fetch", self.ask("fetch", "POST", "assignments/fetch", about))
        notebook = self.ask("open", "GET", page)["content"]
        time.sleep(rng.uniform(0, spread_s))
        content = json.loads(answered(json.dumps(notebook).encode(), self.name))
        self.ask("save", "PUT", page, {"type": "notebook", "content": content})
        self.done("submit", self.ask("submit", "POST", "assignments/submit", about))

    def done(self, verb: str, answer: Any) -> None:
        """Demand that nbgrader's list says it is done."""
        if not answer["success"]:
            raise SystemExit(f"{self.name} can not {verb}: {answer['value'][-300:]}")


def write_class(hub: Any, names: list[str]) -> None:
    """Write the list of the class."""
    from hub.prepare import claim_folder

    claim_folder(hub.folders)
    with hub.folders.roster.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(("name", "role", "password", "first_name", "last_name"))
        out.writerow(("ina", "instructor", "", "", ""))
        out.writerows((name, "student", "", "", "") for name in names)


def grade_until(hub: Any, over: threading.Event, times: list[tuple[str, float]]) -> None:
    """Collect and grade as the instructor, again and again, and once more at the end."""
    from hub.prepare import as_instructor

    last = False
    while not last:
        last = over.is_set()
        for verb, command in (
            ("collect", ["nbgrader", "collect", LAB, "--update"]),
            ("grade", ["grader", "grade", LAB, "--workers", "1"]),
        ):
            begin = time.perf_counter()
            if verb == "collect" or list((hub.folders.course / "grading" / "submitted").glob("*")):
                as_instructor(hub.folders, command)
                times.append((verb, time.perf_counter() - begin))


def main() -> None:
    """Run it and print what it took and whether anything is lost."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--students", type=int, default=50)
    parser.add_argument(
        "--spread", type=float, default=40.0, help="Longest pause before a step [s]."
    )
    parser.add_argument("--kill-hub", action="store_true")
    options = parser.parse_args()

    from running import RunningHub

    names = [f"s{number:03d}" for number in range(options.students)]
    with tempfile.TemporaryDirectory(prefix="hub-bench-") as temporary:
        Path(temporary).chmod(0o711)
        hub = RunningHub(Path(temporary) / "data")
        write_class(hub, names)
        try:
            hub.start(600)
            run(hub, names, options)
        finally:
            hub.stop()
            hub.clean()


def run(hub: Any, names: list[str], options: argparse.Namespace) -> None:
    """Start the servers, let the class work, look whether all is there."""
    from grader.course import Course
    from grader.exchange import Layout
    from grader.journal import Journal

    students = [Student(hub, name) for name in names]
    begin = time.perf_counter()
    with ThreadPoolExecutor(4) as pool:
        starts = list(pool.map(Student.enter, students))
    print(f"{len(names)} servers in {time.perf_counter() - begin:.0f} s (4 at a time)", flush=True)
    print(f"{'':8} {'times':>5}   {'p50 s':>8} {'p95 s':>8} {'max s':>8}")
    print(quantiles("start", starts), flush=True)

    over, rounds = threading.Event(), []
    begin = time.perf_counter()
    with ThreadPoolExecutor(len(students) + 2) as pool:
        teacher = pool.submit(grade_until, hub, over, rounds)
        jobs = [pool.submit(student.work, options.spread) for student in students]
        try:
            if options.kill_hub:
                time.sleep(options.spread / 2)
                hub.kill()
                time.sleep(5)
                hub.start(300)
                print("hub and proxy were killed and started again", flush=True)
            for job in jobs:
                job.result()
            worked_s = time.perf_counter() - begin
        finally:
            over.set()
        teacher.result()
    print(f"all submitted after {worked_s:.0f} s, graded after {time.perf_counter() - begin:.0f} s")
    took = collections.defaultdict(list)
    for verb, seconds in [pair for s in students for pair in s.times] + rounds:
        took[verb].append(seconds)
    for verb, seconds in took.items():
        print(quantiles(verb, seconds))

    course = Course.at(hub.folders.course)
    layout, journal = Layout(hub.folders.exchange, COURSE), Journal(course, LAB)
    lost = []
    for name in names:
        page = course.submitted / name / LAB / f"{LAB}.ipynb"
        if not page.exists() or f"# {name}" not in page.read_text() or not layout.dropped(name):
            lost.append(name)
    counts = [len({e.key for e in journal.history(n)}) for n in names]
    entries = [len(journal.history(n)) for n in names]
    again = sum(student.tries - len(student.times) for student in students)
    print(f"requests sent again: {again}; submissions lost: {len(lost)}")
    print(f"without a grade: {counts.count(0)}; graded twice: {sum(entries) - sum(counts)}")
    if lost or 0 in counts or entries != counts:
        sys.exit(1)


if __name__ == "__main__":
    main()
