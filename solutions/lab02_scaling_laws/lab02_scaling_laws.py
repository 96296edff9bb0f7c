# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown] nbgrader={"grade": false, "grade_id": "title", "locked": true, "schema_version": 3, "solution": false, "task": false}
# # Lab 2 · Scaling laws and the life of a model
#
# A law with five numbers decides how a training budget is spent. Who found the five numbers, from
# which runs, and would you bet a product on them?
#
# | lecture | what was said |
# | --- | --- |
# | 06:01 | scaling laws were thought to hold for pre-training only; now they cover a model's whole life |
# | 06:17 | post-training by reinforcement learning is primarily an inference workload, and so is making synthetic data |
# | 06:23 | real-world data to train on has run out |
# | 06:42 | inference already takes the larger part of the compute |
# | 06:58 | it will take 80 per cent and more |
# | 45:13 | frontier intelligence needs orders of magnitude more compute than open weights do |
# | 45:31 | open-weight models play catch-up and distil; a lead of six months is enormous |
#
# You will write the eight functions behind these sentences, train a family of small models on a
# language whose entropy is known, fit a law to them and catch it in a lie, and then decide how large
# a model to train and whether to give its weights away.
#
# **How it works.** *Predict* → *build* → *measure* → *explain* → *decide*. Cells that say
# `YOUR CODE HERE` are yours; the cell below each of them checks your function and says in one
# sentence what is wrong, never what the answer is. When you are graded, more cases are tried. Cells
# marked *explore* are never graded: change them, break them. Two written answers are read by a
# person. `params` is N, the number of weights; `tokens` is D, the tokens trained on; losses are in
# nats per token, compute is in FLOP.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import math
import time

import numpy as np

from supercycle import check, decision, facts, models, plots, scenario
from supercycle.units import HOUR_S, format_usd

# What you are about to write stands in the library, too; here it is withheld.
check.withhold(
    "models.scaling.ScalingLaw.loss",
    "models.scaling.ScalingLaw.optimal",
    "models.scaling.ScalingLaw.optimal_for_inference",
    "models.scaling.huber_misfit",
    "models.scaling.fit_valleys",
    "models.lifecycle.life_cycle",
    "models.lifecycle.lifetime_flop",
    "models.lifecycle.crossover_tokens",
    "models.lifecycle.tokens_for_share",
    "models.open_weights.lead",
)

case = scenario.draw("lab02")  # your own case: budget, traffic, accelerator
law = case.law
print(f"your case ({case.code}): a training budget of {case.flop:.2g} FLOP on {case.chip}")
print(f"the product will read and write {case.served_tokens:.2g} tokens over the model's life")
print(
    f"your laboratory's law: E = {law.E:.4g}, A = {law.A:.4g}, B = {law.B:.4g}, α = {law.alpha:.4g}, β = {law.beta:.4g}"
)
print(f"training uses {case.mfu_training:.0%} of the chip's peak, serving {case.mfu_serving:.0%}")
entropy = facts.value("measured-scaling-grid/lexicon-1048576-0.5-w16-l2-s0-t262144/entropy_nats")
print(
    f"the language of part 2: nobody can predict its next character to better than {entropy:.4f} nats"
)
print(
    facts.sources(
        facts.value(f"scaling-laws/{case.law_name}/alpha"), case.mfu_training, case.mfu_serving
    )
)

# %% [markdown] nbgrader={"grade": false, "grade_id": "predict_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Predict
#
# Before any arithmetic: four guesses for **your case**. Write each as `(low, best, high)`, an interval
# you would bet on four to one. Nobody grades whether you are right; at the end you see whether your
# intervals were honest.
#
# - `optimal_params`: how many weights your budget is best spent on, if only training counts
# - `small_model_loss_nats`: loss of a model with about a hundred thousand weights after a million
#   tokens of the language whose entropy is printed above
# - `tokens_for_80_share`: tokens the compute-optimal model has to serve until serving has used 80 % of
#   all its chip-hours
# - `lead_nats`: by how many nats per token a laboratory with your budget leads one that is half a year
#   behind, if only compute differs

# %% nbgrader={"grade": false, "grade_id": "predictions", "locked": false, "schema_version": 3, "solution": true, "task": false}
# predictions = {"optimal_params": (low, best, high), ...}
### BEGIN SOLUTION
predictions = {
    "optimal_params": (3e10, 2e11, 1e12),
    "small_model_loss_nats": (0.46, 0.55, 0.9),
    "tokens_for_80_share": (1e13, 8e13, 5e14),
    "lead_nats": (0.003, 0.02, 0.1),
}
### END SOLUTION

# %% tags=["explore"]
# explore: are these four intervals?
for name in ("optimal_params", "small_model_loss_nats", "tokens_for_80_share", "lead_nats"):
    check.prediction(name, predictions.get(name))
check.ok("four predictions, stored for the end of the lab")

# %% [markdown] nbgrader={"grade": false, "grade_id": "loss_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 1 · Build: the law
#
# Hoffmann et al. (2022) write the loss of a model with $N$ weights, trained on $D$ tokens, as what
# cannot be learnt, plus a shortage of weights, plus a shortage of text:
#
# $$L(N, D) = E + \frac{A}{N^\alpha} + \frac{B}{D^\beta}$$
#
# `law` has the fields `E`, `A`, `B`, `alpha`, `beta`. Let the function take arrays as well as numbers.
#
# *Think of:* endless weights; endless text; both.


# %% nbgrader={"grade": false, "grade_id": "loss_nats", "locked": false, "schema_version": 3, "solution": true, "task": false}
def loss_nats(law, params, tokens):
    """Loss of a model under a scaling law.

    Parameters
    ----------
    law : ScalingLaw
        Has E, A, B, alpha, beta.
    params, tokens : float or array
        N and D; either may be infinite.

    Returns
    -------
    float or array
        Nats per token.
    """
    ### BEGIN SOLUTION
    return law.E + law.A / params**law.alpha + law.B / tokens**law.beta
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_loss_nats", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check.number(
    "loss_nats(law, 7e10, 1.4e12)", loss_nats(law, 7e10, 1.4e12), low=0.01, high=5, unit="nat"
)
check.same(
    "endless weights and text leave the entropy E", loss_nats(law, math.inf, math.inf), law.E
)
check.rising("more weights help", lambda n: -loss_nats(law, n, 1e12), [1e8, 1e9, 1e10, 1e11])
check.rising(
    "an endless model still lacks text", lambda d: -loss_nats(law, math.inf, d), [1e9, 1e10, 1e11]
)
check.ok("loss_nats: a floor and two shortages")
### BEGIN HIDDEN TESTS
_rng = np.random.default_rng(1)
for _ in range(12):
    _law = models.scaling.ScalingLaw(
        E=_rng.uniform(0.4, 2), A=_rng.uniform(20, 800), B=_rng.uniform(100, 3000),
        alpha=_rng.uniform(0.2, 0.6), beta=_rng.uniform(0.2, 0.6),
    )  # fmt: skip
    _n, _d = 10 ** _rng.uniform(7, 12), 10 ** _rng.uniform(9, 14)
    _x, _y = _law.A * _n**-_law.alpha, _law.B * _d**-_law.beta
    _want = _law.E + _x + _y
    check.agrees(
        f"{_n:.3g} weights and {_d:.3g} tokens", loss_nats(_law, _n, _d), _want,
        hints={(_x + _y) / _want: "the entropy E stays, whatever is learnt",
               (_law.E + max(_x, _y)) / _want: "the two shortages add, the larger one alone is another law",
               (_law.E + _law.A * _n**-_law.beta + _law.B * _d**-_law.alpha) / _want:
                   "alpha belongs to the weights, beta to the tokens",
               (_law.E + _law.A * _d**-_law.alpha + _law.B * _n**-_law.beta) / _want:
                   "A and alpha belong to the weights, B and beta to the tokens"},
    )  # fmt: skip
_sizes = np.array([1e8, 1e9, 1e10])
check.agrees(
    "three sizes at once, text without end",
    loss_nats(law, _sizes, math.inf),
    law.E + law.A * _sizes**-law.alpha,
)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "train_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 2 · Measure: train the grid
#
# Nobody knows the entropy of English, so nobody can say whether a fitted $E$ is right. So we make a
# language: independent words, the *r*-th most frequent used in proportion to $r^{-1.5}$, each spelled
# at random. Its entropy is a sum over its words. The next cell trains four small decoders on it, each
# tested at three token budgets on the way. The seed is yours, so your losses differ from your
# neighbour's. It takes a minute or two; beside it stands a larger grid that was recorded once.

