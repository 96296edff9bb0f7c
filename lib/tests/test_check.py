"""Checks coach: each slip that students make gets the sentence that names it."""

import math

import numpy as np
import pytest

from supercycle import check, models


def refusal(call):
    with pytest.raises(check.CheckError, match=r"^[^\n]+$") as refused:
        call()
    return str(refused.value)


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (None, "is there a return statement"),
        ("12 ms", "return a number, without its unit"),
        (True, "not a truth value"),
        (math.nan, "gives NaN"),
        (math.inf, "is infinite"),
        (np.ones(3), "array of shape (3,): one number"),
        (abs, "a function: call it"),
        ({}, "a dict"),
        ([[1], [2, 3]], "more than numbers"),
        (1e9, "implausibly too large in s"),
        (1e-9, "implausibly too small in s"),
    ],
)
def test_a_value_that_is_no_plausible_number_is_explained(value, sentence):
    assert sentence in refusal(lambda: check.number("f(x)", value, low=1e-6, high=1e6, unit="s"))


@pytest.mark.parametrize(
    ("ratio", "sentence"),
    [
        (1e3, "1,000 times too large"),
        (1e-3, "milliseconds"),
        (2.0, "counted twice"),
        (0.5, "factor of two forgotten"),
        (8.0, "bits where bytes"),
        (2**30 / 1e9, "GiB where GB"),
        (3600.0, "per hour"),
        (-1.0, "the sign is not"),
        (1.3, "too high"),
        (50.0, "off by a factor of about 50"),
    ],
)
def test_a_wrong_answer_is_told_its_likely_slip(ratio, sentence):
    assert sentence in refusal(lambda: check.agrees("a case", 7.0 * ratio, 7.0))
    array = np.array([1.0, 2.0, 30.0])
    assert sentence in refusal(lambda: check.agrees("a case", array * ratio, array))


def test_an_infinite_answer_is_called_so():
    assert "infinite, where" in refusal(lambda: check.agrees("a limit", math.inf, 5.0))


def test_a_lab_can_name_its_own_misconceptions_first():
    said = refusal(lambda: check.agrees("prefill", 1.0, 2.0, hints={0.5: "a multiply-add is two"}))
    assert said == "prefill: a multiply-add is two"


def test_a_right_answer_passes_in_any_numeric_dress():
    for got in (2, 2.0, np.float32(2), np.array(2.0)):
        check.agrees("two", got, 2.0)
        check.number("two", got, low=1, high=3)
    check.agrees("zero", 0.0, 0.0)
    check.agrees("a row", [1, 2], np.array([1.0, 2.0]))
    check.same("1 + 1 = 2", 1 + 1, 2)
    check.rising("x² rises", lambda x: x * x, [0, 1, 2])
    check.refuses("log of −1", lambda: math.log(-1))


def test_failed_identities_directions_and_refusals_are_said():
    assert "differ" in refusal(lambda: check.same("parts make the whole", 1.0, 1.1))
    assert "shape" in refusal(lambda: check.same("parts make the whole", [1.0], [1.0, 2.0]))
    assert "does not" in refusal(lambda: check.rising("cost rises", lambda x: -x, [1, 2]))
    never = refusal(lambda: check.rising("a faster part never hurts", lambda x: -x, [1, 2]))
    assert never == "a faster part never hurts: that should hold, and with yours it does not"
    assert "returned 1" in refusal(lambda: check.refuses("PUE < 1", lambda: 1))
    assert "raised KeyError" in refusal(lambda: check.refuses("PUE < 1", lambda: {}["x"]))
    assert "gives shape (2,)" in refusal(lambda: check.agrees("x", [1.0, 2.0], 1.0))


def test_a_notebook_shows_the_sentence_and_no_traceback():
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell()
    outcome = shell.run_cell("from supercycle import check\ncheck.number('f()', None)", silent=True)
    error = outcome.error_in_exec
    assert error._render_traceback_() == [
        "✗ f() gives nothing (None): is there a return statement?"
    ]


