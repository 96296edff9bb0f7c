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
# # Lab 1 · One gigawatt on one page
#
# A meter on one side, a bill on the other. How many accelerators does a gigawatt feed, how many
# tokens do they make, what do people pay for them, and who believes which of these numbers?
#
# | lecture | what was said |
# | --- | --- |
# | 03:50 | revenue follows compute: how much of it there is and how well it is used; both tripled every year |
# | 05:34 | 30 GW are the goal for the end of the decade, shared by research and products |
# | 07:54 | three levers: make each token cheaper, make each token smarter, need fewer tokens for a task |
# | 10:31 | a gigawatt is about half a million GPUs |
# | 14:26 | a GPU of 1 to 2 kW for each of 7 billion people is 7 TW |
# | 15:00 | the hyperscalers plan about 100 GW, a fifth of the US grid or more |
# | 16:24 | whoever has more compute can serve a large model without limits |
# | 43:46 | a gigawatt costs $70 bn |
#
# You will write the eight functions behind this table, test one sentence against a placebo, and at the
# end fund one of the three levers.
#
# **How it works.** *Predict* → *build* → *simulate* → *explain* → *decide*. Cells that say
# `YOUR CODE HERE` are yours; the cell below each of them checks your function and says in one
# sentence what is wrong, never what the answer is. When you are graded, more cases are tried. Cells
# marked *explore* are never graded: change them, break them. Two written answers are read by a
# person. Everything is in SI units (watts, joules, seconds); a name ends with its unit, and `share`
# means a number from 0 to 1. Run the cells from top to bottom.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import math
from itertools import pairwise

import numpy as np

from supercycle import apps, check, chips, decision, facts, plots, scenario, stack
from supercycle.units import GIGAWATT, HOUR_S, HOURS_PER_YEAR, MTOK, format_si, format_usd

# What you are about to write stands in the library, too; here it is withheld.
check.withhold(
    "energy.gpus_count",
    "infra.gpus_per_gw",
    "apps.revenue_usd_per_year",
    "apps.tokens_per_year",
    "apps.recognised_usd",
    "apps.recognised_share",
    "apps.cost_usd_per_success",
    "apps.revenue_ratio",
    "apps.peak_load",
    "energy.grid_share",
    "infra.capex_ladder_usd_per_gw",
)

case = scenario.draw("lab01")  # your own case: a campus and what it serves
chip = chips.accelerator(case.chip)
print(
    f"your case ({case.code}): {format_si(case.power_w, 'W')} at the meter, PUE {case.pue:g}, {chip.name}"
)
print(
    f"each accelerator, with its share of host and network, takes {format_si(case.w_per_gpu, 'W')}"
)
print(
    f"{case.share_sold:.0%} of the power serves customers; they fill {case.utilisation:.0%} of it"
)
print(
    f"a busy fleet makes {case.tokens_per_j:.2f} tokens per joule at the meter, sold at {format_usd(case.price_usd_per_mtok)} a million"
)
print(
    f"the product's task: {case.tokens_per_attempt / MTOK:g} M tokens an attempt, {case.success_share:.0%} succeed, "
    f"a person checks each for {case.review_s:.0f} s"
)

# %% [markdown] nbgrader={"grade": false, "grade_id": "predict_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Predict
#
# Before any arithmetic: five guesses for **your case**. Write each as `(low, best, high)`, an interval
# you would bet on four to one. Nobody grades whether you are right; at the end you see whether your
# intervals were honest.
#
# - `gpus`: accelerators that your campus feeds
# - `revenue_usd_per_year`: what the campus earns in a year
# - `break_even_usd_per_year`: what it would have to earn in a year to pay its running costs and, over
#   the life of its chips and with interest, the lecture's price
# - `us_grids`: a GPU of 1.5 kW for each of 7 billion people takes this many times the average load of
#   the United States
# - `placebo_share`: take two series of three points that have nothing to do with each other, each
#   growing two- to fourfold from point to point. In what share of such pairs is the correlation
#   above 0.99? (A share, so 0.1 is one in ten.)
#
# And one rule, written down **before** you see the data. On the lecture's chart, compute and revenue
# correlate closely (03:00). You will count that as evidence for a link only if fewer than the share
# `believe_if_below` of unrelated pairs correlate as closely.

# %% nbgrader={"grade": false, "grade_id": "predictions", "locked": false, "schema_version": 3, "solution": true, "task": false}
# predictions = {"gpus": (low, best, high), ...}
# believe_if_below = ...
### BEGIN SOLUTION
predictions = {
    "gpus": (2e5, 4.5e5, 1e6),
    "revenue_usd_per_year": (1e9, 6e9, 3e10),
    "break_even_usd_per_year": (8e9, 18e9, 40e9),
    "us_grids": (5, 15, 50),
    "placebo_share": (0.05, 0.5, 0.95),
}
believe_if_below = 0.05
### END SOLUTION

# %% tags=["explore"]
# explore: are these five intervals and one rule?
for name in (
    "gpus",
    "revenue_usd_per_year",
    "break_even_usd_per_year",
    "us_grids",
    "placebo_share",
):
    check.prediction(name, predictions.get(name))
check.number("believe_if_below", believe_if_below, low=0, high=1)
check.ok("five predictions and a rule, stored for later")

# %% [markdown] nbgrader={"grade": false, "grade_id": "gpus_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 1 · Build: from the meter to the machines
#
# Not every watt at the meter reaches a machine: cooling and conversion take theirs. *Power usage
# effectiveness* (PUE) is power at the meter over power of the machines, so it is at least 1.
#
# Write how many accelerators a site feeds. `w_per_gpu` is the power of everything in the hall per
# accelerator: the chip, its host, its share of network and storage. Do not round; raise a
# `ValueError` with a sentence if the PUE is below 1.
#
# *Think of:* a perfect site with PUE 1; twice the power.


# %% nbgrader={"grade": false, "grade_id": "gpus_count", "locked": false, "schema_version": 3, "solution": true, "task": false}
def gpus_count(power_w, pue, w_per_gpu):
    """Accelerators that a site feeds.

    Parameters
    ----------
    power_w : float
        Power at the meter [W].
    pue : float
        Power at the meter over power of the machines, at least 1.
    w_per_gpu : float
        Power of the machines per accelerator [W].

    Returns
    -------
    float
        Not rounded.
    """
    ### BEGIN SOLUTION
    if pue < 1:
        raise ValueError(f"pue = {pue}: must be at least 1")
    return power_w / pue / w_per_gpu
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_gpus_count", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check.number("gpus_count(1e9, 1.2, 2000)", gpus_count(1e9, 1.2, 2000), low=1e4, high=1e7)
check.same("no power feeds nobody", gpus_count(0.0, 1.2, 2000), 0.0)
check.rising("more power feeds more", lambda p: gpus_count(p, 1.2, 2000), [1e8, 1e9, 2e9])
check.rising("a worse PUE feeds fewer", lambda u: -gpus_count(1e9, u, 2000), [1.0, 1.2, 2.0])
check.same(
    "a tenth of the power feeds a tenth of the machines, unrounded",
    gpus_count(1e8, 1.3, 1700) * 10,
    gpus_count(1e9, 1.3, 1700),
)
check.refuses("a PUE below 1", lambda: gpus_count(1e9, 0.8, 2000))
check.ok("gpus_count: direction, scale and a PUE that can be")
### BEGIN HIDDEN TESTS
check.agrees("a perfect site", gpus_count(1e9, 1.0, 2000.0), 500_000.0)
check.refuses("a PUE below 1 by a hair", lambda: gpus_count(1e9, 0.999, 2000))
_rng = np.random.default_rng(1)
for _ in range(20):
    _p, _u, _w = _rng.uniform(1e7, 5e9), _rng.uniform(1.05, 1.9), _rng.uniform(500, 3000)
    check.agrees(
        f"{_p / 1e6:.0f} MW, PUE {_u:.2f}, {_w:.0f} W each", gpus_count(_p, _u, _w), _p / (_u * _w),
        hints={_u: "the PUE's share of the power never reaches a machine",
               _u**2: "the meter shows more than the machines get: divide by the PUE",
               1 / _u: "the PUE counts once: w_per_gpu is measured behind it",
               (2 - _u) * _u: "a PUE of 1.2 does not lose a fifth of the meter: divide by it"},
    )  # fmt: skip