# %% tags=["explore"]
# explore: four runs, twelve points
from supercycle.transformer import lexicon, train

language = lexicon.Lexicon()
widths, budgets = (16, 32, 48, 64), [2**18, 2**19, 2**20]
begun = time.perf_counter()
runs = [
    row
    for width in widths
    for row in train.train_run(
        train.grid_config(width, vocab=language.vocab), language, budgets, seed=case.grid_seed
    )
]
grid = {
    name: np.array([getattr(row, name) for row in runs], dtype=float)
    for name in ("params", "tokens", "loss")
}
print(
    f"trained {len(runs)} points in {time.perf_counter() - begun:.0f} s; entropy of the language: {language.entropy_nats:.4f} nats"
)
for row in runs:
    print(
        f"{row.params:7,d} weights, {row.tokens:9,d} tokens: {row.loss:.4f} nats, {row.excess:.4f} above what is possible"
    )

# %% [markdown] nbgrader={"grade": false, "grade_id": "huber_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 3 · Build: what a fit minimises
#
# Runs go wrong now and then: one bad loss must not bend the law. Hoffmann et al. compare *logarithms*
# of losses and let a run that is off by more than `delta` pull linearly instead of quadratically
# (Huber's loss). The sum over all runs of
#
# $$h(r) = \begin{cases} r^2/2 & |r| \le \delta \\ \delta\,(|r| - \delta/2) & |r| > \delta \end{cases}
# \qquad r = \log \hat L - \log L$$
#
# The optimiser moves `theta = (log E, log A, log B, alpha, beta)`, so that E, A and B stay positive.
# `np.logaddexp(x, y)` is $\log(e^x + e^y)$ and does not overflow.
#
# *Think of:* losses that are the law's own; one wild run; the same runs given twice; losses in bits.


# %% nbgrader={"grade": false, "grade_id": "huber_lse_objective", "locked": false, "schema_version": 3, "solution": true, "task": false}
def huber_lse_objective(theta, params, tokens, loss, delta=1e-3):
    """How badly a law tells measured losses.

    Parameters
    ----------
    theta : sequence of 5 floats
        log E, log A, log B, alpha, beta.
    params, tokens, loss : array of shape (runs,)
        N, D and the measured loss [nat/token].
    delta : float
        Residual of the log loss beyond which a run pulls linearly.

    Returns
    -------
    float
        Sum over the runs, 0 for a perfect law.
    """
    ### BEGIN SOLUTION
    log_e, log_a, log_b, alpha, beta = theta
    shortage = np.logaddexp(log_a - alpha * np.log(params), log_b - beta * np.log(tokens))
    size = np.abs(np.logaddexp(log_e, shortage) - np.log(loss))
    return float(np.sum(np.where(size <= delta, size**2 / 2, delta * (size - delta / 2))))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_huber_lse_objective", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
_theta = [math.log(1.8), math.log(480.0), math.log(2100.0), 0.35, 0.37]
_n = np.array([1e8, 1e8, 1e9, 1e10, 1e10])
_d = np.array([1e10, 1e11, 1e11, 1e11, 1e12])
_own = np.array([2.979754, 2.739488, 2.318553, 2.130528, 2.028036])  # this law's own, rounded
_far = _own * np.array([1.05, 0.9, 1.1, 0.97, 1.2])
check.number("huber_lse_objective(…)", huber_lse_objective(_theta, _n, _d, _far), low=0, high=1)
check.rising(
    "losses further below the law fit worse, its E, A and B taken from their logarithms",
    lambda k: huber_lse_objective(_theta, _n, _d, _own * k),
    [0.99, 0.9, 0.6],
)
check.same(
    "the same runs twice weigh twice",
    huber_lse_objective(_theta, np.tile(_n, 2), np.tile(_d, 2), np.tile(_far, 2)),
    2 * huber_lse_objective(_theta, _n, _d, _far),
)
_in_bits = [x - math.log(math.log(2)) * (i < 3) for i, x in enumerate(_theta)]
check.same(
    "nats or bits: logarithms do not care",
    huber_lse_objective(_in_bits, _n, _d, _far / math.log(2)),
    huber_lse_objective(_theta, _n, _d, _far),
)
check.ok("huber_lse_objective: a sum over runs, of logarithms")
### BEGIN HIDDEN TESTS
_rng = np.random.default_rng(3)
for _ in range(10):
    _e, _a, _b = _rng.uniform(0.4, 2), _rng.uniform(20, 800), _rng.uniform(100, 3000)
    _al, _be = _rng.uniform(0.2, 0.6, 2)
    _n, _d = 10 ** _rng.uniform(7, 12, 9), 10 ** _rng.uniform(9, 14, 9)
    _true = _e + _a * _n**-_al + _b * _d**-_be
    _t = [math.log(_e), math.log(_a), math.log(_b), _al, _be]
    check.same(
        "a law that made the losses has no misfit (added to 1)",
        1 + 1e6 * huber_lse_objective(_t, _n, _d, _true),
        1.0,
    )
    _r = _rng.uniform(-9e-4, 9e-4, 9)  # all inside the default delta
    check.agrees(
        "nine small residuals", huber_lse_objective(_t, _n, _d, _true * np.exp(-_r)), float((_r**2).sum() / 2),
        rtol=1e-5,
        hints={2.0: "inside delta the loss is half the square",
               1 / 9: "the sum over the runs is asked for, not their mean"},
    )  # fmt: skip
    _r = _rng.choice([-1, 1], 9) * _rng.uniform(0.01, 0.3, 9)  # all far outside
    _want = float((1e-3 * (np.abs(_r) - 5e-4)).sum())
    check.agrees(
        "nine wild runs", huber_lse_objective(_t, _n, _d, _true * np.exp(-_r)), _want,
        hints={float((_r**2).sum() / 2) / _want: "beyond delta a run pulls linearly: squares let one wild run decide",
               float(1e-3 * (np.abs(_r) - 1e-3).sum()) / _want: "the two pieces must meet: take off delta/2",
               float(1e-3 * np.abs(_r).sum()) / _want: "the two pieces must meet: take off delta/2",
               float(1e-3 * (np.abs(_true * np.exp(-_r) - _true) - 5e-4).sum()) / _want:
                   "residuals of logarithms, not of losses",
               1 / 9: "the sum over the runs is asked for, not their mean"},
    )  # fmt: skip
    _r[:5], _delta = _rng.uniform(-0.04, 0.04, 5), 0.05
    _sz = np.abs(_r)
    check.agrees(
        "another delta, residuals of both kinds",
        huber_lse_objective(_t, _n, _d, _true * np.exp(-_r), delta=_delta),
        float(np.where(_sz < _delta, _sz**2 / 2, _delta * (_sz - _delta / 2)).sum()),
    )
check.agrees(
    "without text to speak of, one run",
    huber_lse_objective(
        [0.0, -math.inf, 0.0, 0.3, 1.0], np.array([1e9]), np.array([1.0]), np.array([4.0])
    ),
    1e-3 * (math.log(2) - 5e-4),
)
### END HIDDEN TESTS

# %% tags=["explore"]
# explore: fit your grid with your objective, then ask how far the numbers could be elsewhere
from scipy.optimize import minimize


def fit_with_mine(params, tokens, loss):
    """Law with the least value of your objective, from four starts."""
    best = None
    for alpha in (0.3, 0.6):
        for beta in (0.3, 0.6):
            spread = math.log(0.2 * loss.min())
            start = [math.log(0.8 * loss.min()), spread + alpha * np.log(params).mean(),
                     spread + beta * np.log(tokens).mean(), alpha, beta]  # fmt: skip
            found = minimize(
                lambda theta: 1e6 * huber_lse_objective(theta, params, tokens, loss), start,
                method="Nelder-Mead", options={"maxiter": 20_000, "maxfev": 20_000, "xatol": 1e-8, "fatol": 1e-10},
            )  # fmt: skip
            best = found if best is None or found.fun < best.fun else best
    log_e, log_a, log_b, alpha, beta = best.x
    return models.scaling.ScalingLaw(math.exp(log_e), math.exp(log_a), math.exp(log_b), alpha, beta)


table = facts.table("measured-scaling-grid")
table = table[table.language == language.name]
recorded = table[table.seed == 0]
like_mine = (table.width <= widths[-1]) & (table.tokens <= budgets[-1])


def fit_rows(rows, **how):
    """The library's fit of recorded rows."""
    return models.scaling.fit(rows.params, rows.tokens, rows.loss, **how)


