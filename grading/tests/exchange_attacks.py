"""What a student may try on the exchange with a Unix account of their own, and what comes of it.

    python grading/tests/exchange_attacks.py      # as root: the table, tried now

Ada attacks; Ben has submitted; Ina teaches. An attack ends in one of two ways: the kernel refuses it, or
`collect` refuses by name what it left, and collects everything else.
"""

import os
import re
import shutil
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]

from exchanging import LAB, TEACHER, VerbError, classroom_with_accounts, may_make_accounts  # noqa: E402

TOKEN = "0" * 32
KERNEL = "the kernel refuses it"


def drop(room, when="2026-01-01 00:00:00.000000 UTC"):
    """Put a submission into Ada's drop folder by hand."""
    folder = room.layout.inbound("ada") / f"{LAB}+{when}+{TOKEN}"
    folder.mkdir()
    folder.chmod(0o755)
    (folder / f"{LAB}.ipynb").write_text("by hand")
    (folder / f"{LAB}.ipynb").chmod(0o644)
    return folder


def bens(room):
    """Return the path of Ben's submission; only to know what to attack."""
    return Path(room.known["ben"])


def link_to_secret(room):
    (drop(room) / "data.csv").symlink_to(room.course / "gradebook.db")


def link_instead_of_notebook(room):
    page = drop(room) / f"{LAB}.ipynb"
    page.unlink()
    page.symlink_to(bens(room) / page.name)


def link_instead_of_submission(room):
    name = f"{LAB}+2026-01-01 00:00:00.000000 UTC+{TOKEN}"
    (room.layout.inbound("ada") / name).symlink_to(bens(room))


def linked_folder(room):
    (drop(room) / "data").symlink_to(room.course)


def hard_link(room):
    os.link(room.home("ada") / LAB / f"{LAB}.ipynb", drop(room) / "second.ipynb")


def pipe(room):
    os.mkfifo(drop(room) / "pipe")


def device(room):
    os.mknod(drop(room) / "device", 0o020644, os.makedev(1, 5))


def too_large(room):
    path = drop(room) / "large"
    path.touch()
    os.truncate(path, 10**9)


def unreadable(room):
    (drop(room) / f"{LAB}.ipynb").chmod(0)


def backdated(room):
    drop(room, "2020-01-01 00:00:00.000000 UTC")


def under_bens_name(room):
    return room.do("submit", "ada", CourseDirectory__student_id="ben")


def replace_gate(room):
    room.layout.inbound("ada").rename(room.layout.students / "ada" / "away")


#: name, what Ada does, who stops it (a part of the sentence of `collect` when it isn't the kernel)
ATTACKS = (
    ("list the class", lambda r: os.listdir(r.layout.students), KERNEL),
    ("list Ben's submissions", lambda r: os.listdir(r.layout.inbound("ben")), KERNEL),
    ("read Ben's submission", lambda r: (bens(r) / f"{LAB}.ipynb").read_text(), KERNEL),
    ("overwrite Ben's submission", lambda r: (bens(r) / f"{LAB}.ipynb").write_text("x"), KERNEL),
    ("delete Ben's submission", lambda r: shutil.rmtree(bens(r)), KERNEL),
    ("forge Ben's timestamp", lambda r: (bens(r) / "timestamp.txt").write_text("x"), KERNEL),
    ("set Ben's times back", lambda r: os.utime(bens(r), (0, 0)), KERNEL),
    ("hand something in for Ben", lambda r: (r.layout.inbound("ben") / "x").mkdir(), KERNEL),
    ("nbgrader submit --student=ben", under_bens_name, "no drop folder"),
    ("replace the release", lambda r: (r.layout.outbound / LAB / f"{LAB}.ipynb").write_text("x"), KERNEL),
    ("delete the release", lambda r: (r.layout.outbound / LAB).rename(r.layout.outbound / "x"), KERNEL),
    ("release a lab", lambda r: (r.layout.outbound / "lab99").mkdir(), KERNEL),
    ("write own feedback", lambda r: (r.layout.students / "ada/feedback/x").mkdir(), KERNEL),
    ("read Ben's feedback", lambda r: os.listdir(r.layout.students / "ben/feedback"), KERNEL),
    ("put another drop folder in place", replace_gate, KERNEL),
    ("add a student", lambda r: (r.layout.students / "eve").mkdir(), KERNEL),
    ("give own submission to Ben", lambda r: os.chown(drop(r), r.accounts["ben"][0], -1), KERNEL),
    ("hard link to Ben's notebook", lambda r: os.link(bens(r) / f"{LAB}.ipynb", drop(r) / "b"), KERNEL),
    ("make a device", device, KERNEL),
    ("link to the gradebook", link_to_secret, "'data.csv' is a link"),
    ("link to Ben's notebook", link_instead_of_notebook, f"'{LAB}.ipynb' is a link"),
    ("link to Ben's submission", link_instead_of_submission, "it is a link"),
    ("link to the course's folder", linked_folder, "'data' is a link"),
    ("hard link, to change it later", hard_link, "'second.ipynb' is a hard link"),
    ("pipe that never ends", pipe, "'pipe' is neither a file nor a folder"),
    ("file of 1 GB", too_large, "'large' has 1000.0 MB, more than the 100.0 MB"),
    ("notebook nobody can read", unreadable, "permission denied"),
    ("hand in late under an early time", backdated, "that one counts"),
)  # fmt: skip


def try_attack(room, attack):
    """Let Ada attack and Ina collect; return what Ada met and what `collect` said."""
    try:
        room.become("ada", lambda: str(attack(room)))
        met = "done"
    except VerbError as error:
        met = f"{error.kind}: {error.sentence}"
    _, said = room.acts("collect", TEACHER)
    return met, [line for line in said if line.startswith("ERROR")]


def class_under_attack():
    """Return a class of Ada and Ben in which both have fetched and Ben has submitted."""
    return classroom_with_accounts("ada", "ben")


def prepare(room):
    """Let the day begin."""
    room.release()
    room.acts("fetch", "ada")
    room.hand_in("ben", "Ben's work")
    room.known = {"ben": str(room.layout.dropped("ben")[0].path)}
    return room


def main():
    """Print the table."""
    if not may_make_accounts():
        sys.exit("the attacks need root and useradd: they are tried with real Unix accounts")
    print("| Ada tries to … | outcome |\n| --- | --- |")
    for name, attack, _ in ATTACKS:
        with class_under_attack() as room:
            prepare(room)
            met, said = try_attack(room, attack)
            sentence = said[-1].removeprefix("ERROR: ") if met == "done" else met.split(": ", 1)[1]
            if met.startswith("PermissionError"):
                sentence = f"{KERNEL}: {sentence.split(': ')[0].split('] ')[1].lower()}"
            sentence = re.sub(rf" {LAB}\+\S+ \S+ UTC\+{TOKEN}", "", sentence)
            kept = room.collected("ben") == "Ben's work"
            print(f"| {name} | {sentence}{'' if kept else ' **BEN LOST**'} |", flush=True)


if __name__ == "__main__":
    main()