def test_a_prediction_is_three_ordered_numbers():
    assert check.prediction("x", [1, 2, 3]) == (1.0, 2.0, 3.0)
    assert "three numbers" in refusal(lambda: check.prediction("x", (1, 2)))
    assert "low ≤ best ≤ high" in refusal(lambda: check.prediction("x", (3, 2, 1)))
    assert "nothing (None)" in refusal(lambda: check.prediction("x", None))


def test_a_wide_honest_interval_beats_a_narrow_wrong_one():
    score = check.calibration(
        {"wide": (1, 10, 100), "narrow": (1, 1.1, 1.2)}, {"wide": 90.0, "narrow": 90.0}
    )
    assert score.loc["wide", "inside"]
    assert not score.loc["narrow", "inside"]
    # Winkler (1972): width plus 2/alpha times the miss, here in decades.
    assert score.loc["wide", "score"] == pytest.approx(2.0)
    assert score.loc["narrow", "score"] == pytest.approx(
        math.log10(1.2) + 10 * math.log10(90 / 1.2)
    )


def test_a_withheld_function_refuses_the_notebook_and_serves_the_library(monkeypatch):
    config = models.get("llama-3.1-8b")
    original = models.TransformerConfig.prefill_flops
    monkeypatch.setattr(models.TransformerConfig, "prefill_flops", original)  # restored afterwards
    check.withhold("models.TransformerConfig.prefill_flops")
    check.withhold("models.TransformerConfig.prefill_flops")  # twice is once
    assert config.prefill_flops(10) == original(config, 10)
    with pytest.raises(check.CheckError, match="asks you to write"):
        exec("config.prefill_flops(10)", {"__name__": "__main__", "config": config})


def test_an_essay_of_three_words_is_too_short():
    assert "argue it" in refusal(lambda: check.answered("Your memo", "buy the chip", words=50))
    check.answered("Your memo", "word " * 50, words=50)


def test_a_pair_is_two_finite_numbers_and_comes_back_as_floats():
    assert check.numbers("f()", (1, 2.5), count=2) == [1.0, 2.5]
    assert "should give 2 numbers: it gives one" in refusal(
        lambda: check.numbers("f()", 3.0, count=2)
    )
    assert "shape (3,)" in refusal(lambda: check.numbers("f()", [1, 2, 3], count=2))
    assert "nothing (None)" in refusal(lambda: check.numbers("f()", None, count=2))
    assert "number 2 of f()" in refusal(lambda: check.numbers("f()", (1, math.inf), count=2))
    assert "too large in FLOP" in refusal(
        lambda: check.numbers("f()", (1, 1e9), count=2, high=10, unit="FLOP")
    )


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: check.parts("f()", None, "a sum", "a share"), "is there a return statement"),
        (lambda: check.parts("f()", (1.0,), "a sum", "a share"), "a tuple of 1; it should give"),
        (lambda: check.named("f()", [1.0], ["a"]), "gives a list; a dictionary was asked for"),
        (lambda: check.named("f()", "12 GW", ["a"]), "gives a str; a dictionary was asked for"),
        (lambda: check.named("f()", {"a": 1}, ["a", "b", "c"]), "no entry for b, c"),
    ],
)
def test_an_answer_of_several_things_says_what_is_missing(call, sentence):
    with pytest.raises(check.CheckError, match=r"^[^\n]+$") as refused:
        call()
    assert sentence in str(refused.value)


def test_parts_and_entries_come_back_as_they_are():
    assert check.parts("f()", (1.0, {"a": 2}), "a sum", "shares") == [1.0, {"a": 2}]
    assert check.named("f()", {"a": 2, "b": 3}, ["b"]) == {"b": 3}


def test_nothing_is_not_called_a_billionth():
    with pytest.raises(check.CheckError, match="not the right value"):
        check.agrees("a die whose corners touch the rim", 0.0, 4.0)
    with pytest.raises(check.CheckError, match="touching is allowed"):
        check.agrees("the same", 0.0, 4.0, hints={0.0: "touching is allowed"})


def test_a_number_below_zero_is_told_to_look_at_its_sign():
    with pytest.raises(check.CheckError, match="too small in USD: check the sign"):
        check.number("npv_usd", -3.0, low=0, high=10, unit="USD")
    with pytest.raises(check.CheckError, match="too small: check the units"):
        check.number("share", 1e-9, low=0.01, high=1)