mine = fit_with_mine(grid["params"], grid["tokens"], grid["loss"])
resample = {"bootstrap": 200, "seed": 0}  # whole runs, drawn again with replacement
fits = {
    f"your grid, {len(runs)} points": models.scaling.fit(
        *grid.values(), run=[row.run for row in runs], **resample
    )
}
for seed, rows in table[like_mine].groupby("seed"):
    enough = {"run": rows.run, **resample} if rows.run.nunique() > 3 else {}
    fits[f"recorded, seed {seed:.0f}, {len(rows)} points"] = fit_rows(rows, **enough)
fits[f"recorded, all {len(recorded)} points"] = fit_rows(recorded, run=recorded.run, **resample)
print(
    f"your objective: E = {mine.E:.4f}, α = {mine.alpha:.3f}, β = {mine.beta:.3f}; true E = {language.entropy_nats:.4f}"
)
largest = recorded.loc[(recorded.params * recorded.tokens).idxmax()]
for name, fitted in fits.items():
    ahead = loss_nats(fitted, largest.params, largest.tokens)
    print(
        f"{name:29s}: E = {fitted.E:.3f} ({fitted.E / language.entropy_nats - 1:+4.0%}), R² = {fitted.r_squared:.3f}; largest run: {ahead:.3f} predicted, {largest.loss:.3f} measured"
    )
    if len(fitted.draws):
        below = np.mean(fitted.draws[:, 0] < language.entropy_nats)
        print(f"{'':29s}  {below:.0%} of its refits put the floor where no model can go")

# %% tags=["explore"]
# explore: the fit looks good
first = next(iter(fits.values()))
along = np.geomspace(budgets[0], 2**24, 40)
names = {
    w: f"{train.grid_config(w, vocab=language.vocab).params() / 1000:.0f} k weights" for w in widths
}
miss = first.E / language.entropy_nats - 1
side = "below" if miss < 0 else "above"
with plots.figure(
    f"A law that tells {first.r_squared:.0%} of your grid puts its floor {abs(miss):.0%} {side} the truth"
) as axes:
    axes.set_xscale("log")
    plots.measured_against(
        axes,
        {
            names[w]: (
                [r.tokens for r in runs if r.width == w],
                [r.loss for r in runs if r.width == w],
            )
            for w in widths
        },
        {
            names[w]: (along, loss_nats(mine, next(r.params for r in runs if r.width == w), along))
            for w in widths
        },
    )
    for height, label in (
        (language.entropy_nats, "entropy: no model goes below"),
        (mine.E, "the floor your fit believes in"),
    ):
        axes.axhline(
            height, color=plots.COLOURS["black"], lw=1, ls="--" if height == mine.E else "-"
        )
        axes.annotate(
            label, (along[0], height), xytext=(0, 3), textcoords="offset points", fontsize=9
        )
    axes.set_xlabel("tokens trained on")
    axes.set_ylabel("loss [nat/token]")
plots.show(
    axes,
    "Loss over tokens for four model sizes, logarithmic tokens: measured points lie on the fitted curves; two horizontal lines show the true entropy and the floor of the fit, which differ.",
)

# %% tags=["explore"]
# explore: several fits of one language
off = max(abs(f.E / language.entropy_nats - 1) for f in fits.values())
with plots.figure(
    f"Fits with R² above {min(f.r_squared for f in fits.values()) - 0.005:.2f} miss the known floor by up to {off:.0%}",
    height_in=3.0,
) as axes:
    for y, fitted in enumerate(fits.values()):
        if len(fitted.draws):
            low, high = fitted.interval("E")
            axes.plot([low, high], [y, y], color=plots.COLOURS["sky"], lw=5, solid_capstyle="butt")
        axes.plot(fitted.E, y, "o", color=plots.COLOURS["blue"], ms=8)
    axes.axvline(language.entropy_nats, color=plots.COLOURS["black"], lw=1.2)
    axes.annotate(
        "true entropy",
        (language.entropy_nats, -0.45),
        xytext=(4, 0),
        textcoords="offset points",
        va="center",
    )
    axes.set_yticks(range(len(fits)), fits)
    axes.set_ylim(len(fits) - 0.5, -0.8)
    axes.set_xlabel("fitted floor E and its 95 % interval [nat/token]")
plots.show(
    axes,
    "Fitted floors, some with their intervals, against a vertical line at the true entropy: they lie on both sides of it, and the intervals of small grids reach far below it.",
)

# %% [markdown] nbgrader={"grade": false, "grade_id": "exponent_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 4 · Build: the exponent without a law
#
# There is a way around the law. Give several models of different size the *same* compute: their losses
# form a valley, with too small models on the left and too briefly trained ones on the right. Put a
# parabola in $\log N$ through each valley and take its bottom; a straight line through the bottoms in
# $\log N$ against $\log C$ has the slope $a$ of $N_\text{best} \propto C^a$.
#
# `flop`, `params` and `loss` are equally long; runs of one valley have the same `flop`. If a valley
# has no bottom between its smallest and its largest model, raise a `ValueError`: an optimum outside
# the data is a guess. (`np.polyfit` does the fitting.)
#
# *Think of:* losses that only fall; a hill; a model family whose best size is the same at any budget.


# %% nbgrader={"grade": false, "grade_id": "params_exponent", "locked": false, "schema_version": 3, "solution": true, "task": false}
def params_exponent(flop, params, loss):
    """Slope of the best size against compute, both logarithmic.

    Parameters
    ----------
    flop, params, loss : array of shape (runs,)
        Compute, N and measured loss of each run.

    Returns
    -------
    float
        The exponent a.
    """
    ### BEGIN SOLUTION
    flop, size, loss = np.asarray(flop), np.log(params), np.asarray(loss)
    budgets, bottoms = np.unique(flop), []
    for budget in budgets:
        valley = flop == budget
        bend, slope, _ = np.polyfit(size[valley], loss[valley], 2)
        bottom = -slope / (2 * bend)
        if bend < 0 or not size[valley].min() <= bottom <= size[valley].max():
            raise ValueError(f"no bottom among the models of {budget:g} FLOP")
        bottoms.append(bottom)
    return float(np.polyfit(np.log(budgets), bottoms, 1)[0])
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_params_exponent", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
_c = np.repeat([1e18, 1e19, 1e20], 5)
_bottom = np.repeat([2e8, 3e8, 5e8], 5)
_n = _bottom * np.tile([0.7, 0.85, 1.1, 1.2, 1.4], 3)
check.number(
    "params_exponent(…)", params_exponent(_c, _n, 3 + np.log(_n / _bottom) ** 2), low=0, high=1
)
check.same(
    "runs in any order", params_exponent(_c[::-1], _n[::-1], 3 + np.log(_n / _bottom)[::-1] ** 2),
    params_exponent(_c, _n, 3 + np.log(_n / _bottom) ** 2),
)  # fmt: skip
check.same(
    "counting in millions changes no slope",
    params_exponent(_c, _n / 1e6, 3 + np.log(_n / _bottom) ** 2),
    params_exponent(_c, _n, 3 + np.log(_n / _bottom) ** 2),
    rtol=1e-6,
)
check.refuses("losses that only fall", lambda: params_exponent(_c, _n, 9 - np.log(_n / 1e7)))
check.ok("params_exponent: bottoms of valleys, and none where there is none")
### BEGIN HIDDEN TESTS
_rng = np.random.default_rng(4)
for _ in range(8):
    _a, _g = _rng.uniform(0.3, 0.8), 10 ** _rng.uniform(-1, 1)
    _budgets = np.sort(10 ** _rng.uniform(18, 21, 4))
    _best = _g * 1e8 * (_budgets / 1e18) ** _a
    _c = np.repeat(_budgets, 6)
    _steps = np.stack([np.sort(_rng.uniform(-0.5, 0.5, 6)) for _ in range(4)])
    _steps[:, 0], _steps[:, -1] = -0.6, 0.7  # the bottom lies inside
    _n = (_best[:, None] * np.exp(_steps)).ravel()
    _l = (2 + 0.05 * _steps**2 + 0.3 * (_budgets[:, None] / 1e18) ** -0.1).ravel()
    _lowest = [_n[_c == b][np.argmin(_l[_c == b])] for b in _budgets]
    _in_n = [
        -_f[1] / (2 * _f[0])
        for _f in (np.polyfit(_n[_c == b] / 1e8, _l[_c == b], 2) for b in _budgets)
    ]
    check.agrees(
        "four valleys of six models each", params_exponent(_c, _n, _l), _a, rtol=1e-5,
        hints={(1 - _a) / _a: "that is the exponent of the tokens",
               float(np.polyfit(np.log(_budgets), np.log(_lowest), 1)[0]) / _a: "the best model tried is not the bottom: fit the parabola",
               (float(np.polyfit(np.log(_budgets), np.log(_in_n), 1)[0]) if min(_in_n) > 0 else 9.0) / _a: "the parabola stands in log N, not in N",
               float(np.polyfit(_budgets, np.log(_best), 1)[0]) / _a: "the slope against log C, not against C",
               float(np.polyfit(_budgets, _best, 1)[0]) / _a: "the slope of logarithms, not of N against C"},
    )  # fmt: skip
