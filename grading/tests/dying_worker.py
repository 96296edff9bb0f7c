"""Workers that fail, for tests of what the pool makes of it."""

import os

from fake_execution import fake_worker

from grader.errors import GraderError


def dying_worker(spec, sandbox):
    worker = fake_worker(spec, sandbox)
    grade = worker.grade

    def grade_or_die(submission, *, environment=None):
        if b"kill the worker" in submission:
            os._exit(9)
        return grade(submission, environment=environment)

    worker.grade = grade_or_die
    return worker


def refusing_worker(spec, sandbox):
    raise GraderError("this machine has no sandbox: install bubblewrap")
