"""Figures carry their claim, their units and a text for those who cannot see them."""

import io
import warnings

import pandas as pd
import pytest

from supercycle import plots


def texts(axes):
    return [t.get_text() for t in axes.texts]


def test_a_budget_shows_each_part_once_and_the_parts_end_where_the_total_ends():
    axes = plots.budget_waterfall(
        {"network": 0.03, "prefill": 0.4, "decode": 0.02}, claim="Prefill dominates", target_s=0.45
    )
    assert axes.get_title(loc="left") == "Prefill dominates"
    assert [t.get_text() for t in axes.get_yticklabels()][-1] == "time to first token"
    ends = [bar.get_x() + bar.get_width() for bar in axes.patches]
    assert ends[-2] == pytest.approx(ends[-1]) == pytest.approx(0.45)
    assert any("400 ms  89%" in t for t in texts(axes))
    assert "seconds" in axes.get_xlabel()


def test_a_sweep_labels_each_line_at_its_end():
    axes = plots.sweep(
        [1, 10], {"a": [1, 2], "b": [3, 4]}, claim="c", x_label="x [s]", y_label="y [B]", log="x"
    )
    assert texts(axes) == ["a", "b"]
    assert axes.get_xscale() == "log"
    assert axes.get_yscale() == "linear"


def test_a_label_of_a_sweep_stays_legible_where_the_target_passes_behind_it():
    axes = plots.sweep(
        [10, 1], {"a": [1, 2]}, claim="c", x_label="x", y_label="y", target=(2.02, "promised")
    )
    label = next(t for t in axes.texts if t.get_text() == "a")
    assert label.get_bbox_patch().get_facecolor()[:3] == (1.0, 1.0, 1.0)
    assert label.get_zorder() > max(line.get_zorder() for line in axes.lines)


def test_bars_stand_in_the_order_given_and_say_their_values():
    axes = plots.bars(
        {"power": 20.1, "memory": 0.5}, claim="c", x_label="GW", highlight=["power"], shown="{:.1f}"
    )
    assert [t.get_text() for t in axes.get_yticklabels()] == ["power", "memory"]
    assert texts(axes) == ["20.1", "0.5"]
    assert axes.yaxis_inverted()
    red, blue = (bar.get_facecolor() for bar in axes.patches)
    assert red != blue


def test_a_tornado_puts_the_widest_bar_on_top():
    frame = pd.DataFrame(
        {"low": [0.0, 500.0], "high": [6000.0, 2e8], "at_low": [-5.0, -1.0], "at_high": [5.0, 1.0]},
        index=["loss_per_s", "price"],
    )
    axes = plots.tornado(frame, claim="c", x_label="USD", base=0.0)
    assert [t.get_text() for t in axes.get_yticklabels()] == ["loss per s", "price"]
    assert axes.yaxis_inverted()
    assert {"0", "6 k", "500", "200 M"} == set(texts(axes))


def test_a_tornado_keeps_labels_apart_where_both_ends_lie_on_one_side():
    frame = pd.DataFrame(
        {"low": [1.2], "high": [2.5], "at_low": [5.0], "at_high": [4.0]}, index=["cheaper"]
    )
    axes = plots.tornado(frame, claim="c", x_label="USD", base=1.0)
    sides = {t.get_text(): t.get_ha() for t in axes.texts}
    assert sides == {"1.2": "left", "2.5": "right"}
    widths = [bar.get_width() for bar in axes.patches]
    assert widths == [4.0, 3.0]  # the shorter bar is drawn over the longer


def test_a_notebook_gets_the_picture_together_with_its_text(capsys, monkeypatch):
    shown = {}
    monkeypatch.setattr(
        "IPython.display.display", lambda data, **kind: shown.update(data=data, **kind)
    )
    with plots.figure("claim") as axes:
        axes.plot([0, 1])
    plots.show(axes, "a rising line")
    assert shown["metadata"]["image/png"]["alt"] == "a rising line"
    assert shown["data"]["text/plain"] == "a rising line"
    assert len(shown["data"]["image/png"]) > 1000
    with pytest.raises(ValueError, match="what the figure shows"):
        plots.show(axes, " ")


def test_colours_differ_for_every_kind_of_colour_vision():
    # Okabe and Ito (2008): the published hex codes.
    assert plots.COLOURS["blue"] == "#0072B2"
    assert plots.COLOURS["red"] == "#D55E00"
    assert len(set(plots.COLOURS.values())) == len(plots.COLOURS)


def test_a_ledger_names_every_part_and_its_sum():
    axes = plots.ledger({"a": 6e9, "b": -2e9}, claim="One $ in", total="sum", x_label="USD a year")
    labels = [text.get_text() for text in axes.get_yticklabels()]
    assert labels == ["a", "b", "sum"]
    assert [text.get_text() for text in axes.texts] == ["$6 bn  150%", "−$2 bn  −50%", "$4 bn"]
    assert axes.get_title(loc="left") == r"One \$ in"


def test_a_strip_has_a_row_for_each_name_and_a_colour_for_each_kind():
    axes = plots.strip(
        {"shell": {"facility": 10.0, "IT": 12.0}, "whole": {"IT": 40.0}},
        claim="c",
        x_label="USD",
        target=(70.0, "said"),
    )
    assert [t.get_text() for t in axes.get_yticklabels()] == ["shell", "whole"]
    facility, it = axes.collections
    assert facility.get_offsets().tolist() == [[10.0, 0.0]]
    assert it.get_offsets().tolist() == [[12.0, 0.0], [40.0, 1.0]]
    assert [t.get_text() for t in axes.get_legend().get_texts()] == ["facility", "IT"]
    assert "said" in texts(axes)


def test_labels_of_lines_that_end_together_stand_apart():
    x = [0.0, 1.0, 2.0]
    lines = {"a": [5.0, 1.0, 0.0], "b": [3.0, 1.0, 0.01], "c": [1.0, 2.0, 0.0], "far": [1, 2, 4]}
    axes = plots.sweep(x, lines, claim="ends", x_label="x", y_label="y")
    axes.figure.savefig(io.BytesIO(), format="png")
    boxes = {t.get_text(): t.get_window_extent() for t in axes.texts}
    names = list(boxes)
    for i, one in enumerate(names):
        for other in names[i + 1 :]:
            overlap = min(boxes[one].y1, boxes[other].y1) - max(boxes[one].y0, boxes[other].y0)
            assert overlap < 0.25 * boxes[one].height, (one, other)
    y_end = axes.transData.transform((2.0, 4.0))[1]
    assert abs((boxes["far"].y0 + boxes["far"].y1) / 2 - y_end) < 0.5 * boxes["far"].height


def test_a_strip_of_few_rows_has_room_for_its_legend_and_a_claim_of_two_lines():
    worlds = {f"world {k}": {"profit": 1.0 * k, "surplus": 300.0} for k in range(3)}
    claim = "A claim that is so long that it takes two lines of a figure, as claims with numbers do"
    axes = plots.strip(worlds, claim=claim, x_label="bn USD a year")
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # matplotlib warns where it finds no layout
        axes.figure.savefig(io.BytesIO())


def test_a_roofline_says_what_each_work_reaches_of_the_ceiling():
    axes = plots.roofline(8e15, 4e13, {"decode": 1.0, "prefill": 2000.0}, claim="c")
    assert texts(axes) == [
        "ridge 200 FLOP/B",
        "decode: 0.5 % of the computing ceiling",
        "prefill: 100 % of the computing ceiling",
    ]
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
