"""Make the branch that students' servers pull: the labs as released, and nothing else.

``python grading/hub/kubernetes/labs_branch.py`` makes or advances the branch ``labs`` of this
checkout. Its commits hold the folder ``labs/`` of a commit as their root and share no history with
the course, so neither a solution nor a hidden test can be fetched with it. Facts need no place there:
the library carries them. Push that branch alone, best to a repository of its own::

    git push git@example.edu:course/labs.git labs:labs
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from urllib.parse import urlencode, urlsplit

BRANCH = "labs"


def make_branch(checkout: Path, *, commit: str = "HEAD", branch: str = BRANCH) -> str:
    """Advance the branch to the labs of a commit, and return its newest commit.

    Labs that did not change make no new commit.
    """

    def git(*words: str, check: bool = True) -> str:
        done = subprocess.run(
            ["git", "-C", str(checkout), *words], capture_output=True, text=True, check=check
        )
        return done.stdout.strip()

    tree = git("rev-parse", "--verify", f"{commit}:labs")
    ref = f"refs/heads/{branch}"
    before = git("rev-parse", "--verify", "--quiet", ref, check=False)
    if before and git("rev-parse", f"{before}^{{tree}}") == tree:
        return before
    parents = ["-p", before] if before else []
    message = f"Labs of {git('show', '-s', '--format=%cs', commit)}"
    made = git("commit-tree", tree, *parents, "-m", message)
    git("update-ref", ref, made)
    return made


def pull_link(hub: str, repository: str, lab: str, *, branch: str = BRANCH) -> str:
    """Return the link that brings a student's copy up to date and opens a lab; for the platform.

    Parameters
    ----------
    hub, repository : str
        Their addresses.
    lab : str
    branch : str

    Examples
    --------
    >>> pull_link("https://hub.example.edu", "https://git.example.edu/course/labs.git", "lab03_ttft")
    'https://hub.example.edu/hub/user-redirect/git-pull?repo=https%3A%2F%2Fgit.example.edu%2Fcourse%2Flabs.git&branch=labs&urlpath=lab%2Ftree%2Flabs%2Flab03_ttft%2Flab03_ttft.ipynb'
    """
    folder = urlsplit(repository).path.rstrip("/").rpartition("/")[2].removesuffix(".git")
    asked = {
        "repo": repository,
        "branch": branch,
        "urlpath": f"lab/tree/{folder}/{lab}/{lab}.ipynb",
    }
    return f"{hub.rstrip('/')}/hub/user-redirect/git-pull?{urlencode(asked)}"


if __name__ == "__main__":
    checkout = Path(__file__).resolve().parents[3]
    print(f"branch {BRANCH}: {make_branch(checkout)[:12]}")
    for lab in sorted(path.name for path in (checkout / "labs").glob("lab*")):
        if sys.argv[2:]:
            print(pull_link(sys.argv[1], sys.argv[2], lab))