_off = np.array([0.3, -0.2, 0.1, 0.15])  # bottoms beside the line, as measured ones are
_ends = math.log(_best[-1] / _best[0]) + _off[-1] - _off[0]
_want = float(np.polyfit(np.log(_budgets), np.log(_best) + _off, 1)[0])
check.agrees(
    "four bottoms that lie beside the line", params_exponent(_c, _n * np.repeat(np.exp(_off), 6), _l), _want, rtol=1e-5,
    hints={_ends / math.log(_budgets[-1] / _budgets[0]) / _want: "the line goes through all bottoms, not through the first and the last"},
)  # fmt: skip
check.agrees(
    "a best size that compute does not move (plus 1)",
    1 + params_exponent(_c, np.tile(np.exp(_steps[0]), 4), np.tile(_steps[0] ** 2, 4)),
    1.0,
)
_hill = 3 - 0.05 * _steps**2
check.refuses("hills instead of valleys", lambda: params_exponent(_c, _n, _hill.ravel()))
_slope = 2 + 0.05 * (_steps + 3) ** 2
check.refuses(
    "valleys whose bottoms lie below the smallest model",
    lambda: params_exponent(_c, _n, _slope.ravel()),
)
_slope = 2 + 0.05 * (_steps - 3) ** 2
check.refuses(
    "valleys whose bottoms lie above the largest model",
    lambda: params_exponent(_c, _n, _slope.ravel()),
)
### END HIDDEN TESTS

# %% tags=["explore"]
# explore: twelve published bottoms, found in one and the same set of runs
optima = facts.table("isoflop-optima")
lines = {
    counts: np.polyfit(np.log(rows.flop), np.log(rows.params), 1)
    for counts, rows in optima.groupby("counts")
}
labels = {counts: f"{counts} ({slope:.2f})" for counts, (slope, _) in lines.items()}
low, middle, high = sorted(slope for slope, _ in lines.values())
onward = np.geomspace(optima.flop.min(), 10 * optima.flop.max(), 20)  # a decade beyond the runs
with plots.figure(
    f"One set of runs, three ways to count: exponents {low:.2f}, {middle:.2f} and {high:.2f}"
) as axes:
    axes.set_xscale("log")
    axes.set_yscale("log")
    plots.measured_against(
        axes,
        {
            labels[counts]: (rows.flop.tolist(), rows.params.tolist())
            for counts, rows in optima.groupby("counts")
        },
        {
            labels[counts]: (onward, np.exp(np.polyval(line, np.log(onward))))
            for counts, line in lines.items()
        },
    )
    axes.set_xlabel("compute [FLOP]")
    axes.set_ylabel("best number of weights, counted so")
plots.show(
    axes,
    "Best model size over compute, both logarithmic: three lines with different slopes through the published optima, one for each way of counting weights.",
)
print(facts.sources(facts.value("isoflop-optima/nanochat-2026-all-1e18/params")))

# %% tags=["explore"]
# explore: why? Runs made by one law, in which all weights count and whose exponent is known
depth = np.geomspace(2, 400, 800)  # layers; the width grows with the depth
width = 64 * depth
counted = {
    "transformer matrices": 12 * depth * width**2,
    "weights and output head": 12 * depth * width**2 + case.vocab * width,
    "all": 12 * depth * width**2 + 2 * case.vocab * width,
}
for lowest in (1e18, 1e23):
    ladder = lowest * np.array([1.0, 2.0, 5.0, 10.0])
    slopes = {}
    for counts, count in counted.items():
        rows = []
        for flop in ladder:
            losses = loss_nats(law, counted["all"], flop / (6 * counted["weights and output head"]))
            near = losses < losses.min() + 2e-3  # the neighbourhood of the bottom
            rows.append(np.stack([np.full(near.sum(), flop), count[near], losses[near]]))
        slopes[counts] = params_exponent(*np.concatenate(rows, axis=1))
    print(
        f"{lowest:.0e} FLOP and up: "
        + ", ".join(f"{counts} {a:.2f}" for counts, a in slopes.items())
    )
print(
    f"the law that made the runs: β/(α + β) = {law.beta / (law.alpha + law.beta):.2f}; a vocabulary of {case.vocab:,} tokens"
)

# %% [markdown] nbgrader={"grade": false, "grade_id": "optimal_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 5 · Build: spend the budget
#
# Training costs six FLOP per weight and token (two forward, four backward), so a budget of $C$ FLOP
# buys any $N$ and $D$ with $6 N D = C$. Put $D = C/(6N)$ into the law, set the derivative by $N$ to
# zero, and return the $N$ and $D$ of least loss.
#
# *Think of:* $\alpha = \beta$; text that is worth more than before (a larger $B$).


# %% nbgrader={"grade": false, "grade_id": "optimal_n_d", "locked": false, "schema_version": 3, "solution": true, "task": false}
def optimal_n_d(law, flop):
    """Weights and tokens that a training budget is best spent on.

    Parameters
    ----------
    law : ScalingLaw
        Has A, B, alpha, beta.
    flop : float
        Training budget [FLOP].

    Returns
    -------
    tuple of two floats
        N and D.
    """
    ### BEGIN SOLUTION
    both = law.alpha + law.beta
    ratio = law.alpha * law.A / (law.beta * law.B)
    params = ratio ** (1 / both) * (flop / 6) ** (law.beta / both)
    return params, flop / (6 * params)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_optimal_n_d", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
_pair = check.numbers("optimal_n_d(law, 1e24)", optimal_n_d(law, 1e24), count=2, low=1e8, high=1e15)
check.same("six FLOP per weight and token use up the budget", 6 * _pair[0] * _pair[1], 1e24)
_even = models.scaling.ScalingLaw(E=1.7, A=400.0, B=2000.0, alpha=0.35, beta=0.35)
check.same(
    "with α = β four times the budget doubles N and D",
    optimal_n_d(_even, 4e24),
    [2 * x for x in optimal_n_d(_even, 1e24)],
)
check.rising(
    "the scarcer the text, the smaller the model",
    lambda b: (
        -optimal_n_d(models.scaling.ScalingLaw(E=1.7, A=400.0, B=b, alpha=0.35, beta=0.35), 1e24)[0]
    ),
    [500.0, 1000.0, 5000.0],
)
check.ok("optimal_n_d: the whole budget, shared out")
### BEGIN HIDDEN TESTS
_rng = np.random.default_rng(5)
for _ in range(12):
    _law = models.scaling.ScalingLaw(
        E=_rng.uniform(0.4, 2), A=_rng.uniform(20, 800), B=_rng.uniform(100, 3000),
        alpha=_rng.uniform(0.2, 0.6), beta=_rng.uniform(0.2, 0.6),
    )  # fmt: skip
    _f = 10 ** _rng.uniform(18, 27)
    _s, _q = _law.alpha + _law.beta, _law.A / _law.B
    _want = (_law.alpha / _law.beta * _q) ** (1 / _s) * (_f / 6) ** (_law.beta / _s)
    _got = check.numbers(f"optimal_n_d(law, {_f:.2g})", optimal_n_d(_law, _f), count=2)
    check.agrees(
        f"N for {_f:.3g} FLOP", _got[0], _want,
        hints={6 ** (_law.beta / _s): "training costs six FLOP per weight and token",
               (_law.beta / _law.alpha) ** (1 / _s): "the derivative brings down the exponents α and β",
               (_law.alpha / _law.beta * _q) ** (1 / _s) * (_f / 6) ** (_law.alpha / _s) / _want:
                   "N grows with the exponent of the other shortage: β/(α + β)",
               math.sqrt(_f / 6) * (_law.alpha / _law.beta * _q) ** (1 / _s) / _want:
                   "the exponent is one half only if α = β",
               math.sqrt(_f / 120) / _want: "twenty tokens a weight is what one law gave at one budget",
               _f / 6 / _want**2: "N comes first, then D"},
    )  # fmt: skip
    check.agrees(f"D for {_f:.3g} FLOP", _got[1], _f / 6 / _want)
