"""Scaling laws against published fits, closed forms, a numerical optimiser and known truths."""

# ruff: noqa: SIM300 (E is a coefficient here, not a constant)

import csv
import math
import pathlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special
from scipy.optimize import approx_fprime, brentq, minimize_scalar

from supercycle import facts
from supercycle.models import scaling
from supercycle.models.scaling.fitting import _Problem

RAW = pathlib.Path(__file__).resolve().parents[3] / "shared/facts/raw/scaling"
TRUTH = scaling.published("besiroglu-2024")
N, D = (x.ravel() for x in np.meshgrid(np.geomspace(5e7, 1e10, 8), np.geomspace(1e9, 3e11, 7)))

laws = st.builds(
    scaling.ScalingLaw,
    E=st.floats(0.1, 3),
    A=st.floats(10, 1e4),
    B=st.floats(10, 1e4),
    alpha=st.floats(0.2, 0.6),
    beta=st.floats(0.2, 0.6),
    q=st.floats(0.5, 5),
)
budgets = st.floats(1e18, 1e26)


def noisy(seed, spread=0.005):
    return TRUTH.loss(N, D) * np.exp(np.random.default_rng(seed).normal(0, spread, N.shape))


def _raw(name):
    path = RAW / name
    if not path.is_file():
        pytest.skip("third-party runs (../shared) are not beside this checkout")
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


# -- against the world ------------------------------------------------------------------------


def test_chinchilla_predicts_its_own_loss():
    # Hoffmann et al. (2022), section D.3: the law gives L(N, D) → 1.69 and Chinchilla is 70 bn
    # weights on 1.4 tn tokens; nanoGPT's notebook evaluates the law there to about 1.94 (rounded)
    law = scaling.published("hoffmann-2022-rounded")
    assert law.loss(70e9, 1.4e12) == pytest.approx(1.94, abs=0.01)
    assert law.loss(math.inf, math.inf) == pytest.approx(1.69)


@pytest.mark.parametrize("name", ["hoffmann-2022", "hoffmann-2022-rounded", "besiroglu-2024"])
def test_exponents_follow_from_alpha_and_beta_as_published(name):
    published = facts.row("scaling-laws", name)["params_exponent"]
    if published is None:  # the unrounded coefficients come without one: 0.46 as rounded
        published = facts.value("scaling-laws/hoffmann-2022-rounded/params_exponent")
    assert scaling.published(name).params_exponent == pytest.approx(published, abs=0.01)


def test_the_replication_spends_twenty_tokens_a_parameter_at_chinchillas_budget():
    # Besiroglu et al. (2024), section 4: consistent with the 20 of the paper's other approaches
    best = scaling.published("besiroglu-2024").optimal(5.76e23)
    assert best.tokens_per_param == pytest.approx(20, rel=0.25)


def test_kaplans_joint_law_is_the_general_law_without_a_floor():
    # Kaplan et al. (2020), equation 1.5, evaluated as the paper writes it
    cells = facts.row("scaling-laws", "kaplan-2020")
    law = scaling.published("kaplan-2020")
    alpha_n, alpha_d = cells["alpha"], cells["beta"]
    first = (cells["params_scale"] / N) ** (alpha_n / alpha_d)
    joint = (first + cells["tokens_scale"] / D) ** alpha_d
    assert law.loss(N, D) == pytest.approx(joint, rel=1e-4)
    assert law.E == 0


@pytest.mark.parametrize(
    ("rule", "row"),
    [
        ("weights_plus_lm_head", "nanochat-2026-weights-head"),
        ("all_params", "nanochat-2026-all"),
        ("transformer_only", "nanochat-2026-matrices"),
    ],
)
def test_the_exponent_of_the_same_runs_depends_on_which_parameters_count(rule, row):
    # nanochat log, January 2026: 0.54, 0.37 or 0.70
    runs = [r for r in _raw("nanochat_isoflop_optima.csv") if r["convention"] == rule]
    flop, params = ([float(r[c]) for r in runs] for c in ("flops", "eff_params"))
    law = scaling.fit_power_law(flop, params)
    published = facts.value(f"scaling-laws/{row}/params_exponent")
    assert law.exponent == pytest.approx(published, abs=0.02)


@pytest.mark.parametrize("text", ["c4_original", "rpj", "rw_original"])
def test_runs_of_three_texts_balance_parameters_and_tokens(text):
    # Gadre et al. (2024) write one exponent for both, so N and D grow as C^0.5; two free
    # exponents must allow it
    runs = [r for r in _raw("gadre_2024_104_models_N_D_loss.csv") if r["dataset"] == text]
    params, tokens, loss = (
        [float(r[c]) for r in runs] for c in ("params", "tokens", "loss_c4_val")
    )
    law = scaling.fit(params, tokens, loss, bootstrap=60, seed=0)
    low, high = law.interval("params_exponent")
    assert low < 0.5 < high
    assert law.r_squared > 0.97