### END HIDDEN TESTS

# %% tags=["explore"]
# explore: is a gigawatt half a million?
said_w = facts.value("stack-assumptions/lecture-facility-w-per-gpu")
print(f"half a million a gigawatt is {said_w:,.0f} W each; of which watts, nobody said (10:31)")
powers = {
    name: facts.value(f"chips/{name}/it_power_w")
    for name in ("a100-80gb", "h100-sxm", "gb200", "gb300")
}
for name, watts in powers.items():
    at_meter, of_it = gpus_count(GIGAWATT, case.pue, watts), gpus_count(GIGAWATT, 1.0, watts)
    print(
        f"{name:10s} {watts:5,.0f} W: {at_meter:9,.0f} a gigawatt at the meter, {of_it:9,.0f} a gigawatt of machines"
    )
print(facts.sources(said_w, *powers.values()))

# %% [markdown] nbgrader={"grade": false, "grade_id": "revenue_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 2 · Build: from watts to revenue
#
# The lecture calls revenue a simple calculation: how much compute there is and how well it is used
# (04:02). Written out, it is a product of five numbers: the power, the share of it that is *sold* and
# not kept for research (05:34), the share of the sold part's full throughput that demand fills, the
# tokens a busy fleet makes per joule, and the price received for a million tokens.
#
# A watt is a joule per second; a year has 365 days.
#
# *Think of:* a campus that does only research; a price of nothing.


# %% nbgrader={"grade": false, "grade_id": "revenue_usd_per_year", "locked": false, "schema_version": 3, "solution": true, "task": false}
def revenue_usd_per_year(power_w, share_sold, utilisation, tokens_per_j, price_usd_per_mtok):
    """Revenue of a campus in a year.

    Parameters
    ----------
    power_w : float
        Power at the meter [W].
    share_sold : float
        Share of it that serves customers [1].
    utilisation : float
        Share of the sold part's throughput that demand fills [1].
    tokens_per_j : float
        Tokens of a busy fleet per joule at the meter [1/J].
    price_usd_per_mtok : float
        Average price received [USD per million tokens].

    Returns
    -------
    float
        USD per year.
    """
    ### BEGIN SOLUTION
    joules = power_w * share_sold * utilisation * 365 * 24 * 3600
    return joules * tokens_per_j / 1e6 * price_usd_per_mtok
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_revenue_usd_per_year", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check.number(
    "revenue_usd_per_year(1e9, 0.5, 0.4, 0.5, 2.0)", revenue_usd_per_year(1e9, 0.5, 0.4, 0.5, 2.0),
    low=1e8, high=1e12, unit="USD/yr",
)  # fmt: skip
check.same("a campus that sells nothing", revenue_usd_per_year(1e9, 0.0, 0.4, 0.5, 2.0), 0.0)
for _place, _what in enumerate(("power", "share sold", "utilisation", "tokens", "price")):

    def _doubled(factor, place=_place):
        given = [1e9, 0.4, 0.3, 0.5, 2.0]
        given[place] *= factor
        return revenue_usd_per_year(*given)

    check.same(f"twice the {_what} earns twice as much", _doubled(2.0), 2 * _doubled(1.0))
check.ok("revenue_usd_per_year: a product of five")
### BEGIN HIDDEN TESTS
_rng = np.random.default_rng(2)
for _ in range(20):
    _p, _s, _u = _rng.uniform(1e8, 5e9), _rng.uniform(0.2, 0.9), _rng.uniform(0.1, 0.9)
    _t, _d = _rng.uniform(0.1, 3), _rng.uniform(0.2, 10)
    check.agrees(
        f"{_p / 1e6:.0f} MW, {_t:.2f} tokens per joule, {_d:.2f} USD a million",
        revenue_usd_per_year(_p, _s, _u, _t, _d), _p * _s * _u * _t * 31_536_000 * _d / 1e6,
        hints={1e6: "the price is for a million tokens, not for one",
               1 / 3600: "a watt is a joule per second, not per hour",
               1 / 31_536_000: "that is what it earns in a second",
               **dict.fromkeys((360 / 365, 365.25 / 365, 366 / 365), "a year has 365 days"),
               1 / _s: "the power kept for research earns nothing",
               1 / _u: "only the part that demand fills earns"},
    )  # fmt: skip
### END HIDDEN TESTS

# %% tags=["explore"]
# explore: one gigawatt on one page
page = case.page()  # the library climbs all five floors with your case's numbers
mine = revenue_usd_per_year(
    case.power_w, case.share_sold, case.utilisation, case.tokens_per_j, case.price_usd_per_mtok
)
rows = {
    "power at the meter": format_si(page.energy.facility_power_w, "W"),
    "power of the machines": format_si(page.energy.it_power_w, "W"),
    "accelerators": f"{page.chips.gpus:,.0f}",
    "to build it": format_usd(page.infra.capex_usd),
    "to own and run it": f"{format_usd(page.infra.tco_usd_per_year)} a year",
    "of that, electricity": f"{page.infra.energy_share_of_tco:.0%}",
    "tokens sold": f"{page.models.tokens_per_year:.2e} a year",
    "revenue, your function": f"{format_usd(mine)} a year",
    "revenue, the library": f"{format_usd(page.apps.revenue_usd_per_year)} a year",
}
for what, number in rows.items():
    print(f"{what:24s} {number}")

last = 2025
sold = facts.value(f"compute-revenue/openai-exit-rate-revenue-{last}")
had_w = facts.value(f"compute-revenue/openai-it-power-{last}")
missing = (sold / had_w) / (mine / page.energy.it_power_w)
print(
    f"published: {sold / had_w:.1f} USD a year and watt of machines; your campus: {mine / page.energy.it_power_w:.1f}"
)
print(
    f"some of the five numbers, multiplied, must be {missing:.1f} times what your case assumes; only the seller knows which"
)
print(facts.sources(sold, had_w))

# %% tags=["explore"]
# explore: where the users' money ends
paid = page.paid_usd_per_year
loss = -paid["profit of models"]
axes = plots.ledger(
    paid,
    claim=f"Users pay {format_usd(sum(paid.values()))} a year; the model layer pays in {format_usd(loss)} of its own",
    total="users pay",
    x_label="USD a year",
)
plots.show(
    axes,
    f"Bars of who receives the {format_usd(sum(paid.values()))} that users pay in a year; the model layer's bar points the other way, {format_usd(loss)} long, the largest receiver is {max(paid, key=paid.get)}.",
)

