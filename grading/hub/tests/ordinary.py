"""An ordinary user of this machine: made for a test and removed after it, where the tests run as root."""

import contextlib
import itertools
import os
import shlex
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

from exchanging import accounts
from running import ROOT


class OrdinaryUser:
    """A Unix account with a folder of its own; ourselves where we are an ordinary user already.

    Attributes
    ----------
    folder : Path
        The user's own; it ends with the user.
    ids : (uid, gid) or None
        The account's; None for ourselves.
    """

    def __init__(self, folder, ids, hidden=()):
        self.folder, self.ids = folder, ids
        self.path = _without(hidden, folder / "programs") if hidden else os.environ["PATH"]

    @property
    def environment(self):
        """What the user's programs find in their environment."""
        return {
            "PATH": f"{Path(sys.executable).parent}:{self.path}", "HOME": str(self.folder),
            "USER": "ordinary", "LOGNAME": "ordinary", "LANG": "C.UTF-8", "OMP_NUM_THREADS": "1",
        }  # fmt: skip

    def command(self, *command):
        """Return the command that runs another as this user, who can read the checkout and Python."""
        if self.ids is None:
            return list(command)
        become = ["setpriv", f"--reuid={self.ids[0]}", f"--regid={self.ids[1]}", "--clear-groups"]
        needed = {*ROOT.iterdir(), Path(sys.prefix), Path(sys.base_prefix), self.folder}
        if node := shutil.which("node"):
            needed |= {Path(node), Path(node).resolve()}
        lines = ["set -e", *_reach(needed | {path.resolve() for path in needed}), 'exec "$@"']
        # what the lines mount is mounted for this command only
        return ["unshare", "--mount", "sh", "-c", "\n".join(lines), "sh", *become, *command]

    def no_walls(self):
        """Say why this user can't build walls; nothing when they can."""
        if shutil.which("bwrap") is None:
            return "bubblewrap is missing: install the Debian package bubblewrap"
        tried = self.command(
            "bwrap", "--unshare-pid", "--ro-bind", "/", "/", "--proc", "/proc", "true"
        )
        done = subprocess.run(tried, env=self.environment, capture_output=True, text=True)
        if done.returncode == 0:
            return ""
        return f"this kernel gives ordinary users no namespaces: {done.stderr.strip()}"


@contextlib.contextmanager
def ordinary_user(*, hidden=()):
    """Make an ordinary user who finds no program of a hidden name; remove account and folder at the end."""
    folder = Path(tempfile.mkdtemp(prefix="hub-user-"))
    folder.chmod(0o755)
    try:
        if os.getuid() != 0:
            yield OrdinaryUser(folder, None, hidden)
            return
        with accounts("hub") as made:
            os.chown(folder, *made["hub"])
            yield OrdinaryUser(folder, made["hub"], hidden)
    finally:
        shutil.rmtree(folder)


def _reach(paths):
    """Return shell lines that let everyone reach the paths, whatever lies closed above them."""
    closed = {}
    for path in sorted(paths):
        for above in reversed(path.parents):
            if above.is_dir() and not above.stat().st_mode & stat.S_IXOTH:
                closed.setdefault(above, []).append(path)
                break
    if not closed:
        return []
    lines = ["mount -t tmpfs tmpfs /mnt"]
    shown = list(zip(itertools.count(), itertools.chain(*closed.values()), strict=False))
    for number, path in shown:
        lines += [_place(path, f"/mnt/{number}"), _bind(path, f"/mnt/{number}")]
    lines += [f"mount -t tmpfs -o mode=0755 tmpfs {shlex.quote(str(above))}" for above in closed]
    for number, path in shown:
        lines += [_place(path, path), _bind(f"/mnt/{number}", path)]
    return lines


def _place(like, where):
    """Return a line that makes an empty folder or file to mount something on."""
    where = Path(where)
    folder = where if like.is_dir() else where.parent
    line = shlex.join(["mkdir", "-p", str(folder)])
    return line if like.is_dir() else f"{line} && {shlex.join(['touch', str(where)])}"


def _bind(source, target):
    return shlex.join(["mount", "--rbind", str(source), str(target)])


def _without(hidden, folder):
    """Make a folder of links to every program that can be found, but the hidden ones; return it."""
    folder.mkdir()
    for place in map(Path, os.environ["PATH"].split(os.pathsep)):
        if place == Path(sys.executable).parent or not place.is_dir():
            continue  # Python finds its packages by its own place
        for program in place.iterdir():
            if program.name not in hidden and not os.path.lexists(folder / program.name):
                (folder / program.name).symlink_to(program)
    return str(folder)
