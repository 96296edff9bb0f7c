"""Workers that fail, for tests of what the pool makes of it."""

import os

from grader.errors import GraderError
from grader.execution import Worker


class DyingWorker(Worker):
    """Takes its process with it when a submission says so."""

    def grade(self, submission, *, environment=None):
        if submission and b"kill the worker" in submission:
            self.close()
            os._exit(9)
        return super().grade(submission, environment=environment)


def dying_worker(spec, sandbox):
    return DyingWorker(spec, sandbox=sandbox)


def refusing_worker(spec, sandbox):
    raise GraderError("this machine has no sandbox: install bubblewrap")