# %% [markdown] nbgrader={"grade": false, "grade_id": "recognised_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 3 · Build: two revenues of the same year
#
# A laboratory's headline revenue is an *exit rate*: the last month times twelve, also called
# annualised revenue. Its accounts show what flowed in during the year. They differ although nobody
# errs. Let the rate grow steadily, at every moment by the same per cent a year, from `arr0` at the start of the year
# to `arr1` at its end. How much flows in over the year?
#
# (The rate at time $t$, in years, is $\text{arr}_0 \, (\text{arr}_1/\text{arr}_0)^t$. Integrate from 0 to 1.)
#
# Raise a `ValueError` unless both rates are positive.
#
# *Think of:* a firm that does not grow at all (the formula divides zero by zero, the answer is
# plain); a firm that shrinks; arithmetic and geometric mean, and which side of them you are on.


# %% nbgrader={"grade": false, "grade_id": "recognised_usd", "locked": false, "schema_version": 3, "solution": true, "task": false}
def recognised_usd(arr0, arr1):
    """Revenue that flows in over a year of steady growth.

    Parameters
    ----------
    arr0, arr1 : float
        Annualised revenue at the start and at the end of the year [USD/yr].

    Returns
    -------
    float
        USD.
    """
    ### BEGIN SOLUTION
    if min(arr0, arr1) <= 0:
        raise ValueError(f"arr0 = {arr0}, arr1 = {arr1}: both must be positive")
    if arr0 == arr1:
        return arr0
    return (arr1 - arr0) / math.log(arr1 / arr0)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_recognised_usd", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check.number("recognised_usd(1e9, 3e9)", recognised_usd(1e9, 3e9), low=1e8, high=1e11, unit="USD")
check.same("without growth the year brings the rate", recognised_usd(2e9, 2e9), 2e9)
check.same(
    "ten times the firm, ten times the revenue",
    recognised_usd(1e10, 3e10),
    10 * recognised_usd(1e9, 3e9),
)
check.rising("a higher exit brings more", lambda a: recognised_usd(1e9, a), [5e8, 2e9, 1e10])
check.refuses("a firm that began with nothing", lambda: recognised_usd(0.0, 1e9))
check.ok("recognised_usd: between the two rates, and equal to both when they agree")
### BEGIN HIDDEN TESTS
_t = (np.arange(200_000) + 0.5) / 200_000  # the middle of small steps of a year
for _a, _b in ((2e9, 6e9), (6e9, 20e9), (1e9, 9e9), (5e8, 5.5e8), (9e9, 3e9), (3.0, 1e5)):
    _flow = float((_a * (_b / _a) ** _t).mean())
    check.agrees(
        f"from {_a:.3g} to {_b:.3g} a year", recognised_usd(_a, _b), _flow, rtol=1e-5,
        hints={(_a + _b) / 2 / _flow: "steady growth is exponential, not a straight line: less flows in than the mean of the ends",
               math.sqrt(_a * _b) / _flow: "that is the rate in the middle of the year, the year's sum is larger",
               _b / _flow: "that is the exit rate: the year began lower",
               **{float((_a * (_b / _a) ** (np.arange(1, _n + 1) / _n)).mean()) / _flow: "the rate at the ends of months or days is that period's highest: integrate"
                  for _n in (12, 365)},
               (_b - _a) / math.log10(_b / _a) / _flow: "the logarithm is the natural one",
               1 / math.log(_b / _a) * _b / _flow: "what flowed in is a difference: subtract where the rate began"},
    )  # fmt: skip
check.agrees("growth of a millionth", recognised_usd(1e9, 1e9 * (1 + 1e-6)), 1e9 * (1 + 5e-7))
check.same("a small firm without growth", recognised_usd(0.7, 0.7), 0.7)
check.refuses("a firm that ended with nothing", lambda: recognised_usd(1e9, 0.0))
check.refuses("a negative rate", lambda: recognised_usd(-1e9, 1e9))
### END HIDDEN TESTS

# %% tags=["explore"]
# explore: the gap between headline and accounts
years = (2023, 2024, 2025)
exit_rate = {y: facts.value(f"compute-revenue/openai-exit-rate-revenue-{y}") for y in years}
audited = {y: facts.value(f"compute-revenue/openai-recognised-revenue-{y}") for y in years[1:]}
growth, seen, explained = [], [], []
for before, year in pairwise(years):
    steady = recognised_usd(exit_rate[before], exit_rate[year])
    gap = exit_rate[year] - audited[year]
    growth.append(exit_rate[year] / exit_rate[before])
    seen.append(audited[year] / exit_rate[year])
    explained.append((exit_rate[year] - steady) / gap)
    print(
        f"{year}: headline {format_usd(exit_rate[year])}, steady growth {format_usd(steady)}, accounts {format_usd(audited[year])}; "
        f"calculus explains {explained[-1]:.0%} of the gap"
    )
factors = np.linspace(1, 6, 80)
with plots.figure("Growth alone makes the accounts smaller than the headline") as axes:
    plots.measured_against(
        axes,
        {"published": (growth, seen)},
        {"steady growth": (factors, [recognised_usd(1 / g, 1.0) for g in factors])},
    )
    axes.set_xlabel("annualised revenue at the end of the year over that at its start")
    axes.set_ylabel("revenue of the year over the exit rate")
    axes.set_ylim(0, 1.05)
plots.show(
    axes,
    "Revenue of a year as a share of the exit rate falls with growth; two published years lie close to the curve, the later one above it.",
)
print(facts.sources(*exit_rate.values(), *audited.values()))

# %% [markdown] nbgrader={"grade": false, "grade_id": "placebo_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 4 · Simulate: a placebo for a chart
#
# Three points of compute, three points of revenue, and they correlate almost perfectly. A drug that
# heals is compared with a pill of sugar; a correlation should be compared with one between things
# that have nothing to do with each other. Below, pairs of unrelated firms each grow two- to fourfold
# from year to year, and nothing links them. Your rule is already written down.
#
# Even a link would leave open who follows whom: revenue pays for compute, and compute makes what is
# sold.

# %% tags=["explore"]
# explore: the pill of sugar
power = {y: facts.value(f"compute-revenue/openai-it-power-{y}") for y in years}
observed = apps.correlation(list(power.values()), list(exit_rate.values()))
unrelated = apps.placebo_correlations(3, growth_low=2, growth_high=4, samples=20_000, seed=1)
placebo_share = float((unrelated > 0.99).mean())
as_close = float((unrelated >= observed).mean())
distance = np.sort(1 - unrelated)
axes = plots.sweep(
    distance,
    {"unrelated pairs": np.arange(1, distance.size + 1) / distance.size},
    claim=f"{as_close:.0%} of unrelated pairs correlate at least as closely as compute and revenue",
    x_label="1 − correlation (further left is closer)",
    y_label="share of pairs that are closer",
    log="x",
)
axes.axvline(1 - observed, color=plots.COLOURS["red"], ls="--", lw=1.2)
axes.annotate("compute and revenue", (1 - observed, 0.9), xytext=(-5, 0), ha="right",
              textcoords="offset points", color=plots.COLOURS["red"])  # fmt: skip
plots.show(
    axes,
    "Share of unrelated pairs over one minus their correlation, logarithmic; a vertical line marks compute and revenue, and part of the unrelated pairs lies to its left.",
)
print(
    f"compute and revenue correlate at {observed:.5f}; {placebo_share:.0%} of unrelated pairs exceed 0.99"
)
verdict = "is" if as_close < believe_if_below else "is not"
print(
    f"your rule was {believe_if_below:.0%}: by it, the correlation {verdict} evidence ({as_close:.0%} of placebos do as well)"
)
print(
    "a lag of one year leaves two pairs of points, and two points always lie on a line: no lag can be seen here"
)
print(facts.sources(*power.values(), *exit_rate.values()))

