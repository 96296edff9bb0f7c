"""Mutants and alternatives: their format, and what running them in forks can stand."""

import pytest

from grader.errors import GraderError
from grader.replay import replay
from grader.source import read_lab
from grader.variants import Variant, read_variant, read_variants

LAB = "lab00_tiny"
HEADER = """# /// mutant
# cell = "total_usd"
# loses = ["test_total_usd"]
# misconception = "m"
# message = ""
# ///
"""


def test_a_variant_may_replace_several_answers(course):
    variants = {v.name: v for v in read_variants(read_lab(course, LAB))}
    assert set(variants["builtins"].answers) == {"total_usd", "mean_usd"}
    assert variants["last_price"].loses == ("test_total_usd",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def f(): pass\n", "must begin with '# /// mutant'"),
        (HEADER, "holds no code below its header"),
        (HEADER.replace('"total_usd"', '"totl_usd"') + "x = 1", "did you mean total_usd?"),
        (HEADER.replace('"test_total_usd"', '"explain"') + "x = 1", "loses 'explain', which is no tested item"),
        (HEADER.replace('["test_total_usd"]', "[]") + "x = 1", "loses nothing"),
        (HEADER.replace("# misconception = \"m\"\n", "") + "x = 1", "lacks 'misconception'"),
        (HEADER.replace("# misconception", "# conception = 1\n# misconception") + "x = 1", "unknown key 'conception'"),
        (HEADER.replace('"m"', "m") + "x = 1", "its header is not valid TOML"),
        (HEADER.replace("mutant", "alternative", 1) + "x = 1", "put it into alternatives/"),
        (HEADER + "x = 1\n# %% mean_usd\n", "the answer 'mean_usd' is empty"),
    ],
)  # fmt: skip
def test_a_malformed_variant_is_refused_by_name(course, text, said):
    lab = read_lab(course, LAB)
    path = lab.folder / "mutants" / "odd.py"
    path.write_text(text)
    with pytest.raises(GraderError) as error:
        read_variant(path, lab)
    assert said in str(error.value)
    assert "odd.py" in str(error.value)


def test_a_variant_that_dies_loops_or_prints_to_stderr_loses_its_points_only(course):
    lab = read_lab(course, LAB)
    bodies = {
        "dies": "import os; os._exit(3)",
        "loops": "while True: pass",
        "stderr": "import sys; print('hm', file=sys.stderr); return 7.0",
        "exits": "raise SystemExit",
    }
    sets = [
        Variant(name, "trial", {"total_usd": f"def total_usd(prices_usd):\n    {body}"})
        for name, body in bodies.items()
    ]
    played = replay(lab, [*sets, Variant("solution", "solution", {})])
    scores = {
        name: (items["test_total_usd"][0], items["test_mean_usd"][0])
        for name, items in played.items()
    }
    assert scores == {
        "trial/dies": (0.0, 0.0),  # the process ended: nothing after it was run
        "trial/loops": (0.0, 3.0),
        "trial/stderr": (0.0, 3.0),  # as nbgrader does
        "trial/exits": (0.0, 3.0),
        "solution/solution": (2.0, 3.0),
    }
