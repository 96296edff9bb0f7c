"""A shorter design cycle: Amdahl, stale chips, and a fleet that outgrows them."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from supercycle import chips, facts

FACTOR = st.floats(0.8, 4.0)
YEARS = st.floats(0.0, 4.0)


def test_a_fleet_that_triples_each_year_grows_27_fold_over_the_lectures_cycle():
    years = facts.value("supply-assumptions/cycle")  # 34:28: a three-year chip cycle
    assert chips.fleet_growth_over_cycle(3.0, years) == pytest.approx(27)


def test_the_phases_add_up_to_the_cycle():
    assert chips.cycle_years() == pytest.approx(facts.value("supply-assumptions/cycle"))


@given(st.floats(1, 1e6), YEARS, YEARS)
def test_design_for_nothing_leaves_the_rest_of_the_cycle(speedup, design, other):
    shorter = chips.cycle_years(speedup, design_years=design, other_years=other)
    assert other <= shorter <= design + other
    assert chips.cycle_years(math.inf, design_years=design, other_years=other) == other


@given(YEARS, st.floats(0.01, 4.0), FACTOR, FACTOR)
def test_the_share_of_the_frontier_is_the_average_over_what_is_sold(cycle, interval, gamma, g):
    # Independent: integrate what is sold, and how old it is, numerically.
    sold = quad(lambda u: g**u, 0, interval)[0]
    useful = quad(lambda u: g**u * gamma ** -(cycle + u), 0, interval)[0]
    share = chips.frontier_share(
        cycle, interval_years=interval, progress_per_year=gamma, sales_growth_per_year=g
    )
    assert share == pytest.approx(useful / sold, rel=1e-6)


def test_nothing_is_stale_without_progress_or_without_age():
    assert chips.frontier_share(3.0, progress_per_year=1.0) == pytest.approx(1)
    assert chips.frontier_share(0.0, interval_years=0.0, progress_per_year=2.0) == 1


@given(st.floats(1.01, 4.0), st.floats(1.01, 4.0), st.floats(0.1, 3.0))
def test_a_fleet_that_grows_buys_its_chips_late(progress, growth, interval):
    kwargs = {"interval_years": interval, "progress_per_year": progress}
    growing = chips.frontier_share(1.0, sales_growth_per_year=growth, **kwargs)
    assert growing < chips.frontier_share(1.0, **kwargs)


@given(st.floats(1.0, 1e3), st.floats(1.0, 3.0))
def test_the_gain_is_bounded_by_the_design_phase(speedup, progress):
    # Amdahl: at best the whole design phase goes, γ^T_design − 1 of the spend.
    gain = chips.shorter_cycle_usd_per_year(1.0, speedup, progress_per_year=progress)
    assert -1e-12 <= gain <= progress ** facts.value("supply-assumptions/design") - 1 + 1e-9


def test_no_speed_up_is_worth_nothing_and_arrays_broadcast():
    gain = chips.shorter_cycle_usd_per_year(
        np.array([1.0, 2.0]), np.array([[1.0], [2.0]]), progress_per_year=1.4
    )
    assert gain[0].tolist() == pytest.approx([0, 0])
    assert gain[1, 1] == pytest.approx(2 * gain[1, 0])
    # Halving 1.75 years of design at 1.4 a year: 1.4^0.875 − 1.
    assert gain[1, 0] == pytest.approx(1.4**0.875 - 1)


def test_our_table_of_chips_shows_the_published_progress_per_joule():
    # A100 (November 2020) to GB200 (December 2024), both dense bf16 at TDP.
    first, last = (chips.accelerator(c).flop_per_joule() for c in ("a100-80gb", "gb200"))
    yearly = (last / first) ** (1 / 4.1)
    published = facts.value("supply-assumptions/progress-per-joule")
    assert published.low <= yearly + 0.05
    assert yearly <= published.high


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: chips.cycle_years(0.5), "design_speedup = 0.5"),
        (lambda: chips.cycle_years(design_years=-1), "design_years = -1"),
        (lambda: chips.fleet_growth_over_cycle(0, 3), "growth_per_year = 0"),
        (lambda: chips.fleet_growth_over_cycle(3, -1), "years = -1"),
        (lambda: chips.frontier_share(-1, progress_per_year=1.4), "cycle_years = -1"),
        (lambda: chips.frontier_share(1, progress_per_year=0), "progress_per_year = 0"),
        (
            lambda: chips.shorter_cycle_usd_per_year(-1, 2, progress_per_year=1.4),
            "spend_usd_per_year = -1",
        ),
    ],
)
def test_impossible_cycles_are_refused(call, sentence):
    with pytest.raises(ValueError, match=r"^[^\n]+$") as refused:
        call()
    assert sentence in str(refused.value)