# %% tags=["explore"]
# explore: evidence of another kind, several firms and their compute
per_watt = [exit_rate[y] / power[y] for y in years]
apart = max(abs(math.log(b / a)) for a, b in pairwise(per_watt))
draw = np.random.default_rng(2).uniform(2, 4, (2, 20_000, 2))  # growth of unrelated pairs again
as_steady = float((np.abs(np.log(draw[0] / draw[1])).max(axis=1) <= apart).mean())
print(
    f"one firm's revenue a year and watt, {years[0]} to {years[-1]}: {', '.join(f'{x:.1f}' for x in per_watt)} USD; "
    f"only {as_steady:.1%} of unrelated pairs keep so steady a ratio"
)
print(
    "(a better yardstick than the correlation, but chosen after seeing the data: no rule was written for it)"
)
for firm, dates in {
    "openai": ("2023", "2024", "2025"),
    "anthropic": ("2024-12", "2025-12"),
}.items():
    for date in dates:
        earned = facts.value(f"compute-revenue/{firm}-exit-rate-revenue-{date}")
        owned = facts.value(f"compute-revenue/{firm}-compute-{date[:4]}")
        print(
            f"{firm:10s} end of {date[:4]}: {format_usd(earned / owned)} a year and H100-equivalent"
        )
before = facts.value("compute-revenue/anthropic-exit-rate-revenue-2025-12")
after = facts.value("compute-revenue/anthropic-exit-rate-revenue-2026-05")
print(
    f"five months later one of them earned {after / before:.1f} times as much; no fleet grew like that"
)
print(facts.sources(owned, before, after))

# %% [markdown] nbgrader={"grade": false, "grade_id": "success_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 5 · Build: what a result costs
#
# Nobody wants tokens. People want a task done, and an attempt fails now and then. Each attempt uses
# `tokens_per_attempt` at `price_usd_per_mtok` and succeeds with probability `success_share`,
# independently of the others; after a failure one tries again. To know whether it failed, somebody
# looks, and every look costs `review_usd`.
#
# Write the expected cost of **one success**. All three levers of the lecture (07:54) are in it.
# Raise a `ValueError` unless the probability is above 0 and at most 1.
#
# *Think of:* an attempt that always succeeds; tokens that cost nothing; how many attempts one success
# takes on average.


# %% nbgrader={"grade": false, "grade_id": "cost_usd_per_success", "locked": false, "schema_version": 3, "solution": true, "task": false}
def cost_usd_per_success(price_usd_per_mtok, tokens_per_attempt, success_share, review_usd=0.0):
    """Expected cost of one success.

    Parameters
    ----------
    price_usd_per_mtok : float
        [USD per million tokens].
    tokens_per_attempt : float
        Tokens of one attempt.
    success_share : float
        Probability that an attempt succeeds, above 0 and at most 1.
    review_usd : float
        Cost of looking at one attempt [USD].

    Returns
    -------
    float
        USD per success.
    """
    ### BEGIN SOLUTION
    if not 0 < success_share <= 1:
        raise ValueError(f"success_share = {success_share}: must be above 0 and at most 1")
    attempt_usd = price_usd_per_mtok / 1e6 * tokens_per_attempt + review_usd
    return attempt_usd / success_share  # 1/success_share attempts on average
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_cost_usd_per_success", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check.number(
    "cost_usd_per_success(2, 1e6, 0.5)", cost_usd_per_success(2, 1e6, 0.5), low=0.1, high=100, unit="USD"
)  # fmt: skip
check.rising(
    "a lower success rate costs more",
    lambda p: cost_usd_per_success(2, 1e6, -p),
    [-1.0, -0.5, -0.1],
)
check.rising(
    "a dearer review costs more",
    lambda r: cost_usd_per_success(2, 1e6, 0.5, r),
    [0.0, 1.0, 5.0],
)
check.same(
    "half the price and twice the tokens come to the same",
    cost_usd_per_success(1, 2e6, 0.5, 0.3),
    cost_usd_per_success(2, 1e6, 0.5, 0.3),
)
check.refuses("a task that never succeeds", lambda: cost_usd_per_success(2, 1e6, 0.0))
check.ok("cost_usd_per_success: three levers and a person")
### BEGIN HIDDEN TESTS
check.agrees(
    "an attempt that always succeeds", cost_usd_per_success(3.0, 2e6, 1.0, 0.5), 6.5,
    hints={6.0 / 6.5: "a success has to be looked at, too, or nobody knows that it is one"},
)  # fmt: skip
check.refuses("a probability above 1", lambda: cost_usd_per_success(2, 1e6, 1.01))
check.refuses("a negative probability", lambda: cost_usd_per_success(2, 1e6, -0.1))
_rng = np.random.default_rng(5)
for _ in range(20):
    _d, _n, _p, _r = (
        _rng.uniform(0.2, 20),
        _rng.uniform(1e4, 3e6),
        _rng.uniform(0.1, 0.9),
        _rng.uniform(0.1, 5),
    )
    _tokens, _k = _d * _n / 1e6, np.arange(1, 400)
    _tries = float(
        (_k * _p * (1 - _p) ** (_k - 1)).sum()
    )  # mean of the geometric law, term by term
    check.agrees(
        f"{_p:.0%} succeed, nobody looks", cost_usd_per_success(_d, _n, _p), _tokens * _tries,
        hints={1e6: "the price is for a million tokens, not for one",
               _p: "the failures are paid for, too",
               _p**2: "a success takes 1/p attempts, not p",
               _p * (2 - _p): "the attempt after a failure may fail, too: attempts add up to 1/p"},
    )  # fmt: skip
    check.agrees(
        f"{_p:.0%} succeed, each is looked at", cost_usd_per_success(_d, _n, _p, _r), (_tokens + _r) * _tries,
        hints={(_tokens / _p + _r) / ((_tokens + _r) / _p): "failures have to be looked at, too, or nobody knows that they failed",
               _tokens / (_tokens + _r): "the review is missing"},
    )  # fmt: skip
### END HIDDEN TESTS

# %% tags=["explore"]
# explore: how far each lever reaches
hourly = facts.value("apps/reviewer-cost")
review_usd = hourly / HOUR_S * case.review_s
task = (case.price_usd_per_mtok, case.tokens_per_attempt)
today = cost_usd_per_success(*task, case.success_share, review_usd)
pull = apps.lever_elasticities(*task, case.success_share, review_usd)
print(
    f"a success costs {format_usd(today)}; one per cent more price, tokens, success moves that by "
    f"{pull.price:+.2f} %, {pull.tokens:+.2f} %, {pull.success:+.2f} %"
)
factors = np.linspace(1, 4, 120)
lines = {
    "cheaper or fewer tokens": [
        cost_usd_per_success(task[0] / f, task[1], case.success_share, review_usd) / today
        for f in factors
    ],
    "smarter tokens": [
        cost_usd_per_success(*task, min(1.0, f * case.success_share), review_usd) / today
        for f in factors
    ],
}
left = cost_usd_per_success(0.0, task[1], case.success_share, review_usd) / today
axes = plots.sweep(
    factors,
    lines,
    claim=f"Tokens for nothing would still leave {left:.0%} of what a success costs",
    x_label="times better than today",
    y_label="cost per success, today = 1",
    target=(left, "tokens for nothing"),
)
axes.set_ylim(0, 1.05)
plots.show(
    axes,
    "Cost per success over improvement: smarter tokens fall steeply until every attempt succeeds, cheaper or fewer tokens flatten out above the cost of review.",
)
fall, rise = facts.value("apps/price-fall-fixed-quality"), facts.value("apps/price-rise-frontier")
print(
    f"so far, in a year: the price of the same score fell {fall.low:g}- to {fall.high:g}-fold, the bill of the best models on a benchmark rose {rise.low:g}- to {rise.high:g}-fold"
)
print(facts.sources(hourly, fall, rise))