def test_scarce_text_is_read_many_times_by_a_smaller_model():
    # Muennighoff et al. (2023), section 6: 9.3e21 FLOP and 25 bn unique tokens are best spent on
    # 6.34 bn weights and 242 bn tokens, not on 8.67 and 178 (figures recalled)
    law = scaling.published_data_constrained("muennighoff-2023")
    best, endless = law.optimal(9.3e21, 25e9), law.law.optimal(9.3e21)
    assert best.params == pytest.approx(6.34e9, rel=0.10)
    assert best.tokens == pytest.approx(242e9, rel=0.10)
    assert endless.params == pytest.approx(8.67e9, rel=0.05)


def test_text_asks_for_a_twentieth_of_its_tokens_in_weights():
    # Muennighoff et al. (2023), appendix A: U_N = 0.051 U_D, with A = 521, B = 1488, E = 1.87
    law = scaling.published("muennighoff-2023")
    assert law.params_for(25e9) / 25e9 == pytest.approx(0.051, abs=0.0005)
    assert (law.A, law.B, law.E) == pytest.approx((521, 1488, 1.87), rel=1e-3)


def test_a_model_served_ten_trillion_tokens_is_as_small_as_sardana_finds():
    # Sardana et al. (2024), arXiv:2401.00448, introduction (figures recalled): the quality of a
    # Chinchilla of 30 bn served 1e13 tokens is had for 28 % less with 13.6 bn on 2.84 times the
    # text; they take the coefficients of Hoffmann et al. with exponents 0.336 and 0.283
    law = scaling.ScalingLaw(E=1.69, A=406.4, B=410.7, alpha=0.336, beta=0.283)
    served = 1e13
    tokens = brentq(lambda d: law.params_for(d) - 30e9, 1e11, 1e14)
    best = law.optimal_for_inference(law.loss(30e9, tokens), served)
    assert best.params == pytest.approx(13.6e9, rel=0.005)
    assert best.tokens / tokens == pytest.approx(2.84, rel=0.005)
    before = 6 * 30e9 * tokens + 2 * 30e9 * served
    assert 1 - best.flop / before == pytest.approx(0.28, abs=0.005)


# -- optima ------------------------------------------------------------------------------------


@given(laws, budgets)
def test_the_closed_form_is_the_optimum_a_numerical_search_finds(law, flop):
    best = law.optimal(flop)
    assert 6 * best.params * best.tokens == pytest.approx(flop)
    around = best.params * np.geomspace(0.5, 2, 9)
    assert best.loss <= law.loss(around, flop / (6 * around)).min() * (1 + 1e-12)


@given(laws, budgets)
def test_equal_exponents_share_a_budget_by_square_root(law, flop):
    equal = scaling.ScalingLaw(law.E, law.A, law.B, law.alpha, law.alpha, law.q)
    assert equal.params_exponent == 0.5
    ratio = equal.optimal(4 * flop).params / equal.optimal(flop).params
    assert ratio == pytest.approx(2)


@given(laws, budgets)
def test_without_serving_the_lifetime_optimum_is_the_compute_optimum(law, flop):
    best = law.optimal(flop)
    again = law.optimal_for_inference(best.loss, 0)
    assert again.params == pytest.approx(best.params, rel=1e-6)
    assert again.train_flop == pytest.approx(flop, rel=1e-6)
    assert again.serve_flop == 0


@given(laws, st.floats(1e20, 1e25), st.floats(1e9, 1e16))
def test_a_served_model_costs_less_over_its_life_than_any_other_of_its_loss(law, flop, served):
    loss = law.optimal(flop).loss
    best = law.optimal_for_inference(loss, served)
    assert law.loss(best.params, best.tokens) == pytest.approx(loss, rel=1e-9)

    def lifetime(log_params):  # tokens that reach the loss with that many parameters
        n = math.exp(log_params)
        rest = (loss - law.E) ** law.q - (law.A * n**-law.alpha) ** law.q
        if rest <= 0:
            return math.inf
        d = (law.B / rest ** (1 / law.q)) ** (1 / law.beta)
        return math.log(6 * n * d + 2 * n * served)

    middle = math.log(best.params)
    found = minimize_scalar(lifetime, bracket=(middle - 0.1, middle + 0.1), tol=1e-10)
    assert math.log(best.flop) <= found.fun + 1e-9


