"""Sliders turn a figure; without them, the figure stands alone."""

import sys

import pytest
from IPython.core.interactiveshell import InteractiveShell

from supercycle import plots
from supercycle.explore import Knob, explore


def draw(batch):
    if batch > 30:
        raise ValueError(f"batch = {batch:g}: must be at most 30")
    return plots.bars({"a": batch}, claim=f"batch {batch:g}", x_label="x"), f"a bar of {batch:g}"


BATCH = Knob("requests in a batch", 8, 1, 64, log=True, steps=6)


@pytest.fixture
def shown(monkeypatch):
    """What a notebook would show: first displays and updates."""
    shell, seen = InteractiveShell.instance(), []
    monkeypatch.setattr(
        shell.display_pub, "publish",
        lambda data, metadata=None, *, update=False, **_: seen.append((data, update)),
    )  # fmt: skip
    yield seen
    InteractiveShell.clear_instance()


def texts(shown):
    return [(data["text/plain"], update) for data, update in shown if "image/png" in data]


def test_turning_a_slider_draws_anew_in_the_same_place(shown, monkeypatch):
    ipywidgets = pytest.importorskip("ipywidgets")
    made = []
    slider = ipywidgets.SelectionSlider
    monkeypatch.setattr(
        ipywidgets, "SelectionSlider", lambda **k: made.append(slider(**k)) or made[-1]
    )
    explore(draw, batch=BATCH)
    assert texts(shown) == [("a bar of 8", False)]
    made[0].value = 16.0
    assert texts(shown)[1:] == [("a bar of 16", True)]
    made[0].value = 64.0  # what the figure refuses leaves the last one standing
    assert len(texts(shown)) == 2


def test_without_widgets_the_figure_stands_alone(shown, monkeypatch):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    explore(draw, batch=BATCH)
    assert texts(shown) == [("a bar of 8", False)]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda: Knob("batch", 100, 1, 64), "batch: starts at 100"),
        (lambda: Knob("batch", 0, 0, 64, log=True), "must stay above 0"),
        (lambda: explore(draw), "at least one"),
    ],
)
def test_impossible_knobs_are_refused(wrong, says):
    with pytest.raises(ValueError, match=says):
        wrong()