# %% [markdown] nbgrader={"grade": false, "grade_id": "ratio_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 6 · Build: does a cheaper token earn more?
#
# More dollars for each gigawatt (07:07) and cheaper tokens (07:49) go together only if people buy much
# more. Let demand have a constant price elasticity: the quantity bought is proportional to
# $\text{price}^{-\varepsilon}$, with `elasticity` $\varepsilon \ge 0$ written as a positive number.
#
# Write spending after a price change over spending before. `price_ratio` is the new price over the
# old. Let it take arrays as well as numbers.
#
# *Think of:* no change; an elasticity of exactly 1; people who buy the same amount at any price.


# %% nbgrader={"grade": false, "grade_id": "revenue_ratio", "locked": false, "schema_version": 3, "solution": true, "task": false}
def revenue_ratio(price_ratio, elasticity):
    """Spending after a price change over spending before.

    Parameters
    ----------
    price_ratio : float or array
        New price over old price [1].
    elasticity : float or array
        Price elasticity of demand, as a positive number [1].

    Returns
    -------
    float or array
        [1]
    """
    ### BEGIN SOLUTION
    return price_ratio ** (1 - elasticity)  # price × quantity
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_revenue_ratio", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check.number("revenue_ratio(0.5, 1.5)", revenue_ratio(0.5, 1.5), low=0.1, high=10)
check.same("no change", revenue_ratio(1.0, 2.5), 1.0)
check.same("at an elasticity of 1 spending stays", revenue_ratio(0.3, 1.0), 1.0)
check.rising(
    "the more elastic demand is, the more a price cut earns",
    lambda e: revenue_ratio(0.5, e),
    [0.2, 1.0, 2.0],
)
check.same(
    "two cuts in a row are one",
    revenue_ratio(0.5, 1.7) * revenue_ratio(0.4, 1.7),
    revenue_ratio(0.2, 1.7),
)
check.ok("revenue_ratio: neutral at 1, and elastic demand rewards a cut")
### BEGIN HIDDEN TESTS
check.agrees("people who buy the same at any price", revenue_ratio(0.25, 0.0), 0.25)
_ratio = np.array([0.1, 0.3, 0.5, 0.9, 1.4, 3.0])
_elastic = np.array([0.0, 0.5, 0.8, 1.5, 2.0, 3.0])
for _q, _e in zip(_ratio, _elastic, strict=True):
    _before, _after = 2.0 * 100 * 2.0**-_e, 2.0 * _q * 100 * (2.0 * _q) ** -_e  # on a demand curve
    check.agrees(
        f"{_q:g} times the price at an elasticity of {_e:g}", revenue_ratio(float(_q), float(_e)), _after / _before,
        hints={1 / _q: "that is the quantity: spending is price times quantity",
               _q ** (2 * _e): "a lower price sells more, not less",
               _q ** -(1 - _e) / _q ** (1 - _e): "upside down: new over old",
               (_q * (1 + _e * (1 - _q))) / (_after / _before): "a constant elasticity is a power, not a straight line"},
    )  # fmt: skip
check.agrees("six at once", revenue_ratio(_ratio, _elastic), _ratio / _ratio**_elastic)
### END HIDDEN TESTS

# %% tags=["explore"]
# explore: twice the tokens, with room to spare and without
short_run = facts.value("apps/elasticity-tokens-short-run")
assumed = facts.value("apps/demand-elasticity")
for name, epsilon in {
    "inelastic": assumed.low, "measured, short run": short_run, "assumed": assumed, "elastic": assumed.high,
}.items():  # fmt: skip
    room = revenue_ratio(0.5, epsilon)
    clearing = apps.clearing_price_ratio(2.0, epsilon)
    full = 2.0 * clearing
    print(
        f"{name:20s} ε = {epsilon:.1f}: half the price, room to spare: revenue × {room:.2f}; "
        f"twice the capacity, all sold: price × {clearing:.2f}, revenue × {full:.2f}"
    )
print(facts.sources(short_run, assumed))

# %% [markdown] nbgrader={"grade": false, "grade_id": "shadow_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 7 · Build: what a token is worth at 3 a.m.
#
# Generous limits show that there is capacity to spare (16:24). When is there? A fleet is built for its
# busy hours. In each hour, serve those customers first to whom a token is worth most, until capacity
# or demand ends. The **shadow price** of capacity is what **one more** token of it would earn in
# that hour: the value of the first customer who is not served in full, and nothing if all are.
# (Boiteux, 1949: at the right size of the fleet, the shadow prices of a day add up to what a day of
# capacity costs.)
#
# Write it for one hour. The blocks of customers come in any order.
#
# *Think of:* room to spare; no capacity at all; capacity that ends exactly where a block ends.


# %% nbgrader={"grade": false, "grade_id": "shadow_price_usd_per_mtok", "locked": false, "schema_version": 3, "solution": true, "task": false}
def shadow_price_usd_per_mtok(demand_tokens, value_usd_per_mtok, capacity_tokens):
    """What one more token of capacity would earn in an hour.

    Parameters
    ----------
    demand_tokens : sequence of float
        Tokens that each block of customers wants in the hour.
    value_usd_per_mtok : sequence of float
        What a million tokens is worth to each block [USD].
    capacity_tokens : float
        Tokens that the fleet can serve in the hour.

    Returns
    -------
    float
        USD per million tokens.
    """
    ### BEGIN SOLUTION
    left = capacity_tokens
    blocks = sorted(zip(value_usd_per_mtok, demand_tokens))
    for value, demand in reversed(blocks):  # dearest first
        if demand > left:
            return float(value)
        left -= demand
    return 0.0
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_shadow_price_usd_per_mtok", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check.number(
    "shadow_price_usd_per_mtok([5, 5], [8, 2], 7)", shadow_price_usd_per_mtok([5, 5], [8, 2], 7),
    low=0, high=100,
)  # fmt: skip
check.same(
    "with room to spare another token is worth nothing",
    shadow_price_usd_per_mtok([5, 5], [8, 2], 100),
    0.0,
)
check.same(
    "the order of the blocks does not matter",
    shadow_price_usd_per_mtok([5, 5], [8, 2], 3),
    shadow_price_usd_per_mtok([5, 5], [2, 8], 3),
)
check.rising(
    "less capacity, a dearer token",
    lambda less: shadow_price_usd_per_mtok([5, 5, 5], [1, 4, 9], -less),
    [-16, -12, -8, -2],
)
check.ok("shadow_price_usd_per_mtok: nothing when slack, dearer when tight")
### BEGIN HIDDEN TESTS
_night = ([40, 30, 20], [3.0, 12.0, 5.0])
check.agrees(
    "30 dear, 20 middling and 40 cheap tokens, capacity for 45", shadow_price_usd_per_mtok(*_night, 45), 5.0,
    hints={12 / 5: "serve the dearest first, whatever order they come in",
           3 / 5: "one more token goes to the dearest customer who still waits",
           (30 * 12 + 15 * 5) / 45 / 5: "not the average of those served: the next one"},
)  # fmt: skip
check.agrees(
    "capacity that ends exactly where a block ends", shadow_price_usd_per_mtok(*_night, 50), 3.0,
    hints={5 / 3: "one *more* token goes to the next block, the last one has all it wants"},
)  # fmt: skip
check.agrees("no capacity at all", shadow_price_usd_per_mtok(*_night, 0), 12.0)
check.same("capacity for all of them, exactly", shadow_price_usd_per_mtok(*_night, 90), 0.0)
_rng = np.random.default_rng(7)
for _ in range(30):
    _demand = [int(x) for x in _rng.integers(1, 60, 6)]
    _value = [float(x) for x in np.round(_rng.uniform(0.5, 20, 6), 2)]
    _capacity = int(_rng.integers(0, sum(_demand)))
    _each = sorted(
        (v for d, v in zip(_demand, _value, strict=True) for _ in range(d)), reverse=True
    )
    check.agrees(
        f"six blocks, {_capacity} of {sum(_demand)} tokens, counted token by token",
        shadow_price_usd_per_mtok(_demand, _value, _capacity), _each[_capacity],
        hints={_each[max(_capacity - 1, 0)] / _each[_capacity]: "that is the last token served, one more was asked for",
               float(np.mean(_each[:_capacity] or [0.0])) / _each[_capacity]: "not the average of those served: the next one"},
    )  # fmt: skip
