"""A tornado moves one input at a time; a flip value is where the decision turns."""

import math

import pytest

from supercycle import decision, facts


def test_the_widest_swing_comes_first_and_ranges_of_facts_are_used():
    rtt = facts.value("serving/path-network")
    frame = decision.tornado(
        lambda rtt, other: rtt + other, {"rtt": rtt, "other": 0.02}, {"other": (0.0, 0.01)}
    )
    assert list(frame.index) == ["rtt", "other"]
    assert frame.loc["rtt", "swing"] == pytest.approx(rtt.high - rtt.low)


def test_a_linear_advantage_flips_where_algebra_says():
    # 3 x − 12 = 0 at x = 4.
    assert decision.flip_value(
        lambda x, k: k * x - 12, {"x": 10.0, "k": 3.0}, "x", 0, 100
    ) == pytest.approx(4)


def test_a_decision_that_never_turns_has_no_flip_value():
    assert math.isnan(decision.flip_value(lambda x: x + 1, {"x": 1.0}, "x", 0, 10))


def test_an_unknown_input_is_named():
    with pytest.raises(ValueError, match="'y'"):
        decision.flip_value(lambda x: x, {"x": 1.0}, "y", 0, 1)
    with pytest.raises(ValueError, match="y"):
        decision.tornado(lambda x: x, {"x": 1.0}, {"y": (0, 1)})
