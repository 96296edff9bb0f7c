"""A class's day in a real browser, in the order in which it happens."""

import csv
import io

import pytest
from pages import LAB
from running import SOLUTIONS

from grader import doctor
from grader.course import Course
from grader.journal import Journal
from grader.seeds import seed_variable
from grader.source import read_lab
from hub import assistants, exchange

COMMENT = "A spread beside the mean would say more; I take $\\sigma$ as read."


@pytest.fixture(scope="session")
def lab():
    """The tiny lab with its solution."""
    return read_lab(Course.at(SOLUTIONS.parent), LAB)


def test_the_instructor_takes_a_lab_back_and_releases_it_again(visit):
    ina = visit("ina")
    frame = ina.formgrader()
    frame.locator("td.release").wait_for()
    for done in ("unreleased", "released"):
        title, said = ina.press(frame, "release")
        assert title == "Success"
        assert f"Successfully {done} '{LAB}'." in said
    ina.picture("instructor-1-released")


def test_a_student_fetches_fails_solves_and_submits(visit, lab):
    ada = visit("ada")
    ada.assignments()
    ada.in_list("released", "Fetch").click()
    ada.in_list("fetched", "Submit").wait_for()
    ada.picture("student-1-fetched")

    said = ada.validate()
    assert "The following cell failed" in said
    assert "NotImplementedError" in said
    assert "You did not provide a response." in said
    ada.picture("student-2-validate-fails")
    ada.dismiss()

    ada.open_notebook()
    ada.run_all()
    ada.printed("NotImplementedError")
    ada.picture("student-3-first-run")
    for number, cell in enumerate(lab.notebook.cells):
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name in lab.answers:
            lines = lab.answers[name].splitlines()
            ada.answer(number, "\n".join(line for line in lines if "### " not in line))
    ada.run_all()
    ada.printed("total_usd has the right size")
    ada.all_have_run()
    assert ada.page.locator(".jp-Notebook .jp-RenderedText", has_text="Error").count() == 0
    ada.save()
    ada.picture("student-4-solved")

    ada.assignments()
    assert "Success! Your notebook passes all the tests." in ada.validate()
    ada.picture("student-5-validate-passes")
    ada.dismiss()
    ada.in_list("fetched", "Submit").click()
    ada.page.locator("#submitted_assignments_list .list_item", has_text=LAB).first.wait_for()
    ada.picture("student-6-submitted")


def test_each_student_has_the_own_scenario_of_every_released_lab(visit, hub):
    ada, ben = visit("ada").scenarios(), visit("ben").scenarios()
    assert {"ada": ada, "ben": ben} == visit("ina").seeds("ada", "ben")
    assert set(ada) == {seed_variable(lab) for lab in exchange.released(hub.folders)}
    assert all(ada[variable] != ben[variable] for variable in ada)


def test_assistants_find_what_they_may_do_and_students_cannot_change_it(visit, hub):
    ada, pages = visit("ada"), assistants.pages()
    assert [page.name for page in pages] == ["AGENTS.md", "AI_TUTOR.md"]
    assert [ada.read(page.name) for page in pages] == [page.read_text() for page in pages]
    ada.page.locator(".jp-DirListing-item", has_text="AI_TUTOR.md").wait_for()
    said = ada.terminal("for page in ~/A*.md; do echo mine >>$page; chmod u+w $page; done")
    assert said.count("Permission denied") + said.count("not permitted") == 2 * len(pages), said


def test_the_preflight_finds_nothing_wrong(visit):
    said = visit("ina").terminal("cd ~/course && COLUMNS=200 grader doctor")
    visit("ina").picture("instructor-7-doctor")
    marks = {line.split()[1]: line[0] for line in said.splitlines() if line[0] in "✓!✗"}
    assert set(marks) == {check.__name__ for check in doctor.CHECKS}
    assert "✗" not in marks.values(), said
    assert marks["exchange"] == "✓", said


def test_another_student_submits_it_untouched(visit):
    ben = visit("ben")
    ben.assignments()
    ben.in_list("released", "Fetch").click()
    ben.in_list("fetched", "Submit").click()
    ben.page.locator("#submitted_assignments_list .list_item", has_text=LAB).first.wait_for()


def test_the_instructor_collects_grades_reads_and_releases_feedback(visit, hub):
    ina = visit("ina")
    frame = ina.formgrader()
    title, said = ina.press(frame, "collect")
    assert title == "Success"
    assert "2 collected, 0 refused" in said
    ina.picture("instructor-2-collected")

    frame.locator("td.num-submissions a").click()
    for student, score in (("ada", "5"), ("ben", "0")):
        frame.locator("td.autograde").first.wait_for()
        title, said = ina.press(frame, "autograde", student)
        assert title == "Success"
        assert f"{student}:" in said
        row = frame.locator("tr", has_text=student)
        assert row.locator("td.score").inner_text() == f"{score} / 10"
    ina.picture("instructor-3-autograded")
    results = Journal(Course.at(hub.folders.course), LAB).current()
    assert {name: entry.result.sandboxed for name, entry in results.items()} == {
        "ada": True, "ben": True,
    }  # fmt: skip

    frame.get_by_role("link", name="Manual Grading").click()
    frame.get_by_role("link", name=LAB).click()
    frame.locator("td", has_text=LAB).get_by_role("link", name=LAB).click()
    of_ada = frame.locator("tbody tr", has_text="5 / 10")
    of_ada.locator("a", has_text="Submission #").click()
    score = frame.locator("input#explain.needs_manual_grade")  # once the grades have come
    score.scroll_into_view_if_needed()
    for place, text, kind in (
        ("input#explain", "4", "grade"), ("#explain-comment", COMMENT, "comment"),
    ):  # fmt: skip
        with ina.page.expect_response(lambda answer, kind=kind: f"/api/{kind}/" in answer.url):
            frame.locator(place).fill(text)
            frame.locator(place).press("Tab")
    ina.picture("instructor-4-manual")

    frame.get_by_role("link", name="Manual Grading").click()
    frame.get_by_role("link", name="Manage Assignments").click()
    assert ina.press(frame, "generate-feedback")[0] == "Success"
    assert ina.press(frame, "release-feedback")[0] == "Success"
    ina.picture("instructor-5-feedback")


def test_the_instructor_exports_the_grades(visit):
    ina = visit("ina")
    said = ina.terminal(f"cd ~/course && grader export {LAB} grades.csv")
    ina.picture("instructor-6-export")
    rows = list(csv.DictReader(io.StringIO(ina.read("course/grades.csv") or said)))
    assert {"ada", "ben"} <= {value for row in rows for value in row.values()}, rows
    of_ada = next(row for row in rows if "ada" in row.values())
    assert "9" in [value.removesuffix(".0") for value in of_ada.values()], of_ada


def test_the_student_reads_the_feedback_with_the_score(visit):
    ada = visit("ada")
    ada.assignments()
    ada.refresh_assignments()
    ada.in_list("submitted", "Fetch Feedback").click()
    view = ada.page.locator("#submitted_assignments_list a", has_text="view feedback")
    view.wait_for()
    ada.picture("student-7-feedback-fetched")
    view.click()
    ada.page.locator(".jp-DirListing-item", has_text=f"{LAB}.html").dblclick()
    page = ada.page.frame_locator(".jp-HTMLViewer iframe")
    page.locator(".total", has_text="9").wait_for()
    ada.picture("student-8-feedback")
    assert page.locator(".total").inner_text().split() == ["9", "/", "10"]
    assert page.locator(".comment").inner_text() == COMMENT
