"""Laws of a measured grid: what was put in comes out, and the recorded grid says what it says."""

# ruff: noqa: SIM300 (E is a coefficient here, not a constant)

import numpy as np
import pytest

from supercycle import facts
from supercycle.models.scaling import ScalingLaw, extrapolate, fit

N, D = (x.ravel() for x in np.meshgrid(np.geomspace(1e4, 1e6, 6), np.geomspace(2e5, 6e6, 5)))
TRUTH = ScalingLaw(E=0.44, A=30.0, alpha=0.5, B=40.0, beta=0.4)


def noisy(law, seed, spread):
    return law.loss(N, D) * np.random.default_rng(seed).normal(1, spread, N.shape)


def test_an_additive_law_comes_back_from_its_own_losses():
    law = fit(N, D, TRUTH.loss(N, D))
    assert law.E == pytest.approx(0.44, rel=1e-3)
    assert (law.alpha, law.beta) == pytest.approx((0.5, 0.4), rel=1e-2)


def test_knowing_the_floor_sharpens_the_exponents():
    guessed, told = [], []
    for seed in range(6):
        losses = noisy(TRUTH, seed, 0.01)
        guessed.append(fit(N, D, losses).beta - 0.4)
        told.append(fit(N, D, losses, entropy=0.44).beta - 0.4)
    assert np.std(told) < 0.7 * np.std(guessed)


def test_the_generalised_law_finds_how_two_shortages_add():
    sharper = ScalingLaw(E=0.44, A=30.0, alpha=0.5, B=40.0, beta=0.4, q=3.0)
    losses = sharper.loss(N, D)
    additive, generalised = fit(N, D, losses), fit(N, D, losses, generalised=True)
    assert generalised.q == pytest.approx(3.0, rel=0.02)
    assert generalised.max_error < 0.1 * additive.max_error


def test_a_law_with_large_q_is_the_worse_of_two_shortages():
    law = ScalingLaw(E=0.5, A=10.0, alpha=0.5, B=100.0, beta=0.5, q=40.0)
    assert law.loss(1e4, 1e8) == pytest.approx(0.5 + max(10 / 100, 100 / 1e4), rel=1e-3)


def test_points_of_one_run_are_no_news():
    # Five budgets of a run share one error: drawing points pretends to know five times as much.
    rng = np.random.default_rng(1)
    run = np.unique(N, return_inverse=True)[1]
    losses = TRUTH.loss(N, D) * np.exp(rng.normal(0, 0.02, 6))[run]
    low, high = fit(N, D, losses, 60, seed=0, run=run, entropy=0.44).interval("alpha")
    by_point = fit(N, D, losses, 60, seed=0, entropy=0.44).interval("alpha")
    assert high - low > 1.2 * (by_point[1] - by_point[0])


def test_extrapolation_holds_back_what_it_predicts():
    frame = extrapolate(N, D, TRUTH.loss(N, D), up_to_params=2e5, up_to_tokens=3e6)
    assert ((frame.params > 2e5) | (frame.tokens > 3e6)).all()
    assert frame.error.abs().max() < 1e-3
    assert len(frame) + frame.attrs["law"].points == len(N)
    with pytest.raises(ValueError, match="no point is left to predict"):
        extrapolate(N, D, TRUTH.loss(N, D), up_to_params=1e9, up_to_tokens=1e9)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"loss": np.zeros(30)}, "loss = "),
        ({"params": np.ones(30)}, "1 sizes"),
        ({"entropy": 5.0}, "entropy = 5: must be at least 0 and below every loss"),
        ({"tokens": D[:4]}, "30, 4 and 30 points"),
    ],
)
def test_what_cannot_be_fitted_is_refused(change, said):
    given = {"params": N, "tokens": D, "loss": TRUTH.loss(N, D), **change}
    with pytest.raises(ValueError, match=said):
        fit(**given)


# -- the recorded grid ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def recorded():
    table = facts.table("measured-scaling-grid")
    return table[table.language.str.startswith("lexicon")]


def test_nobody_predicts_the_language_better_than_its_oracle(recorded):
    assert (recorded.excess > 0).all()
    assert np.allclose(recorded.excess + recorded.entropy_nats, recorded.loss, atol=2e-6)


def test_more_weights_and_more_text_never_hurt_beyond_the_seeds_spread(recorded):
    first = recorded[recorded.seed == 0]
    table = first.pivot(index="params", columns="tokens", values="loss")
    assert (table.diff(axis=1).iloc[:, 1:] < 0).all(axis=None)
    assert (table.diff().iloc[1:] < 0.005).all(axis=None)


def test_the_entropy_of_the_table_is_that_of_the_language(recorded):
    from supercycle.transformer.lexicon import Lexicon

    assert recorded.entropy_nats.unique() == pytest.approx([Lexicon().entropy_nats])


def test_an_additive_law_of_small_models_has_a_floor_below_the_true_one(recorded):
    # Impossible: nobody can predict the language better than its entropy. The law's form is
    # wrong, and only a language of known entropy can show it.
    first = recorded[recorded.seed == 0]
    frame = extrapolate(
        first.params, first.tokens, first.loss, up_to_params=1.1e5, up_to_tokens=2**20
    )
    truth = first.entropy_nats.iloc[0]
    assert frame.attrs["law"].E < 0.9 * truth
    assert frame.attrs["law"].r_squared > 0.95  # nothing in the fit itself warns
    largest = frame.loc[(frame.params * frame.tokens).idxmax()]
    assert largest.predicted - truth < 0.5 * (largest.loss - truth)


def test_past_a_thousand_steps_the_law_tells_the_grid_and_its_floor(recorded):
    # From 2^20 tokens (1,024 steps) on; with the start-up included the floor is 5 % too high.
    late = recorded[(recorded.seed == 0) & (recorded.tokens >= 2**20)]
    law = fit(late.params, late.tokens, late.loss)
    assert law.r_squared > 0.98
    assert law.E == pytest.approx(late.entropy_nats.iloc[0], rel=0.03)
