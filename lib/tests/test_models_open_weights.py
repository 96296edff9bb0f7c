"""A lead in months, in compute and in loss: limits, inverses, the lecture's half year (S24)."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from supercycle import facts
from supercycle.models import scaling
from supercycle.models.open_weights import lead, months_behind

HOFFMANN = scaling.published("hoffmann-2022")
budgets = st.floats(1e20, 1e28)
months = st.floats(0, 60)
growths = st.floats(1.1, 10)
shares = st.floats(0, 1)


def test_half_a_year_at_threefold_growth_is_a_hundredth_of_a_nat():
    # S24: 3^(1/2) = 1.73 times the compute; Hoffmann et al.'s law evaluated by hand at 1e26 FLOP
    gap = lead(HOFFMANN, 1e26, facts.value("model-assumptions/lead-months"))
    assert gap.compute_ratio == pytest.approx(math.sqrt(3))
    a, b = 0.33917084, 0.2849083
    ratio = (a * 406.402 / (b * 410.7)) ** (1 / (a + b))

    def best(c):
        n = ratio * (c / 6) ** (b / (a + b))
        return 1.69337 + 406.402 * n**-a + 410.7 * (c / 6 / n) ** -b

    assert gap.nats == pytest.approx(best(1e26 / math.sqrt(3)) - best(1e26))
    assert 0.005 < gap.nats < 0.015


@given(budgets, growths)
def test_no_lead_no_gap(flop, growth):
    gap = lead(HOFFMANN, flop, 0, compute_growth_per_year=growth)
    assert gap.nats == 0
    assert gap.compute_ratio == gap.effective_ratio == 1


@given(budgets, months, growths, growths, shares)
def test_a_lead_read_backwards_is_its_months(flop, behind, compute, algorithms, spread):
    how = {
        "compute_growth_per_year": compute,
        "algorithm_growth_per_year": algorithms,
        "algorithms_shared": spread,
    }
    gap = lead(HOFFMANN, flop, behind, **how)
    again = months_behind(HOFFMANN, gap.leader_loss, gap.follower_loss, **how)
    assert again == pytest.approx(behind, rel=1e-6, abs=1e-6)


@given(budgets, st.floats(1, 60), growths, shares)
def test_distillation_closes_its_part_of_the_gap_and_all_of_it_at_one(flop, behind, growth, part):
    alone = lead(HOFFMANN, flop, behind, algorithm_growth_per_year=growth)
    helped = lead(HOFFMANN, flop, behind, algorithm_growth_per_year=growth, distilled_share=part)
    assert helped.nats == pytest.approx((1 - part) * alone.nats, abs=1e-12)
    assert helped.compute_ratio == alone.compute_ratio


@given(budgets, months, growths)
def test_secret_algorithms_widen_a_lead_and_published_ones_do_not(flop, behind, growth):
    bare = lead(HOFFMANN, flop, behind)
    secret = lead(HOFFMANN, flop, behind, algorithm_growth_per_year=growth)
    open_ = lead(HOFFMANN, flop, behind, algorithm_growth_per_year=growth, algorithms_shared=1)
    assert secret.nats >= bare.nats
    assert open_.nats == pytest.approx(bare.nats)
    assert secret.compute_ratio == bare.compute_ratio


def test_a_lead_broadcasts():
    gap = lead(HOFFMANN, np.array([[1e24], [1e26]]), [0, 6, 12])
    assert gap.nats.shape == (2, 3)
    assert (np.diff(gap.nats, axis=1) > 0).all()  # longer leads are larger
    assert (gap.nats[0, 1:] > gap.nats[1, 1:]).all()  # and are worth less at scale


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: lead(HOFFMANN, 1e26, -1), "months = -1"),
        (lambda: lead(HOFFMANN, 0, 6), "flop = 0"),
        (lambda: lead(HOFFMANN, 1e26, 6, compute_growth_per_year=0.5), "compute_growth_per_year"),
        (lambda: lead(HOFFMANN, 1e26, 6, distilled_share=1.5), "distilled_share"),
        (lambda: months_behind(HOFFMANN, 1.5, 2.0), "leader_loss"),
        (lambda: months_behind(HOFFMANN, 2.0, 1.9), "follower_loss"),
        (lambda: months_behind(HOFFMANN, 1.9, 2.0, compute_growth_per_year=1), "growth"),
    ],
)
def test_an_impossible_lead_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()