### END HIDDEN TESTS

# %% tags=["explore"]
# explore: a day, hour by hour
wanted, value = case.demand_tokens(), case.value_usd_per_mtok  # 24 hours × (agents, chat, batch)
hours = np.arange(24)


def by_hour(capacity_share):
    """Your shadow price in each hour with a multiple of the fleet."""
    capacity = capacity_share * case.capacity_tokens_per_h
    return [shadow_price_usd_per_mtok(list(wanted[h]), list(value), capacity) for h in hours]


shadow = by_hour(1.0)
spare = sum(1 for usd in shadow if usd == 0)
same = int(np.isclose(case.day().shadow_usd_per_mtok, shadow).sum())
fleets = {"this fleet": 1.0} | {f"{more:.0%} more": 1 + more for more in (0.3, 0.55)}
morning = hours[3:16]  # the evening mirrors it
axes = plots.sweep(
    morning,
    {name: [by_hour(share)[h] for h in morning] for name, share in fleets.items()},
    claim=f"A token is worth {format_usd(shadow[15])} a million at 3 p.m. and {format_usd(shadow[3])} at 3 a.m.",
    x_label="hour of the day",
    y_label="shadow price, USD a million tokens",
)
for line in axes.lines:
    line.set_drawstyle("steps-mid")
axes.set_xticks(morning[::3])
plots.show(
    axes,
    "Shadow price from 3 a.m. to 3 p.m. for three sizes of the fleet: zero at night, rising in steps to the afternoon, later and lower for larger fleets.",
)
print(
    f"in {spare} of 24 hours another token is worth nothing; a linear programme agrees in {same} of 24 hours"
)
worth = sum(shadow)
for what, assumptions in {"its own items": "sourced", "the lecture's price": "lecture"}.items():
    cost = case.capacity_usd_per_day(assumptions)
    print(
        f"capacity for a million tokens an hour earns {format_usd(worth)} a day at the margin and costs {format_usd(cost)} ({what}): "
        f"{'build more' if worth > cost else 'more does not pay'}, unless values are {cost / worth:.1f} times as high"
    )

# %% tags=["explore"]
# explore: a little more capacity, much more generous limits?
spread = facts.value("traffic/azure-conversation-prompt-sigma")  # some people want far more
people = np.random.default_rng(3).lognormal(0.0, spread, 20_000)
for covered in (0.7, 0.8, 0.9, 0.95, 0.99):
    limit = apps.fair_limit_tokens(people, covered * people.sum())
    touched = float((people > limit).mean())
    print(
        f"capacity for {covered:.0%} of demand: a limit of {limit / np.median(people):4.1f} times the median user's wish touches {touched:.1%} of people"
    )
print("capacity for all of it: no limit, for nobody")
print(facts.sources(spread, *(facts.value(f"apps/value-{b}") for b in ("agents", "chat", "batch"))))

# %% [markdown] nbgrader={"grade": false, "grade_id": "grid_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 8 · Build: how much of a grid
#
# A fifth of the grid (15:12) and a share of its capacity with two digits (15:20) were said in one breath.
# A grid has an average load, the energy of a year over the hours of a year, and it has capacity,
# which must cover the peak and much of which idles most of the time.
#
# Write both shares, as a pair: of the average load first, of the capacity second. A year has
# 8,760 hours.
#
# *Think of:* a load as large as the average; the unit of what you divide by.


# %% nbgrader={"grade": false, "grade_id": "grid_share", "locked": false, "schema_version": 3, "solution": true, "task": false}
def grid_share(power_w, demand_wh_per_year, capacity_w):
    """Share of a grid that a constant load takes, by two measures.

    Parameters
    ----------
    power_w : float
        The load [W].
    demand_wh_per_year : float
        Electricity that the grid delivers in a year [Wh/yr].
    capacity_w : float
        What its plants can generate at once [W].

    Returns
    -------
    tuple of two floats
        Share of the average load, and share of the capacity [1].
    """
    ### BEGIN SOLUTION
    average_w = demand_wh_per_year / 8760
    return power_w / average_w, power_w / capacity_w
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_grid_share", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check.numbers("grid_share(1e9, 1e15, 3e11)", grid_share(1e9, 1e15, 3e11), count=2, low=1e-4, high=1)
check.same("no load takes no share", grid_share(0.0, 1e15, 3e11), (0.0, 0.0))
check.same(
    "more capacity changes only the second share",
    grid_share(1e9, 1e15, 6e11)[0],
    grid_share(1e9, 1e15, 3e11)[0],
)
check.rising(
    "a larger load takes more of the average", lambda p: grid_share(p, 1e15, 3e11)[0], [1e9, 2e9, 9e9]
)  # fmt: skip
check.ok("grid_share: a pair, in the right order, of plausible size")
### BEGIN HIDDEN TESTS
_rng = np.random.default_rng(8)
for _ in range(10):
    _p, _w, _c = _rng.uniform(1e9, 2e11), _rng.uniform(1e15, 3e16), _rng.uniform(5e11, 9e12)
    _pair = grid_share(_p, _w, _c)
    check.agrees(
        f"{_p / 1e9:.0f} GW of an average load", _pair[0], _p * 8760 / _w,
        hints={1 / 8760: "watt-hours over hours are watts: a year has 8,760 of them",
               8784 / 8760: "8,760 hours, no leap year",
               100.0: "a share runs from 0 to 1, per cents from 0 to 100",
               (_p / _c) / (_p * 8760 / _w): "the average load comes first, the capacity second"},
    )  # fmt: skip
    check.agrees(f"{_p / 1e9:.0f} GW of a capacity", _pair[1], _p / _c)
check.agrees("a load as large as the average", grid_share(5e11, 5e11 * 8760, 1e12), (1.0, 0.5))
### END HIDDEN TESTS

