"""`make hub` by an ordinary user: walls without accounts, and the demo of a machine without bubblewrap."""

import os

import pytest
from ordinary import ordinary_user
from pages import LAB, Visits
from running import RunningHub

from grader.course import Course
from grader.journal import Journal


@pytest.fixture(scope="module")
def hub(proxy):
    """A hub that an ordinary user started."""
    with ordinary_user() as user:
        if why := user.no_walls():
            pytest.skip(why)
        with RunningHub(user.folder / "data", user=user) as running:
            yield running


@pytest.fixture(scope="module")
def visit(hub, browser, screenshots):
    """Browsers of its members."""
    return Visits(hub, browser, screenshots)


@pytest.fixture(scope="module")
def demo(proxy):
    """A hub that an ordinary user started on a machine without bubblewrap."""
    with (
        ordinary_user(hidden=("bwrap",)) as user,
        RunningHub(user.folder / "data", user=user) as running,
    ):
        yield running


@pytest.fixture(scope="module")
def visit_demo(demo, browser, screenshots):
    """Browsers of its members."""
    return Visits(demo, browser, screenshots)


def owner(process):
    """Return whose a process is."""
    return os.stat(f"/proc/{process}").st_uid


def fetch_and_submit(visitor):
    """Fetch and submit the lab with the assignment list."""
    visitor.assignments()
    visitor.in_list("released", "Fetch").click()
    visitor.in_list("fetched", "Submit").click()
    done = visitor.page.locator("#submitted_assignments_list .list_item", has_text=LAB)
    done.first.wait_for()


# -- walls without accounts --------------------------------------------------------------------------
def test_hub_and_servers_run_as_the_user_who_started_it(hub, visit):
    assert "walls of its own (bubblewrap), all run as you" in hub.said()
    visit("ada"), visit("ina")
    user = hub.user.ids[0] if hub.user.ids else os.getuid()
    assert user != 0
    assert {owner(hub.server(name)) for name in ("ada", "ina")} == {user}
    assert owner(hub.process.pid) == user


def test_a_student_fetches_and_submits(hub, visit):
    ada = visit("ada")
    fetch_and_submit(ada)
    ada.picture("ordinary-user-1-submitted")
    assert [path.name.split("+")[0] for path in hub.dropped("ada")] == [LAB]


def test_nothing_of_others_is_there(hub, visit):
    script = "\n".join(f"test -e '{p}' && echo '{p}'" for p in hub.closed_to("ada"))
    look = (
        "\nls /home\ncat /proc/*/environ 2>/dev/null | grep -ac 'USER=ina'\n"
        "ls $SUPERCYCLE_EXCHANGE/*/students\n"
    )
    assert visit("ada").terminal(script + look).split() == ["ada", "0", "ada"]
    visit("ada").picture("ordinary-user-2-nothing-found")


def test_each_student_has_the_own_scenario(hub, visit):
    ada, codes = visit("ada").scenarios(), visit("ina").seeds("ada", "ben")
    assert ada == codes["ada"]
    assert all(ada[variable] != codes["ben"][variable] for variable in ada)


def test_the_instructor_grades_in_the_sandbox(hub, visit):
    ina = visit("ina")
    for step in (
        f"/formgrader/api/assignment/{LAB}/collect", f"/formgrader/api/submission/{LAB}/ada/autograde",
    ):  # fmt: skip
        answer = ina.ask("POST", step).json()
        assert answer["success"], answer
    entry = Journal(Course.at(hub.folders.course), LAB).current()["ada"]
    assert entry.result.sandboxed


# -- no walls ----------------------------------------------------------------------------------------
def test_the_demo_says_what_it_is(demo, visit_demo):
    assert "DEMO, NOT ISOLATED: bubblewrap is not installed" in demo.said()
    ada = visit_demo.stranger("ada")
    ada.page.goto(f"{demo.url}/hub/login")
    ada.page.get_by_text("Demo, not isolated").wait_for()
    ada.picture("demo-1-login")
    ada = visit_demo("ada")
    ada.page.locator(".jp-DirListing-item", has_text="AI_TUTOR.md").wait_for()
    ada.picture("demo-2-lab")
    ada.page.goto(f"{demo.url}/hub/home")
    assert ada.page.get_by_text("Demo, not isolated").is_visible()


def test_the_demo_works(demo, visit_demo):
    ada = visit_demo("ada")
    ada.reload()
    fetch_and_submit(ada)
    ada.picture("demo-3-submitted")
    assert len(demo.dropped("ada")) == 1
    home = ada.terminal("cd; pwd; id -u").split()
    assert home == [str(demo.folders.home("ada")), str(owner(demo.server("ada")))]
    # which is what the sentence warns of
    assert "ben" in ada.terminal(f"ls {demo.folders.root / 'homes'}").split()
