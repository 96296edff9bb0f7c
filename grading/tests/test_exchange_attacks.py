"""Each attack on the exchange by a student with a Unix account: refused, and nobody else loses."""

import os
import time

import pytest
from exchange_attacks import ATTACKS, KERNEL, class_under_attack, drop, prepare, try_attack
from exchanging import LAB, TEACHER, Classroom, VerbError, may_make_accounts

from grader.errors import GraderError
from grader.exchange import admit
from grader.exchange.files import Rules, copy, opened, survey

with_accounts = pytest.mark.skipif(
    not may_make_accounts(), reason="needs root and useradd: attacks are tried with real accounts"
)


@with_accounts
@pytest.mark.parametrize(("name", "attack", "stopped"), ATTACKS, ids=[a[0] for a in ATTACKS])
def test_the_attack_is_refused_and_ben_loses_nothing(name, attack, stopped):
    with class_under_attack() as room:
        prepare(room)
        release = (room.layout.outbound / LAB / f"{LAB}.ipynb").read_text()
        met, said = try_attack(room, attack)
        if stopped == KERNEL:
            assert met.startswith("PermissionError"), (met, said)
        else:
            assert stopped in (met if met != "done" else "\n".join(said))
        assert room.collected("ben") == "Ben's work"
        assert (room.layout.outbound / LAB / f"{LAB}.ipynb").read_text() == release
        assert [d.path.name for d in room.layout.dropped("ben")] == [bens_name(room)]
        if stopped not in (KERNEL, "that one counts"):
            assert room.collected("ada") is None


def bens_name(room):
    return os.path.basename(room.known["ben"])


@with_accounts
def test_a_backdated_submission_counts_from_when_it_was_written():
    with class_under_attack() as room:
        prepare(room)
        room.become("ada", lambda: str(drop(room, "2020-01-01 00:00:00.000000 UTC")))
        room.acts("collect", TEACHER)
        written = room.course / "submitted" / "ada" / LAB / "timestamp.txt"
        assert written.read_text().startswith(time.strftime("%Y-%m-%d", time.gmtime()))


@with_accounts
def test_an_honest_submission_is_still_taken_after_a_refused_one():
    with class_under_attack() as room:
        prepare(room)
        room.hand_in("ada", "honest")
        room.become("ada", lambda: str((drop(room) / "link").symlink_to("/etc/passwd")))
        _, said = room.acts("collect", TEACHER)
        assert room.collected("ada") == "honest"
        assert any("'link' is a link" in line for line in said)


@with_accounts
def test_a_student_opens_the_own_gate_to_nobody():
    with class_under_attack() as room:
        prepare(room)
        room.hand_in("ada", "mine")
        room.become("ada", lambda: room.layout.inbound("ada").chmod(0o777))
        with pytest.raises(VerbError, match="PermissionError"):
            room.become("ben", lambda: os.listdir(room.layout.inbound("ada")))
        with pytest.raises(VerbError, match="PermissionError"):
            room.become("ada", lambda: (room.layout.students / "ada").chmod(0o777))


@with_accounts
def test_somebody_elses_file_in_a_drop_folder_is_refused():
    with class_under_attack() as room:
        prepare(room)
        room.hand_in("ada", "mine")
        path = room.layout.dropped("ada")[0].path / f"{LAB}.ipynb"
        os.chown(path, room.accounts["ben"][0], -1)  # only root can bring this about
        _, said = room.acts("collect", TEACHER)
        assert any("belongs to somebody else" in line for line in said)
        assert room.collected("ada") is None
        assert room.collected("ben") == "Ben's work"


@with_accounts
def test_a_group_that_others_share_is_no_gate():
    with class_under_attack() as room:
        ada, ben = room.accounts["ada"], room.accounts["ben"]
        with pytest.raises(GraderError, match="shared with"):
            admit(room.layout, "ada", account=(ada[0], ben[1]), instructor=room.accounts[TEACHER])


@pytest.mark.parametrize("how", ["written", "replaced", "linked", "gone", "touched"])
def test_a_file_that_changes_between_look_and_copy_is_refused_by_name(tmp_path, how):
    source, target = tmp_path / "source", tmp_path / "target"
    (source / "data").mkdir(parents=True)
    target.mkdir()
    path = source / "data" / "a.txt"
    path.write_text("one")
    with opened(source) as folder:
        seen = survey(folder, Rules(10**6, 10**6))
        if how == "written":
            path.write_text("two")
        elif how == "touched":
            os.utime(path, (0, 0))
        else:
            path.unlink()
            if how == "replaced":
                path.write_text("one")
            if how == "linked":
                path.symlink_to("/etc/passwd")
        with pytest.raises(GraderError, match=r"'data/a\.txt' changed while it was copied"):
            copy(folder, seen, target)


def test_a_folder_that_becomes_a_link_between_look_and_copy_is_not_followed(tmp_path):
    room = Classroom(tmp_path, ["ada"])
    source = room.home("ada") / "work"
    (source / "data").mkdir(parents=True)
    (source / "data" / "a.txt").write_text("one")
    target = tmp_path / "target"
    target.mkdir()
    with opened(source) as folder:
        seen = survey(folder, Rules(10**6, 10**6))
        (source / "data").rename(tmp_path / "aside")
        (source / "data").symlink_to(tmp_path / "aside")
        with pytest.raises(GraderError, match="changed while it was copied"):
            copy(folder, seen, target)