# %% tags=["explore"]
# explore: plans and a GPU for everybody
us_wh = facts.value("us-electricity/2025/demand_wh")
us_w = facts.value("energy/us-capacity-2025")
world_wh = facts.value("energy/world-generation-2024")
world_average_w = world_wh / HOURS_PER_YEAR
goal_w = facts.value("compute-revenue/openai-goal-power-2030")
plan_w = facts.value("energy/hyperscaler-plan")
people_count = facts.value("energy/people-with-a-gpu")
loads = {"one firm's goal, 05:34": goal_w, "the plans, 15:00": plan_w} | {
    f"a GPU of {kw:g} kW for everybody": kw * 1e3 * people_count for kw in (1, 1.5, 2)
}
for what, load_w in loads.items():
    of_average, of_capacity = grid_share(load_w, us_wh, us_w)
    print(
        f"{what:30s} {format_si(load_w, 'W'):>8s}: {of_average:4.2g} of the average US load, at most {of_capacity:5.2g} of US capacity, "
        f"{load_w / world_average_w:5.2g} of the world's average"
    )
everybody = loads["a GPU of 1.5 kW for everybody"]
print(
    f"everybody's GPU is {everybody / plan_w:.0f} times the plans, if nobody ever switches it off"
)
pace = float(apps.change_per_year(power[last], goal_w, 2030 - last))
print(
    f"the goal asks for {pace:.2f} times the power each year, where the last one brought {power[last] / power[last - 1]:.2f} times; "
    f"at unchanged dollars a watt it would earn {format_usd(goal_w * per_watt[-1])} a year"
)
print(facts.sources(us_wh, us_w, world_wh, goal_w, plan_w, people_count))

# %% [markdown] nbgrader={"grade": false, "grade_id": "ladder_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 9 · Build: a ladder of definitions
#
# $70 bn a gigawatt (43:46). A gigawatt of what, and what for the money? `layers_usd_per_w` lists what
# a campus costs per watt **at the meter**, layer by layer from the bare building upwards. Climb: each
# rung includes all layers up to its own. And give each rung over three kinds of gigawatt: at the
# meter, of all machines (the meter's power over the PUE), and of servers alone (the machines' power over
# `server_overhead`, since network and storage draw power, too).
#
# Write the table: one row a rung, three columns (meter, machines, servers), in USD per **gigawatt**.
#
# *Think of:* PUE 1; a single layer; does the same money buy more or fewer gigawatts of servers?


# %% nbgrader={"grade": false, "grade_id": "capex_ladder_usd_per_gw", "locked": false, "schema_version": 3, "solution": true, "task": false}
def capex_ladder_usd_per_gw(layers_usd_per_w, pue, server_overhead):
    """What a gigawatt costs, rung by rung, by three kinds of gigawatt.

    Parameters
    ----------
    layers_usd_per_w : sequence of float
        Cost of each layer per watt at the meter [USD/W].
    pue : float
        Power at the meter over power of the machines.
    server_overhead : float
        Power of the machines over power of the servers alone.

    Returns
    -------
    array of shape (layers, 3)
        USD per gigawatt at the meter, of machines, of servers.
    """
    ### BEGIN SOLUTION
    rungs_usd_per_gw = 1e9 * np.cumsum(layers_usd_per_w)
    return np.outer(rungs_usd_per_gw, [1, pue, pue * server_overhead])
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_capex_ladder_usd_per_gw", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# a layer of nothing is a row of three zeros
check.same(
    "capex_ladder_usd_per_gw([0.0], 1.25, 1.1)",
    capex_ladder_usd_per_gw([0.0], 1.25, 1.1),
    [[0.0, 0.0, 0.0]],
)
check.number(
    "the first number of the table", capex_ladder_usd_per_gw([10.0], 1.25, 1.1)[0][0], low=1e9, high=1e12, unit="USD/GW"
)  # fmt: skip
check.same(
    "at PUE 1 a gigawatt at the meter is one of machines",
    capex_ladder_usd_per_gw([10.0, 2.0], 1.0, 1.1)[1][0],
    capex_ladder_usd_per_gw([10.0, 2.0], 1.0, 1.1)[1][1],
)
check.rising(
    "a gigawatt of servers costs more than one of machines, and that more than one at the meter",
    lambda column: capex_ladder_usd_per_gw([10.0, 2.0], 1.25, 1.1)[1][column],
    [0, 1, 2],
)
check.rising(
    "each rung includes those before",
    lambda rung: capex_ladder_usd_per_gw([10.0, 2.0, 5.0], 1.25, 1.1)[rung][0],
    [0, 1, 2],
)
check.ok("capex_ladder_usd_per_gw: rungs that add up, three kinds of gigawatt")
### BEGIN HIDDEN TESTS
_rng = np.random.default_rng(9)
for _ in range(10):
    _layers = [float(x) for x in _rng.uniform(0.5, 25, 5)]
    _pue, _over = _rng.uniform(1.05, 1.6), _rng.uniform(1.05, 1.3)
    _table = capex_ladder_usd_per_gw(_layers, _pue, _over)
    check.same("five layers make five rows of three", np.shape(_table), (5.0, 3.0))
    _top = 1e9 * math.fsum(_layers)
    check.agrees(
        "the whole campus over a gigawatt at the meter", float(_table[4][0]), _top,
        hints={_layers[4] / math.fsum(_layers): "each rung includes those before"},
    )  # fmt: skip
    check.agrees(
        "the whole campus over a gigawatt of machines", float(_table[4][1]), _top * _pue,
        hints={1 / _pue**2: "the machines get fewer watts than the meter shows, so each costs more",
               _over: "only the third column leaves network and storage out"},
    )  # fmt: skip
    check.agrees(
        "the whole campus over a gigawatt of servers", float(_table[4][2]), _top * _pue * _over,
        hints={1 / _pue: "servers sit behind the PUE, too",
               1 / _over: "network and storage draw power, too: server_overhead is missing"},
    )  # fmt: skip
    check.agrees(
        "all rungs", _table, [[1e9 * math.fsum(_layers[: _i + 1]) * _f for _f in (1, _pue, _pue * _over)] for _i in range(5)]
    )  # fmt: skip
### END HIDDEN TESTS

# %% tags=["explore"]
# explore: on which rung stands $70 bn?
said = facts.value("datacenter-capex/cost-lecture")
overhead = facts.value("datacenter-capex/server-overhead")
kinds = ("at the meter", "of machines", "of servers")


def ladder(level):
    """Rungs of your campus with its items at the low, middle or high end [USD bn/GW]."""
    layers = case.layers_usd_per_w(level)
    table = np.array(capex_ladder_usd_per_gw(list(layers.values()), case.pue, overhead)) / GIGAWATT
    return {
        name: dict(zip(kinds, map(float, row), strict=True))
        for name, row in zip(layers, table, strict=True)
    }


published = stack.published_usd_per_w().drop("cost-lecture")
basis = {"facility": kinds[0], "it": kinds[1], "server": kinds[2], "unstated": "unsaid"}
dearest = published.groupby("power_basis").usd_per_w.max()
rungs = ladder("value") | {"all of it, dearest items": list(ladder("high").values())[-1]}
rungs["dearest published"] = {basis[kind]: float(usd) for kind, usd in dearest.items()}
points = [(f"{name} ({kind})", usd) for name, row in rungs.items() for kind, usd in row.items()]
reach = [name for name, usd in points if usd >= said]
axes = plots.strip(
    rungs,
    claim=f"Of {len(points)} definitions, {len(reach)} come to {format_usd(said * GIGAWATT)} a gigawatt or more",
    x_label="USD bn a gigawatt",
    target=(float(said), "lecture, 43:46"),
)
plots.show(
    axes,
    "Costs of a gigawatt by what is included and by which gigawatt is meant, against the lecture's figure, which lies near the right end of the dearest row and beyond all others.",
)
print(f"they are: {', '.join(reach) or 'none'}; published figures that claim to cover everything:")
for row in published.itertuples():
    print(f"{row.usd_per_w:5.0f} bn a gigawatt ({row.power_basis:8s}) {row.item}")
