"""What a class report says is true, fits a phone and needs nothing from elsewhere."""

import dataclasses
import random
import re

import pytest

from grader import build
from grader.demo import made_up
from grader.engine import grade_class
from grader.errors import GraderError
from grader.feedback import feedback_html, misconception, write_feedback
from grader.gradebook import open_gradebook
from grader.mutation import mutants_of, mutation_rates
from grader.record import ItemResult, Result
from grader.report import item_rates, misconception_counts
from grader.report_page import report_html, write_report
from grader.similarity import reference_copies, similar_groups
from grader.source import read_lab
from grader.submission import fill, without_markers
from grader.variants import read_variants
from grader.verify import hand_in, released

LAB = "lab00_tiny"


def result(student, *scores):
    names = ("test_total_usd", "test_mean_usd", "explain")
    items = tuple(ItemResult(n, s, m) for n, s, m in zip(names, scores, (2, 3, 5), strict=True))
    return Result(student, "graded", score=sum(scores), max_score=10, items=items)


def test_an_item_that_the_strong_solve_tells_apart_and_one_drawn_at_random_does_not(course):
    lab = read_lab(course, LAB)
    rng = random.Random(1)
    strong = [result(f"s{n}", 2, rng.choice([0, 3]), 5) for n in range(200)]
    weak = [result(f"w{n}", 0, rng.choice([0, 3]), rng.choice([0, 1])) for n in range(200)]
    total, mean, _ = item_rates(lab, strong + weak)
    assert total.discrimination > 0.8
    assert abs(mean.discrimination) < 0.15
    assert total.mean_share == 0.5
    few = item_rates(lab, strong[:5] + weak[:4])
    assert few[0].discrimination is None
    assert item_rates(lab, strong)[0].discrimination is None


def test_discrimination_is_the_correlation_with_all_other_items(course):
    import numpy as np

    rng = random.Random(2)
    rows = [
        result(f"s{n}", rng.choice([0, 1, 2]), rng.choice([0, 3]), rng.choice([0, 2, 5]))
        for n in range(50)
    ]
    scores = np.array([[item.score for item in row.items] for row in rows])
    for at, rate in enumerate(item_rates(read_lab(course, LAB), rows)):
        others = np.delete(scores, at, axis=1).sum(axis=1)
        assert rate.discrimination == pytest.approx(np.corrcoef(scores[:, at], others)[0, 1])


def test_a_failed_test_points_at_the_misconception_of_its_mutant(course):
    variants = read_variants(read_lab(course, LAB))
    item = ItemResult(
        "test_total_usd", 0, 2, said="the sum of three prices: only the last price is kept"
    )
    believed = misconception(item, variants)
    assert believed == next(v.misconception for v in variants if v.name == "last_price")
    assert misconception(dataclasses.replace(item, said="something else"), variants) == ""
    wrong = dataclasses.replace(result("a", 0, 3, 5), items=(item,))
    assert misconception_counts([wrong, wrong], variants) == [("test_total_usd", believed, 2)]


COPIED = """def total_usd(prices_usd):
    # my own idea of it
    result = 0.0
    position = 0
    while position < len(prices_usd):
        result = result + prices_usd[position] * 1.0
        position = position + 1
    return result
"""
RENAMED = COPIED.replace("result", "answer").replace("# my own idea of it", "# mine")
COPIED_TOO = """def mean_usd(prices_usd):
    if prices_usd == [] or len(prices_usd) == 0:
        raise ValueError("please give me a price, there is none")
    gathered = [float(p) + 0.0 for p in prices_usd]
    return sum(gathered) * (1 / len(gathered))
"""


def test_two_who_share_rare_answers_are_grouped_and_right_answers_alone_are_no_sign(course):
    lab = read_lab(course, LAB)
    alternative = next(v for v in read_variants(lab) if v.kind == "alternative")
    answers = {
        f"s{n:02d}": {
            "total_usd": without_markers(lab.answers["total_usd"]),
            "mean_usd": alternative.answers["mean_usd"],
        }
        for n in range(40)
    }
    answers["ann"] = {"total_usd": COPIED, "mean_usd": COPIED_TOO}
    answers["bob"] = {"total_usd": RENAMED, "mean_usd": COPIED_TOO}
    answers["cid"] = {
        "total_usd": COPIED.replace("* 1.0", "* 2.0"),
        "mean_usd": lab.answers["mean_usd"],
    }
    (group,) = similar_groups(lab, {}, answers)
    assert group.students == ("ann", "bob")
    assert group.evidence == (
        "ann and bob: mean_usd word for word",
        "ann and bob: total_usd but for names and comments",
    )
    copies = reference_copies(lab, {}, answers)
    assert "ann" not in copies
    assert copies["s00"] == ("mean_usd",)  # the other is too short to show anything


def test_the_page_is_self_contained_names_flags_and_escapes(course):
    lab = read_lab(course, LAB)
    nasty = dataclasses.replace(
        result("<script>x</script>", 0, 0, 0),
        flags=("<b>tampered",),
        slow=(("<i>cell", 12.0),),
        sandboxed=False,
    )
    page = report_html(lab, [nasty, result("ben", 2, 3, 5)])
    assert "<script" not in page
    assert "<b>tampered" not in page
    assert "&lt;b&gt;tampered" in page
    assert "without the sandbox" in page
    assert "http" not in page
    assert 'name="viewport"' in page
    assert "@media print" in page