### END HIDDEN TESTS

# %% tags=["explore"]
# explore: three published laws spend your budget
spent = {}
for name in ("hoffmann-2022", "besiroglu-2024", "muennighoff-2023"):
    other = models.scaling.published(name)
    spent[name] = optimal_n_d(other, case.flop)
    print(
        f"{name:17s}: {spent[name][0]:.2e} weights, {spent[name][1]:.2e} tokens, {spent[name][1] / spent[name][0]:.0f} tokens a weight"
    )
print(facts.sources(*(facts.value(f"scaling-laws/{name}/alpha") for name in spent)))
best_params, best_tokens = optimal_n_d(law, case.flop)
factors = np.geomspace(1 / 8, 8, 61)
cost_of_error = loss_nats(law, factors * best_params, best_tokens / factors) - loss_nats(
    law, best_params, best_tokens
)
at_half, at_eighth = (
    float(np.interp(np.log(x), np.log(factors), cost_of_error)) for x in (0.5, 1 / 8)
)
axes = plots.sweep(
    factors,
    {"": 1000 * cost_of_error},
    claim=f"The valley is flat: half the optimal size at equal compute costs {1000 * at_half:.1f} thousandths of a nat, an eighth {1000 * at_eighth:.0f}",
    x_label="weights, as a multiple of the compute-optimal number; same budget",
    y_label="loss above the optimum [nat/token / 1000]",
    log="x",
)
ticks = [1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8]
axes.set_xticks(ticks, [f"{x:g}" for x in ticks])
axes.minorticks_off()
plots.show(
    axes,
    "Loss above the optimum over model size relative to the optimal one: a flat-bottomed valley.",
)

# %% [markdown] nbgrader={"grade": false, "grade_id": "lifetime_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 6 · Build: the whole life
#
# A trained model has just begun to cost. By the lecture's list (06:01 to 06:42) its life has four parts:
#
# - pre-training on `tokens`: six FLOP per weight and token;
# - reinforcement learning: the model writes `rollouts` tokens (two FLOP per weight and token, as in
#   serving), and is then trained on the share `kept` of them (six more);
# - the product reads and writes `served` tokens.
#
# Return two numbers: the FLOP of training work and the FLOP of inference work.
#
# *Think of:* a model nobody uses; a rollout that is thrown away.


# %% nbgrader={"grade": false, "grade_id": "lifetime_flop", "locked": false, "schema_version": 3, "solution": true, "task": false}
def lifetime_flop(params, tokens, served, rollouts=0.0, kept=1.0):
    """Compute of a model's life, by kind of work.

    Parameters
    ----------
    params, tokens : float
        N, and D of pre-training.
    served : float
        Tokens of the product.
    rollouts : float
        Tokens written in reinforcement learning.
    kept : float
        Share of the rollouts that the model is trained on, 0 to 1.

    Returns
    -------
    tuple of two floats
        Training work and inference work [FLOP].
    """
    ### BEGIN SOLUTION
    training = 6 * params * (tokens + kept * rollouts)
    inference = 2 * params * (served + rollouts)
    return training, inference
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_lifetime_flop", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
_pair = check.numbers(
    "lifetime_flop(1e9, 2e10, 1e11)",
    lifetime_flop(1e9, 2e10, 1e11),
    count=2,
    low=1e18,
    high=1e23,
    unit="FLOP",
)
check.same("a model nobody uses has no inference", lifetime_flop(1e9, 2e10, 0.0)[1], 0.0)
check.same(
    "rollouts that are thrown away train nothing",
    lifetime_flop(1e9, 2e10, 0.0, rollouts=1e10, kept=0.0)[0],
    lifetime_flop(1e9, 2e10, 0.0)[0],
)
check.rising(
    "writing rollouts is inference, whether they are kept or not",
    lambda r: lifetime_flop(1e9, 2e10, 1e11, rollouts=r, kept=0.0)[1],
    [0.0, 1e10, 1e11],
)
check.ok("lifetime_flop: reading and writing here, learning there")
### BEGIN HIDDEN TESTS
_rng = np.random.default_rng(6)
for _ in range(10):
    _n, _d, _t, _r = 10 ** _rng.uniform(8, 12), *(10 ** _rng.uniform(9, 15, 3))
    _k = _rng.uniform(0.05, 0.95)
    _train, _infer = 6 * _n * (_d + _k * _r), 2 * _n * (_t + _r)
    _got = check.numbers("lifetime_flop(…)", lifetime_flop(_n, _d, _t, _r, _k), count=2)
    check.agrees(
        "training work, rollouts included", _got[0], _train,
        hints={6 * _n * _d / _train: "the model is trained on the rollouts it keeps",
               6 * _n * (_d + _r) / _train: "it is trained on the kept share alone",
               (_train + 2 * _n * _k * _r) / _train: "writing the rollouts is inference, training on them costs six FLOP per weight and token",
               1 / 3: "training costs six FLOP per weight and token: forward and backward",
               _infer / _train: "training work comes first"},
    )  # fmt: skip
    check.agrees(
        "inference work, rollouts included", _got[1], _infer,
        hints={2 * _n * _t / _infer: "writing the rollouts is inference",
               2 * _n * (_t + _k * _r) / _infer: "all rollouts have to be written, also those thrown away",
               3.0: "reading and writing cost two FLOP per weight and token",
               (_infer + _train) / _infer: "inference alone, not the sum"},
    )  # fmt: skip
check.agrees("training and serving alone", lifetime_flop(7e10, 1.4e12, 3e13), [5.88e23, 4.2e24])
check.agrees(
    "every rollout kept, unless said otherwise",
    lifetime_flop(1e9, 2e10, 1e11, 1e10),
    [1.8e20, 2.2e20],
)
### END HIDDEN TESTS

# %% tags=["explore"]
# explore: is reinforcement learning "primarily an inference workload" (06:17)?
for kept in (1.0, 1 / 3, 0.1):
    alone = np.array(lifetime_flop(1.0, 1.0, 0.0, rollouts=1.0, kept=kept)) - np.array(
        lifetime_flop(1.0, 1.0, 0.0)
    )
    hours = alone / np.array([case.mfu_training, case.mfu_serving])
    print(
        f"{kept:4.0%} of the rollouts kept: inference is {alone[1] / alone.sum():.0%} of the FLOP, {hours[1] / hours.sum():.0%} of the chip-hours"
    )
for times in (1, 3, 10):
    print(
        f"synthetic text from a teacher {times:2d} times as large: writing it is {2 * times / (2 * times + 6):.0%} of the FLOP, learning from it the rest"
    )

# %% [markdown] nbgrader={"grade": false, "grade_id": "crossover_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 7 · Build: when does inference take over?
#
# After how many served tokens has serving used the share `share` of training and serving together?
# With equal efficiency that is a question about FLOP: six to learn a token, two to serve it. But
# serving uses a smaller share of the chip's peak (its *MFU*), so its FLOP take longer; with both MFUs
# given, answer in chip-hours. A share of 1 is never reached: raise a `ValueError`.
#
# *Think of:* equal MFUs and a share of one half; a share of zero; serving that is half as efficient.


# %% nbgrader={"grade": false, "grade_id": "crossover_tokens", "locked": false, "schema_version": 3, "solution": true, "task": false}
def crossover_tokens(tokens, share=0.5, mfu_training=1.0, mfu_serving=1.0):
    """Tokens to serve until serving is a given share of training and serving.

    Parameters
    ----------
    tokens : float
        D, trained on.
    share : float
        0 to below 1.
    mfu_training, mfu_serving : float
        Share of the chip's peak used in each.

    Returns
    -------
    float
        Served tokens.
    """
    ### BEGIN SOLUTION
    if share >= 1:
        raise ValueError(f"share = {share}: training never vanishes")
    return 6 / 2 * tokens * share / (1 - share) * mfu_serving / mfu_training
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_crossover_tokens", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check.number("crossover_tokens(1e12)", crossover_tokens(1e12), low=1e11, high=1e14, unit="token")
check.same("no share needs no tokens", crossover_tokens(1e12, share=0.0), 0.0)
check.rising(
    "a larger share takes longer", lambda s: crossover_tokens(1e12, share=s), [0.1, 0.5, 0.9]
)
check.rising(
    "serving that wastes chip time takes over sooner",
    lambda m: -crossover_tokens(1e12, 0.5, 0.4, 0.4 / m),
    [1, 2, 4],
)
check.refuses("serving alone", lambda: crossover_tokens(1e12, share=1.0))
check.ok("crossover_tokens: direction and limits")
### BEGIN HIDDEN TESTS
check.agrees(
    "equal MFUs, one half", crossover_tokens(1e12), 3e12,
    hints={1 / 3: "a token learnt costs three times a token served",
           0.5: "share of the whole: serving over training is share/(1 − share)"},
)  # fmt: skip
_rng = np.random.default_rng(7)
for _ in range(15):
    _d, _s = 10 ** _rng.uniform(11, 14), _rng.uniform(0.1, 0.95)
    _mt, _ms = _rng.uniform(0.3, 0.5), _rng.uniform(0.05, 0.25)
    _want = 3 * _d * _s / (1 - _s) * _ms / _mt
    check.agrees(
        f"{_s:.0%} of the chip-hours", crossover_tokens(_d, _s, _mt, _ms), _want,
        hints={(_mt / _ms) ** 2: "low MFU makes serving dearer, so fewer tokens are needed",
               _mt / _ms: "in chip-hours the two MFUs count",
               1 / 3: "a token learnt costs three times a token served",
               1 - _s: "share of the whole: serving over training is share/(1 − share)",
               (1 - _s) / _s: "share of the whole: serving over training is share/(1 − share)"},
    )  # fmt: skip