print(facts.sources(said, overhead))

# %% tags=["explore"]
# explore: what the campus must believe
break_even = case.break_even_usd_per_year(said * GIGAWATT)
own = case.page().infra.capex_usd
print(
    f"at the lecture's price the campus must earn {format_usd(break_even)} a year over the chips' life; "
    f"at the sum of its items ({format_usd(own)}) {format_usd(case.break_even_usd_per_year(own / case.power_w * GIGAWATT))}; it earns {format_usd(mine)}"
)
print(
    "numbers of the lecture's own page at which all five layers together break even, one at a time:"
)
turns = stack.flip_values(
    case.power_w, "lecture", share_sold=case.share_sold, utilisation=case.utilisation
)
for name, row in turns.iterrows():
    print(f"  {name:24s} {row.base:8.3g} → {row.flips_at:8.3g}")

# %% [markdown] nbgrader={"grade": false, "grade_id": "explain_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Explain the gap
#
# In 150 to 300 words, with numbers from your case and from the cells above:
#
# 1. A newspaper finds that a laboratory's accounts show far less than the revenue it announced. How
#    much of the gap is calculus, and what does the rest tell about the year?
# 2. "Revenue follows compute" (03:50). What does the correlation of three points prove, by the rule
#    that you wrote down beforehand? Which figures above would count as evidence, for or against?
# 3. Choose *one* of "half a million GPUs", "$70 bn" and "a fifth of the grid". Under which definition is it
#    true, and under which is it not?

# %% [markdown] nbgrader={"grade": true, "grade_id": "explain", "locked": false, "points": 5, "schema_version": 3, "solution": true, "task": false}
# See the rubric for a strong and a weak answer.

# %% [markdown] nbgrader={"grade": false, "grade_id": "decide_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Decide
#
# You run the campus of your case. Three teams ask for the same budget, and you may fund **one** of
# them, or none:
#
# - **cheaper tokens**: the same chips make more tokens per joule;
# - **fewer tokens**: the same task takes fewer tokens;
# - **smarter tokens**: fewer attempts fail.
#
# Suppose what the lecture says, that all capacity finds buyers (05:42): the market's price is what sells
# all of it. Customers buy *successes*, look at the whole cost of one (tokens and the person who
# checks), and buy more when it falls. You are one seller of many, and what your team finds, others find
# too: `followed` is the share of the market's capacity that has made the same move. The next cells
# compute what each team adds to your revenue, the same way for everyone; they do not use your
# functions.

# %% nbgrader={"grade": false, "grade_id": "decide_model", "locked": true, "schema_version": 3, "solution": false, "task": false}
inputs = {
    "elasticity": facts.value("apps/demand-elasticity"),
    "followed": facts.value("apps/lever-followed"),
    "reviewer_usd_per_hour": facts.value("apps/reviewer-cost"),
    "review_s": case.review_s,
    "tokens_per_attempt": case.tokens_per_attempt,
    "success_share": case.success_share,
    "cheaper": facts.value("apps/lever-cheaper"),
    "fewer": facts.value("apps/lever-fewer"),
    "smarter": facts.value("apps/lever-smarter"),
    "engineers": facts.value("apps/lever-engineers"),
    "engineer_usd_per_year": facts.value("serving/engineer-cost"),
}
ranges = {
    "review_s": (0.0, 2 * case.review_s),
    "tokens_per_attempt": (0.5 * case.tokens_per_attempt, 2 * case.tokens_per_attempt),
    "success_share": (case.success_share - 0.2, case.success_share + 0.2),
}
print(facts.sources(*inputs.values()))


def net_usd_per_year(option, **given):
    """Revenue added by one option, less the cost of its team [USD/yr]."""
    return 0.0 if option == "none" else case.net_usd_per_year(option, **given)


# %% tags=["explore"]
# explore: what each team adds
options = ("cheaper tokens", "fewer tokens", "smarter tokens", "none")
net = {option: net_usd_per_year(option, **inputs) for option in options}
worlds = {"nobody checks": {"review_s": 0.0}, "nobody follows": {"followed": 0.0}, "all follow": {"followed": 1.0}}  # fmt: skip
for option in options:
    others = ", ".join(
        f"{world}: {format_usd(net_usd_per_year(option, **(inputs | change)))}"
        for world, change in worlds.items()
    )
    print(f"{option:15s} {format_usd(net[option]):>10s} a year, net of its team; if {others}")
best, *rivals = sorted(net, key=net.get, reverse=True)
searched = {"review_s": (0, 10 * case.review_s), "followed": (0.0, 1.0), "elasticity": (0.5, 6.0), "cheaper": (1.0, 5.0), "fewer": (1.0, 5.0),
            "smarter": (0.0, 0.99), "engineers": (0, 2e4)}  # fmt: skip
for rival in rivals:

    def lead(rival=rival, **given):
        return net_usd_per_year(best, **given) - net_usd_per_year(rival, **given)

    flips = {
        name: decision.flip_value(lead, inputs, name, *ends) for name, ends in searched.items()
    }
    turning = [f"{name} = {x:.3g}" for name, x in flips.items() if not math.isnan(x)]
    print(
        f"“{best}” leads “{rival}” by {format_usd(lead(**inputs))}; turns at {' or '.join(turning) or 'no value searched'}"
    )


rival = "cheaper tokens" if best != "cheaper tokens" else rivals[0]  # the lecture's first lever


def lead(**given):
    return net_usd_per_year(best, **given) - net_usd_per_year(rival, **given)


frame = decision.tornado(lead, inputs, ranges)
frame = frame[frame.swing > 1]  # what both cost alike moves nothing
axes = plots.tornado(frame, claim=f"What the lead of “{best}” over “{rival}” hangs on",
                     x_label="lead, USD a year", base=lead(**inputs))  # fmt: skip
plots.show(
    axes,
    f"Tornado chart: how far each input moves the yearly lead of {best} over {rival}; the widest bars are {', '.join(frame.index[:2])}.",
)

# %% [markdown] nbgrader={"grade": false, "grade_id": "decide_ask", "locked": true, "schema_version": 3, "solution": false, "task": false}
# In 150 to 300 words: which lever do you fund, and why? Name the number at which you would choose
# differently and say how you would find out its true value before paying. Who gains from the levers
# that earn you nothing, and would you pull them all the same? Then judge the source: the speaker buys
# compute. Which of his sentences in this lab serve that seat, and which would you sign?

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
    "gpus": gpus_count(case.power_w, case.pue, case.w_per_gpu),
    "revenue_usd_per_year": mine,
    "break_even_usd_per_year": break_even,
    "us_grids": grid_share(everybody, us_wh, us_w)[0],
    "placebo_share": placebo_share,
}
score = check.calibration(predictions, outcomes)
print(score.to_string(float_format=lambda x: f"{x:.3g}"))
print(
    f"{score['inside'].sum()} of {len(score)} inside; mean score {score['score'].mean():.2f} decades"
)