@given(laws, st.floats(1e20, 1e25), st.floats(1e9, 1e15))
def test_more_serving_asks_for_a_smaller_model_trained_longer(law, flop, served):
    loss = law.optimal(flop).loss
    few, many = law.optimal_for_inference(loss, np.array([served, 10 * served])).params
    assert many <= few
    tokens = law.optimal_for_inference(loss, np.array([served, 10 * served])).tokens
    assert tokens[1] >= tokens[0]


def test_dear_serving_counts_like_more_serving():
    loss = TRUTH.optimal(1e24).loss
    dear = TRUTH.optimal_for_inference(loss, 1e12, training_to_serving_mfu=4)
    more = TRUTH.optimal_for_inference(loss, 4e12)
    assert dear.params == pytest.approx(more.params)


def test_optima_broadcast():
    best = TRUTH.optimal_for_inference([[2.0], [2.1]], [0, 1e12, 1e13])
    assert best.params.shape == best.loss.shape == best.flop.shape == (2, 3)
    assert TRUTH.optimal(np.array([1e21, 1e22])).params.shape == (2,)


@given(laws, st.floats(1.01, 10))
def test_more_weights_or_text_never_raise_the_loss(law, factor):
    here = law.loss(N, D)
    assert (law.loss(factor * N, D) <= here).all()
    assert (law.loss(N, factor * D) <= here).all()
    assert (here >= law.E).all()


# -- text that runs out ------------------------------------------------------------------------


@given(st.floats(1e9, 1e12), st.floats(0.01, 1))
def test_text_read_once_is_worth_itself(tokens, part):
    law = scaling.published_data_constrained("muennighoff-2023")
    assert law.effective_tokens(part * tokens, tokens) == pytest.approx(part * tokens)


@given(st.floats(1, 100), st.floats(1.01, 3))
def test_more_passes_teach_more_and_never_more_than_new_text(passes, factor):
    law = scaling.published_data_constrained("muennighoff-2023")
    few, many = law.effective_tokens(np.array([passes, passes * factor]) * 1e9, 1e9)
    assert few <= many <= 1e9 * passes * factor * (1 + 1e-12)
    assert many <= 1e9 * (1 + law.repeated_tokens)


def test_enough_text_gives_back_the_unconstrained_optimum():
    law = scaling.published_data_constrained("muennighoff-2023")
    free = law.law.optimal(1e22)
    # parameters beyond what the text asks for would fade: with twice the text there are none
    best = law.optimal(1e22, 2 * free.tokens)
    assert best.params == pytest.approx(free.params, rel=1e-4)


# -- fits ----------------------------------------------------------------------------------------


def test_the_gradient_is_the_slope_of_the_objective():
    problem = _Problem(N, D, noisy(0, 0.02), None, True)
    z = problem.starts()[3]
    slope = approx_fprime(z, lambda x: problem.objective(x)[0], 1e-7)
    assert problem.objective(z)[1] == pytest.approx(slope, rel=1e-3, abs=1)


def test_the_misfit_is_scipys_huber_loss_and_least_at_the_fit():
    loss = noisy(0, 0.02)
    residual = np.log(TRUTH.loss(N, D)) - np.log(loss)
    expected = special.huber(1e-3, residual).sum()
    assert scaling.huber_misfit(TRUTH, N, D, loss) == pytest.approx(expected)
    assert scaling.huber_misfit(scaling.fit(N, D, loss), N, D, loss) <= expected


@pytest.mark.parametrize("name", ["hoffmann-2022", "besiroglu-2024", "muennighoff-2023"])
def test_known_laws_come_back_from_noisy_points(name):
    law = scaling.published(name)
    noise = np.random.default_rng(3).normal(0, 0.002, N.shape)
    found = scaling.fit(N, D, law.loss(N, D) * np.exp(noise))
    assert found.E == pytest.approx(law.E, rel=0.04)
    assert found.alpha == pytest.approx(law.alpha, rel=0.10)
    assert found.beta == pytest.approx(law.beta, rel=0.10)
    assert found.loss(1e11, 1e13) == pytest.approx(law.loss(1e11, 1e13), rel=0.02)


def test_a_tenth_of_wild_points_does_not_carry_the_fit_away():
    loss = noisy(1, 0.002)
    loss[::10] *= 1.3
    assert scaling.fit(N, D, loss).E == pytest.approx(TRUTH.E, rel=0.05)