@pytest.fixture
def graded(course, alone):
    build.release(course, read_lab(course, LAB))
    lab = read_lab(course, LAB)
    for n in range(6):
        hand_in(course, LAB, f"s{n}", fill(released(course, LAB), made_up(lab, f"s{n}")))
    return course, lab, grade_class(course, LAB, (), alone)


def test_feedback_says_what_was_asked_what_failed_and_why_and_never_how_it_was_tested(graded):
    course, lab, results = graded
    with open_gradebook(course) as book:
        pages = write_feedback(course, lab, book)
    assert set(pages) == {r.student for r in results}
    failing = [r for r in results if any("only the last price" in i.said for i in r.items)]
    assert failing
    page = pages[failing[0].student].read_text()
    assert "✗ the sum of three prices: only the last price is kept" in page
    assert "Asked for: total_usd: Return the sum of prices [USD]." in page
    assert "Likely: " in page
    for path in pages.values():
        whole = path.read_text()
        assert "HIDDEN" not in whole
        assert "2.0, 4.0" not in whole
        assert "http" not in whole
        assert "<script" not in whole


def test_a_total_is_so_far_until_written_answers_are_read(graded):
    course, lab, results = graded
    with open_gradebook(course) as book:
        waiting = next(r for r in results if any(item.manual for item in r.items)).student
        page = write_feedback(course, lab, book, [waiting])[waiting].read_text()
        assert re.search(r'<p class="total">[^<]* so far</p>', page)
        grade = book.find_grade("explain", lab.name, lab.name, waiting)
        grade.manual_score, grade.needs_manual_grade = 4.0, False
        book.db.commit()
        page = write_feedback(course, lab, book, [waiting])[waiting].read_text()
    assert "so far" not in page
    assert "◐ explain" in page  # 4 of 5: neither right nor wrong


def test_a_hidden_test_in_a_message_or_an_output_is_cut_out(course):
    lab = read_lab(course, LAB)
    hidden = 'check.agrees("the mean of three prices", mean_usd([1.0, 2.0, 6.0]), 3.0)'
    told = Result(
        "ada",
        "graded",
        items=(ItemResult("test_mean_usd", 0, 3, said=f"line 3: {hidden}"),),
        max_score=3,
    )
    notebook = {"cells": [{"cell_type": "code", "source": "x", "metadata": {"nbgrader": {"grade_id": "mean_usd"}},
                           "outputs": [{"output_type": "stream", "name": "stdout", "text": f"see\n{hidden}\n"}]}]}  # fmt: skip
    page = feedback_html(lab, told, notebook, [])
    assert "the mean of three prices" not in page
    assert page.count("[a line of a hidden test]") == 2


def test_mechanical_mutants_are_noticed_and_an_equivalent_one_is_not_held_against_the_tests(
    course, script, toml, edit
):
    assert mutants_of("x = 1 + 2")
    rates = {rate.answer: rate for rate in mutation_rates(read_lab(course, LAB))}
    assert set(rates) == {"total_usd", "mean_usd"}
    assert all(rate.adjusted == 1.0 for rate in rates.values())
    edit(script, "running_total_usd = 0.0\n", "running_total_usd = 0.0\n    unused = 7\n")
    (rate,) = [r for r in mutation_rates(read_lab(course, LAB)) if r.answer == "total_usd"]
    (survivor,) = rate.survivors
    assert survivor.endswith("7 → 8")
    assert (rate.raw, rate.adjusted) == (rate.killed / rate.total, rate.killed / rate.total)
    toml.write_text(toml.read_text() + f'\n[equivalent]\n"{survivor}" = "nothing reads it"\n')
    (rate,) = [r for r in mutation_rates(read_lab(course, LAB)) if r.answer == "total_usd"]
    assert (rate.adjusted, rate.survivors, rate.equivalent) == (1.0, (), (survivor,))
    assert rate.raw < 1.0
    edit(toml, "7 → 8", "7 → 9")
    with pytest.raises(GraderError, match="which is no mechanical mutant; did you mean"):
        mutation_rates(read_lab(course, LAB))


def test_an_equivalent_mutant_that_is_noticed_is_none(course, toml):
    noticed = next(
        f"total_usd:{name}" for name in mutants_of(read_lab(course, LAB).answers["total_usd"])
    )
    toml.write_text(toml.read_text() + f'\n[equivalent]\n"{noticed}" = "wrongly"\n')
    with pytest.raises(GraderError, match="but the tests notice it"):
        mutation_rates(read_lab(course, LAB))


def test_a_class_of_any_size_is_made_up_the_same_every_time(course, alone, tmp_path):
    lab = read_lab(course, LAB)
    assert made_up(lab, "x") == made_up(lab, "x")
    assert len({str(made_up(lab, f"student-{n}")) for n in range(30)}) == 30


def test_the_report_of_a_class_is_written_with_who_is_alike(graded):
    course, lab, results = graded
    page = write_report(course, lab, results).read_text()
    for one in results:
        assert f">{one.student}</th>" in page
    assert "Misconceptions" in page
