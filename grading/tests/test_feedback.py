"""Feedback tells what failed and never how it was tested."""

from nbformat.v4 import new_code_cell, new_notebook, new_output

from grader.preprocessors import HideTests, RunGradedCells

SECRET = 'assert price_usd(3, 4) == 12, "three at four dollars"'
SOURCE = f"price_usd(1, 1)\n### BEGIN HIDDEN TESTS\n{SECRET}\n### END HIDDEN TESTS"
TEST = {
    "nbgrader": {"grade": True, "solution": False, "locked": True, "grade_id": "t", "points": 1}
}


def shown(*outputs, metadata=TEST):
    """Return what a test cell and its outputs look like in feedback."""
    test = new_code_cell(SOURCE, metadata=TEST)
    other = new_code_cell("look()", metadata=metadata, outputs=list(outputs))
    notebook, _ = HideTests()(new_notebook(cells=[test, other]), {})
    return notebook.cells


def test_the_hidden_region_is_cut_and_the_visible_check_stays():
    assert shown()[0].source == "price_usd(1, 1)\n"


def test_a_traceback_in_a_test_becomes_its_message():
    error = new_output(
        "error",
        ename="TypeError",
        evalue="unsupported operand",
        traceback=["----> 3 " + SECRET, "more"],
    )
    assert shown(error)[1].outputs[0].traceback == ["TypeError: unsupported operand"]


def test_a_check_keeps_its_own_sentence():
    error = new_output("error", ename="CheckError", evalue="too large", traceback=["✗ too large"])
    assert shown(error)[1].outputs[0].traceback == ["✗ too large"]


def test_whatever_output_repeats_a_hidden_line_loses_that_line():
    coloured = f"\x1b[31mbefore\x1b[0m\n  {SECRET}\nafter"
    outputs = [
        new_output("stream", name="stdout", text=coloured),
        new_output("display_data", data={"text/plain": SECRET, "text/html": f"<b>{SECRET}</b>"}),
        new_output("error", ename="E", evalue="", traceback=["a\n" + SECRET]),
    ]
    cell = shown(*outputs, metadata={})[1]
    assert SECRET not in str(cell)
    assert cell.outputs[0].text == "before\n[a line of a hidden test]\nafter"


def test_a_graded_cell_is_run_even_if_a_submission_tags_it_as_exploring():
    test = new_code_cell("check()", metadata={**TEST, "tags": ["explore", "mine"]})
    own = new_code_cell("plot()", metadata={"tags": ["explore"]})
    notebook, _ = RunGradedCells()(new_notebook(cells=[test, own]), {})
    assert notebook.cells[0].metadata.tags == ["mine"]
    assert notebook.cells[1].metadata.tags == ["explore"]