def test_units_of_parameters_and_tokens_do_not_matter():
    loss = noisy(2)
    ones, billions = scaling.fit(N, D, loss), scaling.fit(N / 1e9, D / 1e9, loss)
    assert billions.E == pytest.approx(ones.E, rel=1e-3)
    assert billions.alpha == pytest.approx(ones.alpha, rel=1e-3)
    assert billions.loss(1, 20) == pytest.approx(ones.loss(1e9, 20e9), rel=1e-4)


def test_a_bootstrap_repeats_by_its_seed_and_brackets_the_fit():
    one, two = (scaling.fit(N, D, noisy(4), bootstrap=40, seed=9) for _ in range(2))
    assert (one.draws == two.draws).all()
    for name in ("E", "alpha", "beta"):
        low, high = one.interval(name)
        assert low < getattr(one, name) < high
        assert one.interval(name, 0.5)[0] >= low
    low, high = one.loss_interval(1e11, 1e13)
    assert low < one.loss(1e11, 1e13) < high


@pytest.mark.slow
@pytest.mark.timeout(1800)  # a hundred fits, each with its bootstrap
def test_intervals_hold_the_truth_about_as_often_as_they_say():
    inside = dict.fromkeys(("E", "alpha", "beta"), 0)
    trials = 100
    for seed in range(trials):
        law = scaling.fit(N, D, noisy(seed), bootstrap=120, seed=seed)
        for name in inside:
            low, high = law.interval(name, 0.8)
            inside[name] += low <= getattr(TRUTH, name) <= high
    # 80 ± 3 standard errors of a share of 100 trials
    assert all(0.68 <= hits / trials <= 0.92 for hits in inside.values()), inside


def test_valleys_find_the_exponent_of_the_law_they_were_cut_from():
    flop = np.geomspace(1e19, 1e22, 5)[:, None]
    params = TRUTH.optimal(flop).params * np.geomspace(0.4, 2.5, 7)
    loss = TRUTH.loss(params, flop / (6 * params))
    found = scaling.fit_valleys(np.broadcast_to(flop, params.shape), params, loss)
    assert found.params_law.exponent == pytest.approx(TRUTH.params_exponent, abs=0.01)
    assert found.params == pytest.approx(TRUTH.optimal(flop.ravel()).params, rel=0.05)
    assert found.params_law.exponent + found.tokens_law.exponent == pytest.approx(1)


# -- bad input ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: scaling.ScalingLaw(-1, 1, 1, 0.3, 0.3), "E = -1"),
        (lambda: scaling.ScalingLaw(1, 1, math.inf, 0.3, 0.3), "finite"),
        (lambda: scaling.ScalingLaw(1, 1, 1, 0.0, 0.3), "alpha = 0.0"),
        (lambda: TRUTH.loss(0, 1e9), "params = 0"),
        (lambda: TRUTH.loss(1e9, math.nan), "tokens"),
        (lambda: TRUTH.optimal(-1), "flop = -1"),
        (lambda: TRUTH.optimal_for_inference(1.5, 0), "must be a finite number > E"),
        (lambda: TRUTH.optimal_for_inference(2.0, -1), "tokens_served"),
        (lambda: TRUTH.optimal_for_inference(2.0, math.inf), "finite"),
        (lambda: scaling.published("llama-3-2024"), "no whole law"),
        (lambda: scaling.published("abacus"), "unknown row"),
        (lambda: scaling.published_data_constrained("hoffmann-2022"), "repeated text"),
        (lambda: scaling.fit(N, D, noisy(0), bootstrap=-1), "bootstrap = -1"),
        (lambda: scaling.fit(N, D, np.where(N > 1e8, 2.0, np.nan)), "loss"),
        (lambda: scaling.fit(N[:4], D[:4], noisy(0)[:4]), "4 points of"),
        (lambda: scaling.fit(N, D, noisy(0), bootstrap=9, run=[1, 2]), "run has 2 labels"),
        (lambda: scaling.fit(N, D, noisy(0)).interval("E"), "bootstrap = 0"),
        (lambda: scaling.fit(N, D, noisy(0), bootstrap=5).interval("gamma"), "gamma"),
        (lambda: scaling.fit_power_law([1, 1], [2, 3]), "two different x"),
        (lambda: scaling.fit_valleys([1e20] * 3, [1e9, 2e9, 3e9], [3, 2, 3]), "1 budgets"),
        (
            lambda: scaling.fit_valleys(
                [1e20] * 3 + [1e21] * 3, [1e9, 2e9, 3e9] * 2, [3, 2, 1] * 2
            ),
            "no bottom",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_sentence(call, words):
    with pytest.raises(ValueError, match=words):
        call()