check.agrees("the lecture's 80 per cent of the FLOP", crossover_tokens(1.0, 0.8), 12.0)
check.refuses("more than everything", lambda: crossover_tokens(1e12, share=1.2))
### END HIDDEN TESTS

# %% tags=["explore"]
# explore: the lecture's 80 per cent in your case
served = np.geomspace(0.1, 20, 80) * best_tokens
in_flop = np.array([lifetime_flop(best_params, best_tokens, t) for t in served])
in_hours = in_flop / np.array([case.mfu_training, case.mfu_serving])
needed = {
    "FLOP": crossover_tokens(best_tokens, 0.8),
    "chip-hours": crossover_tokens(best_tokens, 0.8, case.mfu_training, case.mfu_serving),
}
axes = plots.sweep(
    served / best_tokens,
    {
        "FLOP": in_flop[:, 1] / in_flop.sum(axis=1),
        "chip-hours": in_hours[:, 1] / in_hours.sum(axis=1),
    },
    claim=f"Serving is 80 % of the FLOP after {needed['FLOP'] / best_tokens:.0f} times the training tokens, of the chip-hours after {needed['chip-hours'] / best_tokens:.1f}",
    x_label="tokens served for each token trained on",
    y_label="serving's share of training and serving",
    log="x",
)
axes.axhline(0.8, color=plots.COLOURS["black"], lw=1.2, ls="--")
axes.annotate("80 % (06:58)", (0.1, 0.8), xytext=(0, 3), textcoords="offset points", fontsize=9)
plots.show(
    axes,
    "Share of serving over served tokens per trained token: two rising curves, chip-hours to the left of FLOP, crossing the 80 per cent line.",
)
print(
    f"your product serves {case.served_tokens / best_tokens:.0f} tokens for each one trained on; 80 % of chip-hours need {needed['chip-hours']:.2g} served tokens"
)

# %% [markdown] nbgrader={"grade": false, "grade_id": "inference_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 8 · Build: the model for this product
#
# If serving dominates, a smaller model that was trained for longer is cheaper at the *same* loss. Find
# the $N$ and $D$ that reach `loss` with the least compute of training and serving,
#
# $$\min_{N, D}\; 6 N D + 2 N T \quad \text{with} \quad L(N, D) = \text{loss}$$
#
# with $N$ right to one part in a thousand. `served` is $T$. A loss at or below $E$ cannot be reached: raise a
# `ValueError`. (For each $N$ the law says which $D$ is needed; below some $N$ no text is enough.
# `scipy.optimize.minimize_scalar` over $\log N$ will do.)
#
# *Think of:* no served tokens; very many.


# %% nbgrader={"grade": false, "grade_id": "optimal_for_inference", "locked": false, "schema_version": 3, "solution": true, "task": false}
from scipy.optimize import minimize_scalar


def optimal_for_inference(law, loss, served):
    """Cheapest model of a given loss, serving included.

    Parameters
    ----------
    law : ScalingLaw
        Has E, A, B, alpha, beta.
    loss : float
        To be reached [nat/token].
    served : float
        Tokens served over the model's life.

    Returns
    -------
    tuple of two floats
        N and D.
    """
    ### BEGIN SOLUTION
    room = loss - law.E
    if room <= 0:
        raise ValueError(f"loss = {loss}: no model goes below E = {law.E}")
    smallest = math.log(law.A / room) / law.alpha  # log N that needs endless text

    def tokens_for(log_n):
        return (law.B / (room - law.A * math.exp(-law.alpha * log_n))) ** (1 / law.beta)

    def log_flop(log_n):
        return log_n + math.log(6 * tokens_for(log_n) + 2 * served)

    found = minimize_scalar(
        log_flop, bounds=(smallest + 1e-9, smallest + 20), method="bounded", options={"xatol": 1e-9}
    )
    return math.exp(found.x), tokens_for(found.x)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_optimal_for_inference", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
_target = law.E + 0.1
_pair = check.numbers(
    "optimal_for_inference(law, E + 0.1, 1e14)",
    optimal_for_inference(law, _target, 1e14),
    count=2,
    low=1e8,
    high=1e16,
)
check.rising(
    "the more is served, the smaller the model",
    lambda t: -optimal_for_inference(law, _target, t)[0],
    [0.0, 1e13, 1e14, 1e15],
)
check.rising(
    "a smaller model needs more text",
    lambda t: optimal_for_inference(law, _target, t)[1],
    [0.0, 1e13, 1e14, 1e15],
)
check.refuses("a loss below the entropy", lambda: optimal_for_inference(law, law.E - 0.01, 1e13))
check.ok("optimal_for_inference: smaller and longer, and no miracles")
### BEGIN HIDDEN TESTS
from scipy.optimize import brentq as _brentq


def _cheapest(law, room, served):
    """N and D where α·(1 − v)·6D/(6D + 2T) = β·v, v the tokens' part of the shortage."""
    tokens = lambda v: (law.B / (room * v)) ** (1 / law.beta)  # noqa: E731
    top = math.log(law.alpha / (law.alpha + law.beta))

    def gap(u):
        training = 1 / (1 + served / (3 * tokens(math.exp(u))))
        return law.alpha * (1 - math.exp(u)) * training - law.beta * math.exp(u)

    v = math.exp(_brentq(gap, -40, top + 1e-12, xtol=1e-13)) if served else math.exp(top)
    return (law.A / (room * (1 - v))) ** (1 / law.alpha), tokens(v)


_rng = np.random.default_rng(8)
for _ in range(12):
    _law = models.scaling.ScalingLaw(
        E=_rng.uniform(0.4, 2), A=_rng.uniform(100, 800), B=_rng.uniform(300, 3000),
        alpha=_rng.uniform(0.28, 0.5), beta=_rng.uniform(0.28, 0.5),
    )  # fmt: skip
    _room = _rng.uniform(0.08, 0.4)
    _still = _cheapest(_law, _room, 0.0)
    _t = _still[1] * 10 ** _rng.uniform(0, 2)
    _want = _cheapest(_law, _room, _t)
    _got = check.numbers(
        "optimal_for_inference(…)", optimal_for_inference(_law, _law.E + _room, _t), count=2
    )
    check.agrees(
        f"N for {_t:.2g} served tokens", _got[0], _want[0], rtol=1e-3,
        hints={_cheapest(_law, _room, 3 * _t)[0] / _want[0]: "a served token costs a third of a token learnt: two FLOP per weight, not six",
               _still[0] / _want[0]: "that is the cheapest model to train: serving counts, too",
               _want[1] / _want[0]: "N comes first, then D"},
    )  # fmt: skip
    check.agrees(f"D for {_t:.2g} served tokens", _got[1], _want[1], rtol=3e-3)
    check.agrees(
        "the loss that this N and D reach, above E",
        _law.A * _got[0] ** -_law.alpha + _law.B * _got[1] ** -_law.beta, _room, rtol=1e-5,
    )  # fmt: skip
    check.agrees(
        "nothing served: the compute optimum of that loss",
        optimal_for_inference(_law, _law.E + _room, 0.0)[0], _still[0], rtol=1e-3,
    )  # fmt: skip
check.refuses("exactly the entropy", lambda: optimal_for_inference(law, law.E, 1e13))
### END HIDDEN TESTS

# %% tags=["explore"]
# explore: the same quality, by size of the model, in chip-hours
loss_wanted = loss_nats(law, best_params, best_tokens)
weighed = case.served_tokens * case.mfu_training / case.mfu_serving  # serving's FLOP take longer
small_params, small_tokens = optimal_for_inference(law, loss_wanted, weighed)
sizes = np.geomspace(0.75 * small_params, 3 * best_params, 60)
room = loss_wanted - law.E - law.A / sizes**law.alpha
sizes, room = sizes[room > 0], room[room > 0]
texts = (law.B / room) ** (1 / law.beta)
hour_flop = case.peak_flops_per_s * HOUR_S
chip_hours = {
    name: 6 * sizes * texts / (hour_flop * case.mfu_training)
    + 2 * sizes * times * case.served_tokens / (hour_flop * case.mfu_serving)
    for name, times in {
        "training alone": 0,
        "a tenth of your traffic": 0.1,
        "your traffic": 1,
    }.items()
}
axes = plots.sweep(
    sizes,
    chip_hours,
    claim=f"For your traffic the cheapest model of this loss has {small_params / best_params:.0%} of the weights and {small_tokens / best_tokens:.0f} times the text",
    x_label="weights; every point reaches the same loss",
    y_label="chip-hours of training and serving",
    log="xy",
)
plots.show(
    axes,
    "Chip-hours over model size at equal loss, for no, little and full traffic: the minimum moves to smaller models as traffic grows.",
)
stock = facts.value("model-assumptions/text-stock")
print(
    f"text: {small_tokens:.2g} tokens of a stock of {stock:.2g} ({stock.low:.0e} to {stock.high:.0e}); compute-optimal: {best_tokens:.2g}"
)
stretched = models.scaling.published_data_constrained("muennighoff-2023")
for unique in (facts.value("training-runs/llama-3-70b/tokens"), stock.low):
    print(
        f"  read again and again from {unique:.1e} unique tokens, they would be worth {stretched.effective_tokens(small_tokens, unique):.2g}"
    )
print(facts.sources(stock, facts.value("training-runs/llama-3-70b/tokens")))

# %% tags=["explore"]
# explore: what traffic would make published models the right size, if your law held for them?
from scipy.optimize import brentq

sizes_known = []
for name in ("palm-540b", "llama-65b", "llama-2-70b", "llama-3-70b", "llama-3-8b"):
    weights, text = (
        facts.value(f"training-runs/{name}/{column}") for column in ("active_params", "tokens")
    )
    sizes_known += [weights, text]
    reached = loss_nats(law, weights, text)

    def too_large(log_served, reached=reached, weights=weights):
        return optimal_for_inference(law, reached, math.exp(log_served))[0] - weights

    sums = f"{name:12s}: {text / weights:6,.0f} tokens a weight"
    if optimal_for_inference(law, reached, 0.0)[0] <= weights:
        print(f"{sums}: larger than even the compute optimum of its loss")
    else:
        implied = math.exp(brentq(too_large, math.log(1e9), math.log(1e19)))
        print(
            f"{sums}: right for {implied:.1e} served tokens, {implied / text:.2g} for each one trained on"
        )
print(facts.sources(*sizes_known))

# %% [markdown] nbgrader={"grade": false, "grade_id": "lead_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 9 · Build: what half a year is worth
#
# A follower is `months` behind: he trains as you did, with the effective compute that you had then.
# Effective compute grows by the factor `growth_per_year` (compute, or compute times better algorithms).
# `best_loss(flop)` is somebody's function: the least loss that a budget can buy. Distillation, training
# on your model's answers, gives the follower back the share `distilled` of the gap. How many nats does
# he trail behind?
#
# *Think of:* no delay; no growth; perfect distillation; two delays in a row.


# %% nbgrader={"grade": false, "grade_id": "lead_loss_nats", "locked": false, "schema_version": 3, "solution": true, "task": false}
def lead_loss_nats(best_loss, flop, months, growth_per_year, distilled=0.0):
    """Loss by which a follower trails.

    Parameters
    ----------
    best_loss : callable
        Takes FLOP, returns nats per token, falling.
    flop : float
        Training compute of the leader.
    months : float
        Delay of the follower.
    growth_per_year : float
        Factor by which effective compute grows in a year.
    distilled : float
        Share of the gap that distillation closes, 0 to 1.

    Returns
    -------
    float
        Nats per token.
    """
    ### BEGIN SOLUTION
    behind = flop / growth_per_year ** (months / 12)
    return (1 - distilled) * (best_loss(behind) - best_loss(flop))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_lead_loss_nats", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
_best = lambda c: 1.7 + 1500 * c**-0.16  # noqa: E731
check.number("lead_loss_nats(…)", lead_loss_nats(_best, 1e25, 6, 3.0), low=1e-4, high=1, unit="nat")
check.same("no delay, no gap", 1 + lead_loss_nats(_best, 1e25, 0, 3.0), 1.0)
check.same("no growth, no gap", 1 + lead_loss_nats(_best, 1e25, 6, 1.0), 1.0)
check.same("perfect distillation closes the gap", 1 + lead_loss_nats(_best, 1e25, 6, 3.0, 1.0), 1.0)
check.rising(
    "a longer delay trails further", lambda m: lead_loss_nats(_best, 1e25, m, 3.0), [1, 6, 24]
)
check.rising(
    "better distillation trails less",
    lambda s: -lead_loss_nats(_best, 1e25, 6, 3.0, s),
    [0.0, 0.3, 0.9],
)
check.ok("lead_loss_nats: limits and directions")
### BEGIN HIDDEN TESTS
_rng = np.random.default_rng(9)
for _ in range(12):
    _k, _g = _rng.uniform(500, 3000), _rng.uniform(0.12, 0.2)
    _f = lambda c, k=_k, g=_g: 1.7 + k * c**-g  # noqa: E731
    _c, _m, _y, _s = (
        10 ** _rng.uniform(23, 27),
        _rng.uniform(2, 30),
        _rng.uniform(2, 9),
        _rng.uniform(0.1, 0.8),
    )
    _gap = lambda ratio, f=_f, c=_c: f(c / ratio) - f(c)  # noqa: E731
    _want = _gap(_y ** (_m / 12))
    check.agrees(
        f"{_m:.1f} months at growth {_y:.1f}", lead_loss_nats(_f, _c, _m, _y), _want, rtol=1e-5,
        hints={_gap(1 + (_y - 1) * _m / 12) / _want: "growth compounds: raise it to the power of the years",
               _gap(_y * _m / 12) / _want: "growth compounds: raise it to the power of the years",
               _gap(_y**_m) / _want: "growth is per year, the delay in months",
               _gap(math.exp(_y * _m / 12)) / _want: "the growth is a factor, not a rate: g to the power of the years",
               -_gap(1 / _y ** (_m / 12)) / _want: "the follower has less compute than the leader, not the leader more",
               _f(_c / _y ** (_m / 12)) / _want: "the gap was asked for, not the follower's loss"},
    )  # fmt: skip
    check.agrees(
        f"{_s:.0%} of it distilled", lead_loss_nats(_f, _c, _m, _y, _s), (1 - _s) * _want, rtol=1e-5,
        hints={_s / (1 - _s): "distillation closes this share: what is left was asked for",
               _gap(_y ** ((1 - _s) * _m / 12)) / ((1 - _s) * _want): "distillation gives back a share of the nats, not of the months",
               _gap(1 / (_s + (1 - _s) * _y ** (-_m / 12))) / ((1 - _s) * _want): "distillation gives back a share of the nats, not of the compute"},
    )  # fmt: skip
_f = lambda c: 2 - 0.01 * math.log(c)  # noqa: E731
check.agrees(
    "a law in which every factor of compute is worth the same",
    lead_loss_nats(_f, 1e25, 24, 3.0),
    0.02 * math.log(3),
)
### END HIDDEN TESTS


# %% tags=["explore"]
# explore: the lecture's six months (45:43)
def best_loss(flop):
    """Least loss of a budget, by your law and your optimum."""
    return loss_nats(law, *optimal_n_d(law, flop))


growth, progress = (
    facts.value(f"model-assumptions/{name}") for name in ("fleet-growth", "algorithm-growth")
)
months = facts.value("model-assumptions/lead-months")
kinds = {
    "compute alone": (growth, 0.0),
    "and secret algorithms": (growth * progress, 0.0),
    "half of that distilled": (growth * progress, 0.5),
}
axes = plots.sweep(
    np.arange(0, 25),
    {
        name: [lead_loss_nats(best_loss, case.flop, m, g, share) for m in range(25)]
        for name, (g, share) in kinds.items()
    },
    claim=f"Compute alone makes {months:.0f} months worth {lead_loss_nats(best_loss, case.flop, months, growth):.3f} nats",
    x_label="months behind",
    y_label="loss behind [nat/token]",
)
axes.axvline(months, color=plots.COLOURS["black"], lw=1, ls="--")
plots.show(
    axes,
    "Loss behind over months behind: three rising lines, compute alone lowest, with secret algorithms highest.",
)
chinchilla = models.scaling.published("hoffmann-2022")
at_frontier = lead_loss_nats(
    lambda c: loss_nats(chinchilla, *optimal_n_d(chinchilla, c)), 1e26, months, growth
)
print(
    f"{growth ** (months / 12):.2f} times the compute; by Chinchilla's law at 1e26 FLOP: {at_frontier:.3f} nats"
)
print(
    f"orders of magnitude of compute (45:13): one takes {12 * math.log(10) / math.log(growth):.0f} months at this growth, and buys {best_loss(case.flop / 10) - best_loss(case.flop):.3f} nats"
)
gap = lead_loss_nats(best_loss, case.flop, months, growth)
for length in (1, 100, 1000):
    print(
        f"over {length:5,d} tokens in a row {gap:.4f} nats a token make the right text {math.exp(gap * length):,.2f} times as likely"
    )
print(facts.sources(growth, progress, months))

# %% [markdown] nbgrader={"grade": false, "grade_id": "explain_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Explain the gap
#
# In 150 to 300 words, with numbers from your case:
#
# 1. Your law fitted your grid well. Where did it put the floor, where is the floor, and what would you
#    have seen of that on real text, whose entropy nobody knows? Which of your numbers (the exponent,
#    the floor, the loss of a larger run, the N for a budget) would you still use, and over which range?
# 2. Inference takes 80 per cent (06:58), and post-training is primarily inference (06:17). Under which
#    assumptions about traffic, about rollouts kept, and about what is being counted (FLOP, chip-hours)
#    are both true in your case? Which of them did nobody say aloud?

# %% [markdown] nbgrader={"grade": true, "grade_id": "explain", "locked": false, "points": 5, "schema_version": 3, "solution": true, "task": false}
# See the rubric for a strong and a weak answer.

# %% [markdown] nbgrader={"grade": false, "grade_id": "decide_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Decide
#
# You run the product of your case. Train the compute-optimal model, or the smaller one that was trained
# for longer? And keep its weights, or release them? Three options, all of the same quality:
#
# - **compute-optimal, closed**
# - **overtrained, closed**: sized for your expected traffic
# - **overtrained, open**: the same model, its weights given away on the first day
#
# While nobody has its equal, a closed model sells at today's closed price. Once open models match it,
# or from the first day if it *is* open, the price is theirs: demand grows with its elasticity, you keep
# a share of the traffic, and each token that others serve with your model is worth something to you
# (chips, cloud, advice, standing). The next cells compute this from the facts, the same way for everyone;
# they do not use your functions.


# %% nbgrader={"grade": false, "grade_id": "decide_model", "locked": true, "schema_version": 3, "solution": false, "task": false}
def blended_usd_per_mtok(row):
    """Price of a token in a published mix of input and output [USD/Mtok]."""
    read, written = (
        facts.value(f"stack-assumptions/lecture-{kind}-tokens") for kind in ("input", "output")
    )
    paid = read * facts.value(f"prices/{row}/input_usd_per_mtok") + written * facts.value(
        f"prices/{row}/output_usd_per_mtok"
    )
    return paid / (read + written)


inputs = {
    "served_tokens": case.served_tokens,
    "price_ahead_usd_per_mtok": blended_usd_per_mtok("gpt-5.6-terra-2026-07-30"),
    "price_matched_usd_per_mtok": blended_usd_per_mtok("deepseek-v4-pro-peak-2026-09-15"),
    "lead_months": facts.value("model-assumptions/lead-months"),
    "life_months": facts.value("model-assumptions/model-life"),
    "kept_share": facts.value("model-assumptions/open-kept-share"),
    "elasticity": facts.value("apps/demand-elasticity"),
    "complement_usd_per_mtok": facts.value("model-assumptions/open-complement"),
    "rent_usd_per_h": case.rent_usd_per_h,
    "mfu_training": case.mfu_training,
    "mfu_serving": case.mfu_serving,
}
ranges = {
    "served_tokens": (0.1 * case.served_tokens, 3 * case.served_tokens),
    "price_ahead_usd_per_mtok": (
        blended_usd_per_mtok("gpt-5-2025-08-07"),
        blended_usd_per_mtok("gpt-5.6-sol-2026-08-05"),
    ),
    "price_matched_usd_per_mtok": (
        blended_usd_per_mtok("deepseek-v4-pro-off-peak-2026-09-15"),
        blended_usd_per_mtok("deepseek-v4-pro-2026-08-05"),
    ),
}
print(facts.sources(*inputs.values(), facts.value("prices/gpt-5.6-terra-2026-07-30/input_usd_per_mtok"),
                    facts.value("prices/deepseek-v4-pro-peak-2026-09-15/input_usd_per_mtok")))  # fmt: skip


def net_usd(option, **given):
    """Earnings over the model's life, less training and serving [USD]."""
    return case.net_usd(option, **given)


# %% tags=["explore"]
# explore: what each option earns, and where the decision turns
net = {
    o: net_usd(o, **inputs)
    for o in ("compute-optimal, closed", "overtrained, closed", "overtrained, open")
}
for option, usd in net.items():
    plan = case.plan(option.split(",")[0])
    print(
        f"{option:24s} {plan.params:.2e} weights, {plan.tokens:.2e} tokens: {format_usd(usd):>9s} over its life"
    )
best, *rivals = sorted(net, key=net.get, reverse=True)
searched = {"served_tokens": (1e11, 1e17), "lead_months": (0, 18), "kept_share": (0, 1), "elasticity": (0, 4),
            "complement_usd_per_mtok": (0, 3), "price_matched_usd_per_mtok": (0.1, 4), "mfu_serving": (0.01, 1)}  # fmt: skip
leads = {}
for rival in rivals:

    def lead(rival=rival, **given):
        return net_usd(best, **given) - net_usd(rival, **given)

    leads[rival] = lead
    flips = {
        name: decision.flip_value(lead, inputs, name, *ends) for name, ends in searched.items()
    }
    turning = [f"{name} = {x:.3g}" for name, x in flips.items() if not math.isnan(x)]
    print(
        f"“{best}” leads “{rival}” by {format_usd(lead(**inputs))}; turns at {' or '.join(turning) or 'no value searched'}"
    )

for rival, lead in leads.items():
    frame = decision.tornado(lead, inputs, ranges)
    axes = plots.tornado(
        frame,
        claim=f"What the lead of “{best}” over “{rival}” hangs on",
        x_label="lead, USD",
        base=lead(**inputs),
    )
    plots.show(
        axes,
        f"Tornado chart: how far each input moves the lead of {best} over {rival}; the widest bars are {', '.join(frame.index[:2])}.",
    )

# %% [markdown] nbgrader={"grade": false, "grade_id": "decide_ask", "locked": true, "schema_version": 3, "solution": false, "task": false}
# In 150 to 300 words: which N and D do you train, and do you release the weights? Name the number at
# which you would choose differently and say how you would find out its true value. Then judge the last
# sentence of the lecture (45:43): what must be worth a great deal if half a year is an enormous lead,
# although the law gives it so few nats, and who gains when listeners believe it?

# %% [markdown] nbgrader={"grade": true, "grade_id": "decide", "locked": false, "points": 5, "schema_version": 3, "solution": true, "task": false}
# See the rubric for a strong and a weak answer.

# %% [markdown] nbgrader={"grade": false, "grade_id": "calibrate_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## How honest were your intervals?
#
# About four in five of your intervals should hold the outcome. The score is in decades: the width of
# the interval, plus ten times the miss. Lower is better.

# %% tags=["explore"]
# explore: your predictions against what came out
outcomes = {
    "optimal_params": case.plan("compute-optimal").params,
    "small_model_loss_nats": runs[-1].loss,
    "tokens_for_80_share": crossover_tokens(
        case.plan("compute-optimal").tokens, 0.8, case.mfu_training, case.mfu_serving
    ),
    "lead_nats": gap,
}
score = check.calibration(predictions, outcomes)
print(score.to_string(float_format=lambda x: f"{x:.3g}"))
print(
    f"{score['inside'].sum()} of {len(score)} inside; mean score {score['score'].mean():.2f} decades"
)
