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
# # Lab 8 · Who keeps the profit
#
# Five layers make a token: energy, chips, infrastructure, models, apps. A user pays once. Who keeps
# the money, this year and five years from now, and what would have to be true for that?
#
# | lecture | what was said |
# | --- | --- |
# | 36:55 | right now all the money is in the bottom half of the cake |
# | 37:03 | in mobile, money was made first by telcos, then by apps, then by cloud services |
# | 37:31 | here, too, profits will move up, to the platforms and the apps |
# | 38:20 | go long the lowest layer: there, differentiation lasts, by technology and by scale |
# | 40:03 | go short anything that is a wrapper around a model; perhaps the whole notion of apps |
# | 45:41 | six months of lead in intelligence are an enormous lead |
#
# These sentences were said within ten minutes by one person. You will write the eight functions that
# tell which of them can be true together, for whom, and when. Then you run a fund.
#
# **How it works.** *Predict* → *build* → *simulate* → *explain* → *decide*. Cells that say
# `YOUR CODE HERE` are yours; the cell below each of them checks your function and says in one
# sentence what is wrong, never what the answer is. When you are graded, more cases are tried. Cells
# marked *explore* are never graded: change them, break them. Two written answers are read by a
# person. Money is in US dollars, time in years, and a name ends with its unit.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import math

import numpy as np

from supercycle import apps, check, decision, facts, plots, scenario, stack
from supercycle.units import format_usd

# What you are about to write stands in the library, too; here it is withheld.
check.withhold(
    "apps.pool_share",
    "apps.cournot_margin_usd",
    "apps.chain_profit_usd",
    "apps.solve",
    "apps.scarcity_rent_usd",
    "apps.entry_step",
    "apps.integrated_profit_usd",
    "apps.integrate",
    "apps.wrapper_value_usd",
    "apps.implied_hazard_per_year",
    "apps.Trajectory.present_value_usd",
)

case = scenario.draw("lab08")  # your own case: five layers, a jump in demand, a wrapper for sale
layers = list(stack.LAYERS)  # energy at the bottom, apps at the top
print(
    f"your case ({case.code}): demand jumped {case.demand_jump:g}-fold {case.age_years:g} years ago"
)
print(
    "firms before the jump, those of a layer all alike:", dict(zip(layers, case.firms, strict=True))
)
print(f"all layers together earned {format_usd(case.pool_usd_per_year)} a year before the jump")
print(
    f"a wrapper is for sale at {format_usd(case.wrapper_price_usd)}; its margin is "
    f"{format_usd(case.wrapper_margin_usd_per_year)} a year, growing {case.wrapper_growth:.0%}"
)

# %% [markdown] nbgrader={"grade": false, "grade_id": "predict_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Predict
#
# Before any arithmetic: four guesses. Write each as `(low, best, high)`, an interval you would bet on
# four to one. Nobody grades whether you are right; at the end you see whether your intervals were
# honest.
#
# - `device_share`: of all the profit that mobile added between 2007 and 2020 among the firms in our
#   table, the share that went to the makers of devices
# - `first_mover_share`: five layers, three firms in each, all alike, no layer scarce. The layer that
#   commits first gets this share of all profit
# - `wrapper_life_years`: years that the wrapper of your case has to live on average to be worth its price
# - `flip_barrier`: a newcomer to the layer *models* pays for a plant, and on top of it a *barrier*: so many
#   times what a plant costs in a year. From which barrier on is *models* the better layer to hold over five
#   years, and *chips* no longer?

# %% nbgrader={"grade": false, "grade_id": "predictions", "locked": false, "schema_version": 3, "solution": true, "task": false}
# predictions = {"device_share": (low, best, high), ...}
### BEGIN SOLUTION
predictions = {
    "device_share": (0.05, 0.2, 0.5),
    "first_mover_share": (0.15, 0.2, 0.3),
    "wrapper_life_years": (1, 3, 8),
    "flip_barrier": (0.2, 1, 5),
}
### END SOLUTION

# %% tags=["explore"]
# explore: are these four intervals?
for name in ("device_share", "first_mover_share", "wrapper_life_years", "flip_barrier"):
    check.prediction(name, predictions.get(name))
check.ok("four predictions, stored for the end of the lab")

# %% [markdown] nbgrader={"grade": false, "grade_id": "pool_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 1 · Build: the share of a pool
#
# A *margin* is profit over sales. A *pool* is profit in dollars. “All the money is in the bottom half”
# (36:55) speaks of pools, so write what share of all layers' profit each of them gets.
#
# Single layers may lose money: then their share is negative, and somebody else's can pass 1. But when
# the layers together earn nothing, or lose, there is no pool to share: raise a `ValueError`.
#
# *Think of:* one layer alone; a layer that loses; layers that lose together.


# %% nbgrader={"grade": false, "grade_id": "pool_share", "locked": false, "schema_version": 3, "solution": true, "task": false}
def pool_share(profit_usd):
    """Share of each layer in the profit of all.

    Parameters
    ----------
    profit_usd : sequence of float
        Profit of each layer, losses below zero [USD].

    Returns
    -------
    array
        Shares that sum to 1, in the same order.
    """
    ### BEGIN SOLUTION
    profit = np.asarray(profit_usd, dtype=float)
    pool = profit.sum()
    if pool <= 0:
        raise ValueError(f"the layers earn {pool} together: there is no pool to share")
    return profit / pool
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_pool_share", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
_shares = check.numbers(
    "pool_share([30, 20, -10])", pool_share([30.0, 20.0, -10.0]), count=3, low=-10, high=10
)
check.same("the shares sum to 1", sum(_shares), 1.0)
check.rising("who earns more has the larger share", lambda i: _shares[i], [2, 1, 0])
check.refuses("layers that lose together", lambda: pool_share([5.0, -8.0]))
check.ok("pool_share: sums to one, keeps the sign, refuses an empty pool")
### BEGIN HIDDEN TESTS
_rng = np.random.default_rng(1)
for _ in range(20):
    _p = _rng.normal(2e9, 3e9, 5)
    if _p.sum() < 1e9 or (_p > 0).all():
        continue
    check.agrees(
        "five layers, at least one of them with a loss", pool_share(list(_p)), _p / _p.sum(),
        hints={_p.sum() / np.abs(_p).sum(): "a loss lessens the pool: do not add its size",
               _p.sum() / _p[_p > 0].sum(): "a loss lessens the pool: do not leave it out",
               _p.sum() / _p.max(): "share of the sum, not of the largest",
               100.0: "a share, not per cent"},
    )  # fmt: skip
check.agrees("two monopolies", pool_share(np.array([1250.0, 625.0])), [2 / 3, 1 / 3])
check.agrees("one layer alone", pool_share([3.0]), [1.0])
check.agrees("a pool of less than a dollar", pool_share([0.3, 0.1]), [0.75, 0.25])
check.refuses("layers that earn nothing together", lambda: pool_share([4.0, -4.0]))
### END HIDDEN TESTS

# %% tags=["explore"]
# explore: one gigawatt at the lecture's $70 bn (43:46): where does a user's money end?
campus = stack.evaluate()
layer_profit = {name: float(usd) for name, usd in campus.profit_usd_per_year.items()}
top, bottom = max(layer_profit, key=layer_profit.get), min(layer_profit, key=layer_profit.get)
paid = campus.paid_usd_per_year
axes = plots.ledger(
    {name: float(usd) for name, usd in paid.items()},
    claim=f"Of a gigawatt's sales {top} keep {format_usd(layer_profit[top])}, and {bottom} lose {format_usd(-layer_profit[bottom])}",
    total="what users pay",
    x_label="USD a year, one gigawatt",
)
plots.show(axes, f"Ledger of what users of one gigawatt pay in a year: the largest profit is that of {top}, {bottom} make a loss.")  # fmt: skip
try:
    print("shares of the pool:", pool_share(list(layer_profit.values())).round(2))
except ValueError as refused:
    print("no pool:", refused)
print(facts.sources(*(value for value in campus.assumptions.values() if hasattr(value, "path"))))

# %% tags=["explore"]
# explore: what firms reported for 2025, and why a margin is not a pool
pools = apps.layer_pools("ai", 2025)
pools = pools.reindex(layers)
print(pools[["firms", "revenue_usd", "operating_income_usd", "operating_margin_share"]].to_string())
print(
    "sales are those of all firms named; income and margin only of those that report an operating income (listed below with their sources)"
)
reported = pools["operating_income_usd"].reindex(layers)
share_2025 = dict(zip(layers, pool_share(reported), strict=True))
axes = plots.bars(
    share_2025,
    claim=f"In 2025 {share_2025['chips']:.0%} of the layers' operating income was that of chips",
    x_label="share of the operating income of all firms in the table",
    highlight=["chips"],
    shown="{:.0%}",
)
plots.show(axes, "Bars: share of each layer in operating income in 2025; chips have most, models a negative share.")  # fmt: skip

quarter = {  # the two makers in about the same quarter of 2026
    firm: (facts.value(f"value-chain/{row}/revenue_usd"), facts.value(f"value-chain/{row}/gross_margin_share"))
    for firm, row in (("memory", "micron-fy2026q3"), ("accelerators", "nvidia-fy2027q1"))
}  # fmt: skip
for firm, (sales, margin) in quarter.items():
    print(
        f"{firm:12s}: gross margin {margin:.1%}, gross profit {format_usd(sales * margin)} in the quarter"
    )
rows = facts.table("value-chain")
used = rows[(rows["era"] == "ai") & (rows["year"] == 2025) & (rows["period_kind"] == "year")
            & (rows["segment"] == "total") & rows["operating_income_usd"].notna()].index  # fmt: skip
print(facts.sources(*(number for pair in quarter.values() for number in pair)))
print(facts.sources(*(facts.value(f"value-chain/{row}/operating_income_usd") for row in used)))

# %% [markdown] nbgrader={"grade": false, "grade_id": "mobile_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 2 · Look: who won mobile?
#
# The lecture rests on an analogy: in mobile the money moved from the telcos to the apps and on to cloud
# services (37:03). Below are operating incomes of firms that report both years, so that nobody enters
# the sum halfway. Look for the layer which the story leaves out.

# %% tags=["explore"]
# explore: the same firms, first and last year
mobile = apps.pool_change("mobile", 2007, 2020)
print(mobile.to_string(float_format=lambda x: f"{x:.3g}"))
gained = mobile["share_of_change"].sort_values(ascending=False)
axes = plots.bars(
    gained.to_dict(),
    claim=f"From 2007 to 2020 {gained.index[0]}s took {gained.iloc[0]:.0%} of mobile's new profit, networks {gained['network']:.0%}".replace(
        "-", "−"
    ),
    x_label="share of the growth of operating income, firms that report both years",
    highlight=[gained.index[0]],
    shown="{:.0%}",
)
plots.show(axes, "Bars: share of mobile's added operating income by layer; devices lead, platforms follow, networks have none.")  # fmt: skip
later = apps.pool_change("mobile", 2009, 2020)["share_of_change"]
print(f"counted from 2009, when an app maker enters the table: {later.round(2).to_dict()}")
gone = [
    facts.value(f"value-chain/mobile-nokia-{year}/operating_income_usd") for year in (2007, 2012)
]
print(
    f"who did not report to the end is missing: Nokia's devices went from {format_usd(gone[0])} to {format_usd(gone[1])} in five years"
)
print("a year without a report is a straight line between its neighbours")
used = rows[(rows["era"] == "mobile") & rows["year"].isin([2007, 2009, 2010, 2020]) & rows["operating_income_usd"].notna()
            & rows["firm"].isin([*", ".join(mobile["firms"]).split(", "), "Facebook"])].index  # fmt: skip
print(
    facts.sources(*gone, *(facts.value(f"value-chain/{row}/operating_income_usd") for row in used))
)

# %% [markdown] nbgrader={"grade": false, "grade_id": "cournot_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 3 · Build: the margin of one layer
#
# Customers leave at the price `intercept_usd`; below it they buy more the lower the price is, along a
# straight line. Let a layer have as many firms as `firms` says, all alike, each of which chooses how much
# to sell. It ends at the margin (price less cost) that Cournot found in 1838: a monopoly takes half of the gap between
# intercept and cost, two firms a third, and so on. Write it for any number of firms; let it take arrays.
#
# *Think of:* one firm; infinitely many.


# %% nbgrader={"grade": false, "grade_id": "cournot_margin_usd", "locked": false, "schema_version": 3, "solution": true, "task": false}
def cournot_margin_usd(intercept_usd, cost_usd, firms):
    """Price less cost in a layer of firms, all alike, that compete in quantities.

    Parameters
    ----------
    intercept_usd : float
        Price at which the last customer leaves [USD].
    cost_usd : float
        Running cost per unit, below the intercept [USD].
    firms : float or array
        Number of firms, at least 1; may be infinite.

    Returns
    -------
    float or array
        Margin per unit [USD].
    """
    ### BEGIN SOLUTION
    gap = intercept_usd - cost_usd
    return gap / (np.asarray(firms, dtype=float) + 1)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_cournot_margin_usd", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check.number(
    "cournot_margin_usd(10, 4, 2)", cournot_margin_usd(10.0, 4.0, 2.0), low=0.1, high=10, unit="USD"
)
check.rising(
    "more firms leave a smaller margin", lambda n: -cournot_margin_usd(10.0, 4.0, n), [1, 2, 5, 50]
)
check.same("infinitely many firms leave none", cournot_margin_usd(10.0, 4.0, math.inf), 0.0)
check.same(
    "a cost that rises with the intercept changes nothing",
    cournot_margin_usd(12.0, 6.0, 3),
    cournot_margin_usd(10.0, 4.0, 3),
)
try:
    _three = cournot_margin_usd(10.0, 4.0, np.array([1.0, 2.0, math.inf]))
except (TypeError, ValueError):
    raise check.CheckError("cournot_margin_usd has to take an array of firms, too") from None
check.numbers("cournot_margin_usd(10, 4, three numbers of firms)", _three, count=3, low=0, high=10)
check.ok("cournot_margin_usd: falls with the number of firms, to nothing")
### BEGIN HIDDEN TESTS
_rng = np.random.default_rng(3)
check.agrees("a monopoly takes half of the gap", cournot_margin_usd(10.0, 4.0, 1.0), 3.0,
             hints={2.0: "with one firm that is the whole gap: a monopoly leaves half of it to customers"})  # fmt: skip
for _ in range(10):
    _a, _n = _rng.uniform(5, 20), float(_rng.integers(3, 30))
    _c = _a * _rng.uniform(0.1, 0.9)
    _want = (_a - _c) / (_n + 1)
    check.agrees(
        f"{_n:.0f} firms", cournot_margin_usd(_a, _c, _n), _want,
        hints={(_n + 1) / _n: "with one firm that is the whole gap: a monopoly leaves half of it to customers",
               (_n + 1) / (2 * _n): "firms do not share out a monopoly's margin: they compete, and two leave a third of the gap",
               (_n + 1) / 2: "that is a monopoly's margin, whatever the number of firms",
               _n: "that is how far the price falls below the intercept, not the margin",
               (_want + _c) / _want: "that is the price: the margin is what is left after cost"},
    )  # fmt: skip
_many = np.array([1.0, 2.0, 4.0, math.inf])
check.agrees("four layers at once", cournot_margin_usd(10.0, 2.0, _many), 8 / (_many + 1))
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "chain_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 4 · Build: five margins on one token
#
# Now several layers, each of which adds its margin before the next one buys. They commit one after the
# other. Work backwards:
#
# - the **last** one to commit faces the customers. Their price falls by `slope_usd` for each unit sold
#   in a year. With *n* firms its margin at the quantity *Q* is slope · *Q* / *n*;
# - whoever commits **just before** it knows that. For each unit more, the customers' price falls by the
#   slope *and* the last layer adds slope / *n*. So its own demand is steeper, by the factor 1 + 1/*n*,
#   and its margin is that steeper slope · *Q* over its own number of firms. And so on, to the first;
# - all costs and all margins add up to the price, intercept − slope · *Q*. That fixes *Q*.
#
# Write the profit of each layer, margin · quantity, in the order of commitment. If the costs together
# reach the intercept, nothing is sold: raise a `ValueError`.
#
# *Think of:* one layer, which has to agree with Cournot; two monopolies; a layer with infinitely many
# firms; where in the order a cost arises.


# %% nbgrader={"grade": false, "grade_id": "chain_profit_usd", "locked": false, "schema_version": 3, "solution": true, "task": false}
def chain_profit_usd(intercept_usd, slope_usd, costs_usd, firms):
    """Profit of each layer of a chain, the first to commit first.

    Parameters
    ----------
    intercept_usd : float
        Price at which the last customer leaves [USD].
    slope_usd : float
        Fall of the price per unit sold in a year [USD·yr].
    costs_usd, firms : sequence of float
        Running cost per unit [USD] and number of firms of each layer, in the order in which
        the layers commit.

    Returns
    -------
    array
        Profit before capital, in the same order [USD/yr].
    """
    ### BEGIN SOLUTION
    steeper = 1 + 1 / np.asarray(firms, dtype=float)
    gap = intercept_usd - sum(costs_usd)
    if gap <= 0:
        raise ValueError(f"costs of {sum(costs_usd)} reach the intercept: nothing is sold")
    slopes = slope_usd * np.cumprod(steeper[::-1])[::-1]  # as seen before each layer's own margin
    quantity = gap / slopes[0]
    return slopes / steeper * quantity**2 / np.asarray(firms, dtype=float)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_chain_profit_usd", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
_two = check.numbers(
    "chain_profit_usd(100, 1, [10, 10], [2, 3])",
    chain_profit_usd(100.0, 1.0, [10.0, 10.0], [2.0, 3.0]),
    count=2,
    low=1,
    high=1e4,
    unit="USD/yr",
)
check.same(
    "it does not matter which layer bears a cost",
    chain_profit_usd(100.0, 1.0, [0.0, 20.0], [2.0, 3.0]),
    _two,
)
check.same(
    "twice the customers, twice the profit",
    chain_profit_usd(100.0, 0.5, [10.0, 10.0], [2.0, 3.0]),
    2 * np.array(_two),
)
check.same(
    "infinitely many firms earn nothing",
    chain_profit_usd(100.0, 1.0, [10.0, 10.0], [math.inf, 2.0])[0],
    0.0,
)
check.refuses(
    "costs that reach the intercept", lambda: chain_profit_usd(10.0, 1.0, [6.0, 4.0], [2.0, 2.0])
)
check.ok("chain_profit_usd: only the sum of costs counts, profit grows with the market")
### BEGIN HIDDEN TESTS
_rng = np.random.default_rng(4)
for _n in (1.0, 2.0, 7.0):
    check.agrees(
        f"one layer of {_n:.0f} firms, by Cournot's own formula",
        chain_profit_usd(100.0, 2.0, [40.0], [_n]), [60.0**2 / 2 * _n / (_n + 1) ** 2],
        hints={1 / _n: "profit of the whole layer, not of one firm", _n: "divide the slope by the number of firms"},
    )  # fmt: skip
_pair = chain_profit_usd(100.0, 1.0, [0.0, 0.0], [1.0, 1.0])
check.agrees(
    "how much more the first of two monopolies earns than the second", _pair[0] / _pair[1], 2.0,
    hints={0.25: "the layer that commits first sees the steeper demand, not the last",
           0.5: "like layers earn alike only if they commit at once: the first one sees a steeper demand"},
)  # fmt: skip
check.agrees(
    "two monopolies", _pair, [1250.0, 625.0],
    hints={16 / 9: "all layers' margins lower the quantity, not only one",
           4.0: "all layers' margins lower the quantity", 2.25: "all layers' margins lower the quantity"},
)  # fmt: skip
check.agrees("a gap of half a dollar", chain_profit_usd(1.0, 0.1, [0.5], [1.0]), [0.625])
_trio = chain_profit_usd(100.0, 1.0, [0.0] * 3, [1.0] * 3)
check.agrees(
    "how much more the first of three monopolies earns than the last", _trio[0] / _trio[2], 4.0,
    hints={0.5: "a layer knows of all those after it, not only of the next: each of them steepens its demand",
           0.75: "each margin steepens the demand of the layer before it: multiply, do not add"},
)  # fmt: skip
_five = np.asarray(chain_profit_usd(10.0, 1.0, [0.0] * 5, [3.0] * 5))
check.agrees(
    "shares of five layers with three firms each",
    _five / _five.sum(),
    0.75 ** np.arange(5) / (0.75 ** np.arange(5)).sum(),
)
for _ in range(10):
    _n = _rng.uniform(1, 9, 5)
    _c, _b = _rng.uniform(0, 1, 5), _rng.uniform(1e-10, 1e-8)
    _seen, _slopes = _b, []
    for _each in _n[::-1]:
        _slopes.insert(0, _seen)
        _seen = _seen * (1 + 1 / _each)
    _q = (10 - _c.sum()) / _seen
    check.agrees(
        f"firms {_n.round(1)} in the order of commitment",
        chain_profit_usd(10.0, _b, list(_c), list(_n)), np.array(_slopes) * _q**2 / _n,
    )  # fmt: skip
### END HIDDEN TESTS

# %% tags=["explore"]
# explore: the answer hangs on who commits first, and nobody told you who does
firms, costs = list(case.firms), list(case.costs_usd)
up = chain_profit_usd(case.intercept_usd, case.slope_usd, costs, firms)
down = chain_profit_usd(case.intercept_usd, case.slope_usd, costs[::-1], firms[::-1])[::-1]
up, down = pool_share(up), pool_share(down)
axes = plots.strip(
    {n: {"energy commits first": u, "apps commit first": d} for n, u, d in zip(layers, up, down, strict=True)},
    claim=f"The order of moves alone takes energy from {up[0]:.0%} of the profit to {down[0]:.0%}, and apps from {up[-1]:.0%} to {down[-1]:.0%}",
    x_label="share of all layers' profit before capital, no layer scarce",
)  # fmt: skip
plots.show(axes, "Share of each layer in profit under two orders of commitment: the bottom layers gain from committing first, the top layers from the reverse.")  # fmt: skip
like = pool_share(chain_profit_usd(10.0, 1.0, [0.0] * 5, [3.0] * 5))
print("five layers of three firms each, first to commit first:", [f"{x:.0%}" for x in like])
print(facts.sources(*(facts.value(f"apps/firms-{name}") for name in layers)))

# %% tags=["explore"]
# explore: read the model backwards: how few firms would earn the pools of 2025?
# Operating income stands for the pool; models lost money, so theirs is gross profit, and what they
# spent beyond it is capital. “Simultaneous”: nobody moves first. Exactly as many unknowns as numbers: it always fits, and proves nothing.
pool = reported.where(reported > 0, pools["gross_profit_usd"].reindex(layers)).to_dict()
beyond = {name: max(0.0, pool[name] - reported[name]) for name in layers}
elastic = facts.value("apps/demand-elasticity")
for order in ("upstream-first", "downstream-first", "simultaneous"):
    fit = apps.calibrate(pool, cost_usd_per_year=dict.fromkeys(layers, 0.0), demand_elasticity=elastic,
                         order=order, capital_usd_per_year=beyond)  # fmt: skip
    rent = {name: format_usd(usd) for name, usd in fit.rent_usd_per_year.items() if usd > 0}
    fitted = {name: round(count, 1) for name, count in fit.firms.items()}
    print(f"{order:16s}: firms {fitted}, rent beyond a monopoly's: {rent or 'none'}")
print(facts.sources(elastic))

# %% [markdown] nbgrader={"grade": false, "grade_id": "rent_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 5 · Build: the rent of a scarce layer
#
# Then demand jumps, and one layer cannot follow: its plants carry `capacity` units a year and not one
# more. At that quantity customers would pay more than all running costs and all the ordinary margins
# that the layers would take there (section 4). What is left over for each unit is the *rent*. As long as
# the capacity is larger than what the chain would sell anyway, there is none.
#
# You need the slope that the whole chain sees: the customers' slope times (1 + 1/*n*) of **every**
# layer. All layers' margins and the fall of the price together are that slope times the quantity.
#
# *Think of:* a capacity far beyond demand; one that just suffices; almost no capacity at all.


# %% nbgrader={"grade": false, "grade_id": "scarcity_rent_usd", "locked": false, "schema_version": 3, "solution": true, "task": false}
def scarcity_rent_usd(intercept_usd, slope_usd, costs_usd, firms, capacity):
    """Rent per unit that a binding capacity leaves over.

    Parameters
    ----------
    intercept_usd, slope_usd, costs_usd, firms
        As in `chain_profit_usd`.
    capacity : float
        Units that the scarce layer carries in a year.

    Returns
    -------
    float
        USD per unit; 0 while the capacity does not bind.
    """
    ### BEGIN SOLUTION
    gap = intercept_usd - sum(costs_usd)
    slope = slope_usd * np.prod(1 + 1 / np.asarray(firms, dtype=float))
    return float(max(0.0, gap - slope * capacity))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_scarcity_rent_usd", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
_tight = lambda k: scarcity_rent_usd(10.0, 1.0, [1.0, 1.0], [2.0, 4.0], k)  # noqa: E731
check.number(
    "scarcity_rent_usd(10, 1, [1, 1], [2, 4], 2)",
    _tight(2.0),
    low=0.1,
    high=10,
    unit="USD per unit",
)
check.same("a capacity beyond demand brings no rent", _tight(1e6), 0.0)
check.same(
    "with hardly any capacity the whole gap between intercept and costs is rent, on each unit",
    _tight(1e-12),
    8.0,
)
check.rising("the scarcer, the dearer", lambda k: -_tight(k), [0.5, 1.0, 2.0])
check.ok("scarcity_rent_usd: none while there is slack, more the scarcer")
### BEGIN HIDDEN TESTS
_rng = np.random.default_rng(5)
for _ in range(20):
    _n, _c, _b = _rng.uniform(1, 9, 4), _rng.uniform(0, 1.5, 4), _rng.uniform(0.1, 3)
    _gap, _all = 12 - _c.sum(), _b * np.prod(1 + 1 / _n)
    _k = _gap / _all * _rng.uniform(0.05, 0.9)
    _want = _gap - _all * _k
    check.agrees(
        "a capacity below what the chain would sell", scarcity_rent_usd(12.0, _b, list(_c), list(_n), _k), _want,
        hints={(_gap - _b * _k) / _want: "the layers' ordinary margins are paid first: use the slope the whole chain sees",
               (12 - _all * _k) / _want: "running costs are paid first",
               _b / _all: "the price rises by less than the rent: the layers' ordinary margins shrink as well",
               _k: "per unit, not for all units of a year",
               (_gap - _b * (1 + (1 / _n).sum()) * _k) / _want: "each margin steepens the demand of the layer before it: multiply, do not add"},
    )  # fmt: skip
    check.agrees(
        "a capacity that just suffices",
        scarcity_rent_usd(12.0, _b, list(_c), list(_n), 1.000001 * _gap / _all),
        0.0,
    )
    check.agrees("hardly any capacity", scarcity_rent_usd(12.0, _b, list(_c), list(_n), 0.0), _gap)
### END HIDDEN TESTS

# %% tags=["explore"]
# explore: the jump of your case, while the chip layer carries no more than it did before
capacity = float(case.path(1.0).quantity[0])
jumps = np.linspace(1, 4, 31)
rents = [
    scarcity_rent_usd(case.intercept_usd, case.slope_usd / j, costs, firms, capacity) for j in jumps
]
rent_now = scarcity_rent_usd(
    case.intercept_usd, case.slope_usd / case.demand_jump, costs, firms, capacity
)
axes = plots.sweep(
    jumps,
    {"rent": rents, "price": [case.intercept_usd - case.slope_usd / j * capacity for j in jumps]},
    claim=f"A {case.demand_jump:g}-fold market with the old plants leaves {rent_now:.2f} dollars of rent on a million tokens",
    x_label="size of the market after the jump, over the size before",
    y_label="USD per million tokens",
)
plots.show(axes, "Price and scarcity rent over the size of the jump: both rise, the rent from zero and faster than the price.")  # fmt: skip
for who in ("scarce", "customer", "first-mover"):
    split = case.squeezed(rent_to=who)
    keeps = {
        n: format_usd(usd)
        for n, usd in zip(split.names, split.operating_profit_usd_per_year, strict=True)
    }
    print(f"rent to the {who:12s}: {keeps}")

# %% [markdown] nbgrader={"grade": false, "grade_id": "who_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# Three answers to one question. A scarce layer that charges what clears the market keeps the rent. If it
# sells below that and allocates, its customers keep it. And a layer that commits *before* the scarce one
# faces vertical demand: whatever it charges, the same quantity is bought, so it can take the rent
# itself. What the other layers earn falls while the market grows, because nothing more is sold.
#
# ## 6 · Build: entry, and the glut that follows
#
# Rent calls for plants, and plants take years. Count the firms of one layer in steps of equal length.
# `living[t]` says how many could make a living in step *t*. In each step, in this order:
#
# 1. plants ordered `delay_steps` ago open;
# 2. newcomers order as many plants as could live, less those in business, less the share `foresight` of
#    those ordered before and not yet open. Never fewer than none: nobody leaves;
# 3. without delay, what was just ordered opens at once;
# 4. the firms now in business are written down.
#
# *Think of:* no delay; newcomers who see every order (`foresight=1`), and who see none (`foresight=0`).


# %% nbgrader={"grade": false, "grade_id": "entry_path_count", "locked": false, "schema_version": 3, "solution": true, "task": false}
def entry_path_count(firms, living, delay_steps, foresight=1.0):
    """Firms in business, step by step.

    Parameters
    ----------
    firms : float
        Firms before the first step.
    living : sequence of float
        Firms that could live in each step.
    delay_steps : int
        Steps from an order to the opening.
    foresight : float
        Share of the plants on their way that newcomers count with, 0 to 1.

    Returns
    -------
    list of float
        Firms at the end of each step, as long as `living`.
    """
    ### BEGIN SOLUTION
    opening = [0.0] * (len(living) + delay_steps)
    path = []
    for now, could_live in enumerate(living):
        firms = firms + opening[now]
        on_the_way = sum(opening[now + 1 :])
        ordered = max(0.0, could_live - firms - foresight * on_the_way)
        if delay_steps == 0:
            firms = firms + ordered
        else:
            opening[now + delay_steps] += ordered
        path.append(firms)
    return path
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_entry_path_count", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check.numbers("entry_path_count(2, [5, 5, 5, 5, 5, 5], 2)", entry_path_count(2.0, [5.0] * 6, 2), count=6, low=1, high=100)  # fmt: skip
check.same(
    "without delay as many as can live, at once", entry_path_count(2.0, [5.0, 5.0], 0), [5.0, 5.0]
)
check.same(
    "where nobody more can live nobody enters", entry_path_count(4.0, [3.0, 4.0, 2.0], 1), [4.0] * 3
)
check.rising(
    "who sees fewer orders builds more",
    lambda f: entry_path_count(2.0, [5.0] * 8, 3, -f)[-1],
    [-1.0, -0.5, 0.0],
)
check.ok("entry_path_count: length, no delay, no leaving, and a glut without foresight")
### BEGIN HIDDEN TESTS
_rng = np.random.default_rng(6)
_late = entry_path_count(2.0, [5.0] * 9, 3)
check.agrees(
    "the firms just before the first plant opens, after three steps",
    _late[2],
    2.0,
    hints={2.5: "a plant sells when it opens, not when it is ordered"},
)
check.agrees(
    "the firms when the first plants open, after three steps",
    _late[3],
    5.0,
    hints={0.4: "plants ordered `delay_steps` ago open before anybody decides: one step too late"},
)
for _d in (1, 2, 5):
    check.agrees(
        f"five firms' room, no foresight, a delay of {_d}: the gap is ordered {_d} times", entry_path_count(2.0, [7.0] * 20, _d, 0.0)[-1], 2 + 5.0 * _d,
        hints={(2 + 7.0 * (20 - _d)) / (2 + 5.0 * _d): "foresight is about orders: firms in business are seen by everybody",
               7 / (2 + 5.0 * _d): "without foresight each step of the delay repeats the order"},
    )  # fmt: skip
    check.agrees(
        f"full foresight, a delay of {_d}", entry_path_count(2.0, [7.0] * 20, _d)[-1], 7.0,
        hints={(2 + 5.0 * -(-_d // 2)) / 7: "all plants on their way count, not only those ordered a step ago",
               (2 + 5.0 * _d) / 7: "plants on their way count: with foresight the gap is ordered once"},
    )  # fmt: skip
check.agrees(
    "room that grows while plants are on their way, foresight left at its default",
    entry_path_count(2.0, [3.0, 5.0, 8.0, 8.0, 8.0, 8.0], 2), [2.0, 2.0, 3.0, 5.0, 8.0, 8.0],
)  # fmt: skip
for _ in range(20):
    _d, _f, _start = int(_rng.integers(0, 6)), _rng.uniform(0, 1), _rng.uniform(1, 4)
    _living = _rng.uniform(1, 12, 25)
    _now, _open, _want = _start, [0.0] * 40, []
    for _t, _lives in enumerate(_living):
        _now += _open[_t]
        _order = max(0.0, _lives - _now - _f * sum(_open[_t + 1 :]))
        if _d:
            _open[_t + _d] += _order
        else:
            _now += _order
        _want.append(_now)
    check.agrees(
        f"a market that goes up and down, delay {_d}, foresight {_f:.2f}",
        entry_path_count(_start, list(_living), _d, _f),
        _want,
    )
### END HIDDEN TESTS

# %% tags=["explore"]
# explore: one layer alone, from two firms to as many as can live, in steps of half a year
delay = facts.value("apps/entry-delay-chips")
steps = round(delay / 0.5)
room = [2.0] * 2 + [6.0] * 28
seen = {f"foresight {f:g}": entry_path_count(2.0, room, steps, f) for f in (1.0, 0.8, 0.5, 0.0)}
over = seen["foresight 0"][-1] / room[-1]
axes = plots.sweep(
    np.arange(len(room)) * 0.5,
    seen | {"can live": room},
    claim=f"With a delay of {delay:g} years, newcomers who see no orders build {over:.1f} times what can live",
    x_label="years",
    y_label="firms in the layer",
)
plots.show(axes, "Firms over time for four degrees of foresight: after the delay all jump, the less foresight the higher above the number that can live.")  # fmt: skip
glut = [
    facts.value(f"value-chain/{row}/operating_margin_share")
    for row in ("sk-hynix-2023", "micron-fy2023")
]
print(f"memory makers' operating margins in the glut of 2023: {glut[0]:.0%} and {glut[1]:.0%}")
print("before the cost of plants no Cournot firm loses; after it, a glut does")
print(facts.sources(delay, *glut))

# %% [markdown] nbgrader={"grade": false, "grade_id": "paths_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 7 · Simulate: does profit move up?
#
# Now all five layers at once: each has its own delay, newcomers come while a plant pays, plants wear
# out. The jump is at year 0. At the start nobody wants in or out: profit *after* the cost of plants is
# zero everywhere. Four worlds, the same jump:
#
# - **delays alone**, no layer scarce;
# - the chip layer's plants **ran full** when demand jumped;
# - delays, and **barriers at the top**: an entrant into models or apps pays a multiple of the cost of its
#   plant on top (networks, switching, data: whatever those inside need not pay again), as high as the
#   range of our table goes;
# - delays, and a **barrier at the bottom**: the same for energy (38:57: technical as well as scale).
#
# What this leaves out: firms of a layer are alike, nobody deters, learns or is bought, and newcomers look
# at today's demand, not at a forecast. Where two layers hold each other up, each waits for the other, so
# a scarce layer's rent can outlive its delay.

# %% tags=["explore"]
# explore: profit after the cost of plants, layer by layer
years = 16.0
guessed = facts.value("apps/barrier-models")
barrier = guessed.high
print(f"barriers of {barrier:g} times the yearly cost of a plant")
print(facts.sources(guessed))
worlds = {
    "delays alone": case.path(years, scarce=None),
    "chips ran full": case.path(years),
    "barriers at the top": case.path(
        years, scarce=None, barrier_models=barrier, barrier_apps=barrier
    ),
    "a barrier at the bottom": case.path(years, scarce=None, barrier_energy=barrier),
}
for name, path in worlds.items():
    end = path.profit_usd_per_year[:, -1]
    if abs(end).max() < 0.01 * path.operating_profit_usd_per_year[:, -1].sum():
        claim = (
            f"{name.capitalize()}: profit ends nowhere, no layer earns more than its plants cost"
        )
    else:
        claim = f"{name.capitalize()}: {format_usd(end.max())} a year beyond the cost of plants stays with {layers[int(end.argmax())]}"
    axes = plots.sweep(
        path.years,
        dict(zip(path.names, path.profit_usd_per_year / 1e9, strict=True)),
        claim=claim,
        x_label="years after the jump",
        y_label="profit after the cost of plants, bn USD a year",
    )
    plots.show(axes, f"Profit of five layers over {years:g} years in the world of {name}.")
print("bn USD a year: all layers beyond their plants / consumer surplus")
print("year" + "".join(f"{name:>26s}" for name in worlds))
for year in (1, 3, 5, 8, 15):
    cells = [
        (
            p.profit_usd_per_year[:, 2 * year].sum() / 1e9,
            p.consumer_surplus_usd_per_year[2 * year] / 1e9,
        )
        for p in worlds.values()
    ]
    print(f"{year:4d}" + "".join(f"{f'{a:.0f} / {b:.0f}':>26s}" for a, b in cells))

# %% tags=["explore"]
# explore, with sliders where your notebook can show them: the profit pool on the move
from functools import cache

from supercycle.explore import Knob, explore


@cache
def world(top, bottom):
    return case.path(years, barrier_models=top, barrier_apps=top, barrier_energy=bottom)


def pool_at(year, top, bottom):
    """Profit of each layer in one year after the jump, with barriers at the top and the bottom."""
    path = world(top, bottom)
    billions = dict(
        zip(path.names, path.profit_usd_per_year[:, round(2 * year)] / 1e9, strict=True)
    )
    most = max(billions, key=billions.get)
    axes = plots.bars(
        billions,
        claim=f"At year {year:g} after the jump {most} earn most, {billions[most]:.1f} bn USD a year beyond their plants",
        x_label="profit after the cost of plants, bn USD a year",
        highlight=[most],
        shown="{:.1f}",
    )
    return (
        axes,
        f"Bars of the profit of five layers {year:g} years after the jump; {most} have most.",
    )


explore(
    pool_at,
    year=Knob("years after the jump", 1.0, 0.0, 15.0, steps=30),
    top=Knob("barrier to models and apps, times a plant's yearly cost", 0.0, 0.0, barrier, steps=8),
    bottom=Knob("barrier to energy, times a plant's yearly cost", 0.0, 0.0, barrier, steps=8),
)

# %% tags=["explore"]
# explore: the order of moves and the delays, as robustness checks. Does any of them lift profit up?
for order in ("upstream-first", "downstream-first", "simultaneous"):
    late, at_once = (
        case.path(years, scarce=None, order=order, delays=d, foresight=1.0) for d in (True, False)
    )
    moved = np.abs(late.pool_share[:, -1] - at_once.pool_share[:, -1]).max()
    print(f"{order:16s}: shares with and without delays differ by at most {moved:.2%} in the end")
print(
    facts.sources(
        *(facts.value(f"apps/entry-delay-{name}") for name in layers), *case.inputs().values()
    )
)

# %% [markdown] nbgrader={"grade": false, "grade_id": "merged_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 8 · Build: one firm instead of five layers
#
# “Every app is getting engulfed” (37:41). Let all layers merge into one, in which as many firms, all alike,
# compete as there were in the **smallest** layer; each does everything from energy to app and adds one
# margin. Return the profit of the merged layer (all its firms) and the *consumer surplus*: what
# customers would have paid beyond what they paid, the triangle below the demand line and above the
# price.
#
# *Think of:* a chain of monopolies, merged into one; infinitely many firms in every layer.


# %% nbgrader={"grade": false, "grade_id": "merged_usd_per_year", "locked": false, "schema_version": 3, "solution": true, "task": false}
def merged_usd_per_year(intercept_usd, slope_usd, costs_usd, firms):
    """Profit and consumer surplus when all layers are one.

    Parameters
    ----------
    intercept_usd, slope_usd, costs_usd, firms
        As in `chain_profit_usd`.

    Returns
    -------
    (float, float)
        Profit before capital and consumer surplus [USD/yr].
    """
    ### BEGIN SOLUTION
    whole = min(firms)
    margin = (intercept_usd - sum(costs_usd)) / (whole + 1)
    quantity = (intercept_usd - sum(costs_usd) - margin) / slope_usd
    return margin * quantity, slope_usd * quantity**2 / 2
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_merged_usd_per_year", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
_m = check.numbers(
    "merged_usd_per_year(100, 1, [10, 10], [2, 3])",
    merged_usd_per_year(100.0, 1.0, [10.0, 10.0], [2.0, 3.0]),
    count=2,
    low=1,
    high=1e4,
    unit="USD/yr",
)
check.rising(
    "more firms: less profit",
    lambda n: -merged_usd_per_year(100.0, 1.0, [0.0, 0.0], [n, n])[0],
    [1.0, 2.0, 8.0],
)
check.rising(
    "more firms: more for customers",
    lambda n: merged_usd_per_year(100.0, 1.0, [0.0, 0.0], [n, n])[1],
    [1.0, 2.0, 8.0],
)
check.ok("merged_usd_per_year: two numbers, moving in opposite directions")
### BEGIN HIDDEN TESTS
_rng = np.random.default_rng(8)
for _ in range(20):
    _n, _c, _b = np.round(_rng.uniform(2, 9, 4), 2), _rng.uniform(0, 1.5, 4), _rng.uniform(0.1, 3)
    _gap, _w = 12 - _c.sum(), _n.min()
    _profit, _surplus = merged_usd_per_year(12.0, _b, list(_c), list(_n))
    check.agrees(
        f"profit of layers of {_n} firms, merged", _profit, _gap**2 * _w / (_w + 1) ** 2 / _b,
        hints={1 / _w: "profit of all firms of the merged layer, not of one",
               (_w + 1) ** 2 / (4 * _w): "several firms still compete after the merger: not a monopoly",
               _n.max() / (_n.max() + 1) ** 2 * (_w + 1) ** 2 / _w: "only as many whole firms can form as the smallest layer has",
               _n.sum() / (_n.sum() + 1) ** 2 * (_w + 1) ** 2 / _w: "a merged firm spans all layers: as many as the smallest layer has, not all firms of all layers",
               _w / 2: "profit first, consumer surplus second", 1 / 2: "profit first, consumer surplus second"},
    )  # fmt: skip
    check.agrees(
        f"what customers keep when layers of {_n} firms merge", _surplus, (_gap * _w / (_w + 1)) ** 2 / 2 / _b,
        hints={(_w + 1) / _w: "the triangle ends at the price: what lies between price and cost is the firms'",
               2.0: "a triangle is half of its rectangle", 1 / _w**2: "the triangle above the price, not above the cost"},
    )  # fmt: skip
_apart = 100.0**2 * 3 / 16 / 2
check.agrees(
    "two monopolies earn a third more as one (Spengler)",
    merged_usd_per_year(100.0, 2.0, [0.0, 0.0], [1.0, 1.0])[0],
    _apart * 4 / 3,
)
### END HIDDEN TESTS

# %% tags=["explore"]
# explore: who gains when layers merge, in your case, and in a chain of monopolies
for name, n in (("your case", firms), ("monopolies", [1.0] * 5)):
    apart = chain_profit_usd(case.intercept_usd, case.slope_usd, costs, n).sum()
    steepness = float(np.prod(1 + 1 / np.array(n)))
    kept = (case.intercept_usd - sum(costs)) ** 2 / (2 * case.slope_usd * steepness**2)
    profit, surplus = merged_usd_per_year(case.intercept_usd, case.slope_usd, costs, n)
    print(
        f"{name:10s}: profit {format_usd(apart)} → {format_usd(profit)}, customers {format_usd(kept)} → {format_usd(surplus)}"
    )

# a contrast, and no check: what bargaining would say, with one firm in each layer
players, worth = apps.chain_game(
    {n: [c] for n, c in zip(layers, costs, strict=True)}, value_usd=case.intercept_usd
)
print(
    "Shapley (what a firm adds, on average over all orders in which they could join):",
    {n: f"{usd:.2f}" for (n, _), usd in apps.shapley(players, worth).items()},
    "USD a unit, whatever the costs",
)
print(
    "core (splits that no group of firms would leave):",
    {n: f"{r.low_usd:.2f}…{r.high_usd:.2f}" for (n, _), r in apps.core(players, worth).items()},
    "so any split at all",
)

# %% [markdown] nbgrader={"grade": false, "grade_id": "wrapper_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 9 · Build: the wrapper
#
# A thin application earns a margin until the model below it, or its maker, does the same (40:03).
# Absorption comes at the rate `hazard_per_year`: after *t* years the application is still alive with
# probability $e^{-\text{hazard} \cdot t}$. Until then its margin grows like $e^{\text{growth} \cdot t}$, and
# money is discounted like $e^{-\text{rate} \cdot t}$. Its value is the integral of all this from now to
# the horizon.
#
# *Think of:* no hazard; an infinite one; a horizon at infinity, which needs growth below rate plus hazard
# (raise a `ValueError` where the value would be infinite); a finite horizon where they are just equal.


# %% nbgrader={"grade": false, "grade_id": "wrapper_value_usd", "locked": false, "schema_version": 3, "solution": true, "task": false}
def wrapper_value_usd(
    margin_usd_per_year, hazard_per_year, discount_rate, growth_rate=0.0, horizon_years=math.inf
):
    """Value of a margin that may be absorbed.

    Parameters
    ----------
    margin_usd_per_year : float
        Margin today [USD/yr].
    hazard_per_year : float
        Rate of absorption, may be infinite [1/yr].
    discount_rate, growth_rate : float
        Continuous rates [1/yr].
    horizon_years : float
        Years that count, may be infinite [yr].

    Returns
    -------
    float
        USD.
    """
    ### BEGIN SOLUTION
    fading = discount_rate + hazard_per_year - growth_rate
    if math.isinf(horizon_years):
        if fading <= 0:
            raise ValueError(f"growth of {growth_rate} outruns discount and hazard: infinite value")
        return margin_usd_per_year / fading
    if fading == 0:
        return margin_usd_per_year * horizon_years
    return margin_usd_per_year * -math.expm1(-fading * horizon_years) / fading
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_wrapper_value_usd", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check.number(
    "wrapper_value_usd(1e8, 0.4, 0.1)",
    wrapper_value_usd(1e8, 0.4, 0.1),
    low=1e6,
    high=1e10,
    unit="USD",
)
check.rising(
    "a higher hazard lowers the value", lambda h: -wrapper_value_usd(1e8, h, 0.1), [0, 0.1, 1, 10]
)
check.same("an infinite hazard leaves nothing", wrapper_value_usd(1e8, math.inf, 0.1), 0.0)
check.rising(
    "more years are worth more",
    lambda t: wrapper_value_usd(1e8, 0.3, 0.1, 0.2, t),
    [1, 2, 10, math.inf],
)
check.refuses(
    "growth that outruns everything, for ever", lambda: wrapper_value_usd(1e8, 0.1, 0.1, 0.5)
)
check.ok("wrapper_value_usd: hazard, horizon, and no infinite fortune")
### BEGIN HIDDEN TESTS
_rng = np.random.default_rng(9)
for _ in range(20):
    _h, _r, _g, _t = (
        _rng.uniform(0.2, 1.5),
        _rng.uniform(0.06, 0.15),
        _rng.uniform(0.02, 0.15),
        _rng.uniform(2, 8),
    )
    _k = _h + _r - _g
    check.agrees(
        f"hazard {_h:.2f}, rate {_r:.2f}, growth {_g:.2f}, for ever", wrapper_value_usd(1e7, _h, _r, _g), 1e7 / _k,
        hints={_k / (_h + _r): "growth slows the fading", _k / (_r - _g) if _r > _g else 0.0: "the hazard shortens the life",
               _k / (_h + _r + _g): "growth works against discount and hazard",
               _k / (_h - _g): "money is discounted, too"},
    )  # fmt: skip
    _want = 1e7 * (1 - math.exp(-_k * _t)) / _k
    check.agrees(
        f"the same over {_t:.1f} years", wrapper_value_usd(1e7, _h, _r, _g, _t), _want,
        hints={1e7 / _k / _want: "only the years up to the horizon count",
               1e7 * (1 - math.exp(-(_r - _g) * _t)) / (_r - _g) * math.exp(-_h * _t) / _want if _r != _g else 0.0: "absorption can come at any time, not only at the end"},
    )  # fmt: skip
check.agrees("no hazard, for ever: a perpetuity", wrapper_value_usd(1e8, 0.0, 0.1), 1e9)
try:  # numbers that a computer holds exactly, so that rate and hazard less growth are zero in any order
    _level = wrapper_value_usd(1e8, 0.25, 0.125, 0.375, 1.0)
except (ValueError, ZeroDivisionError):
    raise check.CheckError("growth that just makes up for rate and hazard: over some years the value is finite, margin times years") from None  # fmt: skip
check.agrees("a year in which growth just makes up for all that fades", _level, 1e8,
             hints={(1 - math.exp(-0.75)) / 0.75: "growth works against discount and hazard"})  # fmt: skip
try:
    _up = wrapper_value_usd(1e8, 0.25, 0.25, 0.75, 2.0)
except ValueError:
    raise check.CheckError("growth above rate and hazard: only for ever is the value infinite") from None  # fmt: skip
check.agrees("two years of growth above rate and hazard", _up, 1e8 * (math.exp(0.5) - 1) / 0.25)
check.agrees(
    "four years of 25 % growth against nothing", wrapper_value_usd(1e8, 0.0, 0.25, 0.25, 4.0), 4e8
)
check.refuses(
    "growth that just makes up, for ever", lambda: wrapper_value_usd(1e8, 0.0, 0.25, 0.25)
)
### END HIDDEN TESTS

# %% tags=["explore"]
# explore (40:03): how long must your wrapper live to be worth its price?
rate = facts.value("serving/discount-rate")
hazard_at_price = decision.flip_value(
    lambda hazard: wrapper_value_usd(case.wrapper_margin_usd_per_year, hazard, rate, case.wrapper_growth) - case.wrapper_price_usd,
    {"hazard": 0.4}, "hazard", case.wrapper_growth, 10.0,
)  # fmt: skip
lives_years = np.linspace(0.25, 4, 60)
values = [
    wrapper_value_usd(case.wrapper_margin_usd_per_year, 1 / life, rate, case.wrapper_growth)
    for life in lives_years
]
axes = plots.sweep(
    lives_years,
    {"value": np.array(values) / 1e6},
    claim=f"At {format_usd(case.wrapper_price_usd)} the buyer bets on {1 / hazard_at_price:.1f} years before absorption",
    x_label="mean years until absorbed",
    y_label="value of the wrapper, m USD",
    target=(case.wrapper_price_usd / 1e6, "price"),
)
plots.show(axes, "Value of the wrapper over its mean life: it rises, and crosses the price at the life that the buyer bets on.")  # fmt: skip
print(facts.sources(rate))

# %% tags=["explore"]
# explore (45:41): the same function prices a lead. Is half a year enormous, in money?
months = facts.value("model-assumptions/lead-months")
gross = facts.value("value-chain/openai-2025/revenue_usd") * facts.value(
    "value-chain/openai-2025/gross_margin_share"
)
spent = gross - facts.value(
    "value-chain/openai-2025/operating_income_usd"
)  # beyond the cost of serving
growth = math.log(
    facts.value("value-chain/openai-2025/revenue_usd")
    / facts.value("value-chain/openai-2024/revenue_usd")
)


def lead_worth_usd(lead_months):
    """Gross profit over a lead of some months, that ends on the day a follower arrives [USD]."""
    return wrapper_value_usd(gross, 0.0, rate, growth, lead_months / 12)


price_of_lead = spent * months / 12
needed_months = decision.flip_value(
    lambda lead: lead_worth_usd(lead) - price_of_lead, {"lead": months}, "lead", 1.0, 60.0
)
print(
    f"half a year's spending beyond serving: {format_usd(price_of_lead)}; {months:g} months of lead earn {format_usd(lead_worth_usd(months))}"
)
print(
    f"at the same growth a lead would have to last {needed_months:.0f} months to pay for what half a year costs"
)
print(facts.sources(months, rate, facts.value("value-chain/openai-2025/revenue_usd"), facts.value("value-chain/openai-2025/gross_margin_share"),
                    facts.value("value-chain/openai-2025/operating_income_usd"), facts.value("value-chain/openai-2024/revenue_usd")))  # fmt: skip

# %% [markdown] nbgrader={"grade": false, "grade_id": "held_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 10 · Build: how long you hold
#
# Long or short is a question of the horizon. `profit_usd_per_year` has a row for each layer and a column
# for each step of `step_years`, from today on. Each step's profit is paid **at the start** of the step
# and discounted from there to today, like $e^{-\text{rate} \cdot t}$. Up to a horizon, what do the
# layers bring? If the horizon ends within a step, that step counts in part.
#
# *Think of:* a rate of zero; a horizon of half a step; a horizon beyond the last step.


# %% nbgrader={"grade": false, "grade_id": "held_usd", "locked": false, "schema_version": 3, "solution": true, "task": false}
def held_usd(profit_usd_per_year, step_years, discount_rate, horizon_years):
    """Present value of each layer's profit up to a horizon.

    Parameters
    ----------
    profit_usd_per_year : array of shape (layers, steps)
        Profit from today on [USD/yr].
    step_years : float
        Length of a step [yr].
    discount_rate : float
        Continuous rate [1/yr].
    horizon_years : float
        Years that count [yr].

    Returns
    -------
    array of shape (layers,)
        USD.
    """
    ### BEGIN SOLUTION
    profit = np.asarray(profit_usd_per_year, dtype=float)
    starts = np.arange(profit.shape[1]) * step_years
    counted = np.clip(horizon_years - starts, 0, step_years)
    return profit @ (counted * np.exp(-discount_rate * starts))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_held_usd", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
_held = check.numbers(
    "held_usd(two layers, …)",
    held_usd(np.array([[4.0, 4.0, 4.0], [1.0, 2.0, 3.0]]), 0.5, 0.1, 1.5),
    count=2,
    low=0.1,
    high=100,
    unit="USD",
)
check.same(
    "at a rate of zero a year of 4 a year is 4",
    held_usd(np.array([[4.0, 4.0, 4.0]]), 0.5, 0.0, 1.0),
    [4.0],
)
check.same(
    "a horizon beyond the last step adds nothing",
    held_usd(np.array([[4.0, 4.0]]), 0.5, 0.1, 1.0),
    held_usd(np.array([[4.0, 4.0]]), 0.5, 0.1, 9.0),
)
check.rising(
    "a higher rate lowers what comes later",
    lambda r: -held_usd(np.array([[4.0] * 9]), 0.5, r, 4.0)[0],
    [0, 0.1, 0.5],
)
check.ok("held_usd: a value for each layer, up to the horizon")
### BEGIN HIDDEN TESTS
_rng = np.random.default_rng(10)
check.agrees(
    "a step that is paid today is not discounted",
    held_usd(np.array([[8.0]]), 0.5, 0.3, 1.0),
    [4.0],
    hints={
        math.exp(-0.15): "paid at the start of the step",
        math.exp(-0.075): "paid at the start of the step, not in its middle",
        (1 - math.exp(-0.15))
        / 0.15: "paid at the start of the step, all at once, not little by little",
    },
)
check.agrees(
    "half of the first step",
    held_usd(np.array([[8.0, 8.0]]), 0.5, 0.3, 0.25),
    [2.0],
    hints={
        2.0: "a step that the horizon cuts counts in part",
        0.0: "a step that the horizon cuts counts in part",
    },
)
for _ in range(20):
    _steps, _dt, _r = int(_rng.integers(4, 30)), _rng.uniform(0.1, 1), _rng.uniform(0.02, 0.2)
    _flow = _rng.normal(1e9, 3e9, (5, _steps))
    _t = [_dt * _i for _i in range(_steps)]
    for _horizon in (_dt * _steps * _rng.uniform(0.2, 0.9), _dt * _steps):
        _parts = [min(_dt, max(0.0, _horizon - _s)) for _s in _t]
        _want = np.array(
            [
                sum(
                    _x * _p * math.exp(-_r * _s)
                    for _x, _p, _s in zip(_row, _parts, _t, strict=True)
                )
                for _row in _flow
            ]
        )
        check.agrees(
            f"five layers, {_steps} steps of {_dt:.2f} years, up to {_horizon:.2f} years", held_usd(_flow, _dt, _r, _horizon), _want,
            hints={1 / _dt: "profit is given per year: multiply by the length of the step",
                   math.exp(-_r * _dt): "paid at the start of the step, not at its end"},
        )  # fmt: skip
### END HIDDEN TESTS

# %% tags=["explore"]
# explore: from today on, over one year, five and twelve, in the four worlds
now = round(case.age_years / 0.5)
for name, path in worlds.items():
    for horizon in (1.0, 5.0, 12.0):
        held = held_usd(path.profit_usd_per_year[:, now:], 0.5, rate, horizon)
        best, worst = layers[int(np.argmax(held))], layers[int(np.argmin(held))]
        print(
            f"{name:24s}{horizon:3.0f} y: "
            + ", ".join(f"{n} {usd / 1e9:.1f}" for n, usd in zip(layers, held, strict=True))
            + f" bn; best {best}, worst {worst}"
        )

# %% [markdown] nbgrader={"grade": false, "grade_id": "explain_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Explain the gap
#
# In 150 to 300 words, with numbers from your case:
#
# 1. Profit starts at the bottom and moves up (36:58), go long the lowest layer (38:20), go short the
#    wrapper (40:03). Which assumptions, about horizon, scarcity and barriers, make all three true at
#    once? How much of the three follows from delays alone? What has to be there for profit to arrive at the
#    top, and what do customers pay for it?
# 2. The analogy: what does the table of the mobile era say about who moved up? Which of your results
#    hang on the order of moves, for which nobody gave a reason?
# 3. Half a year of lead was called enormous (45:41). What does it earn, what does it cost, and what would
#    have to be true for it to pay?

# %% [markdown] nbgrader={"grade": true, "grade_id": "explain", "locked": false, "points": 5, "schema_version": 3, "solution": true, "task": false}
# See the rubric for a strong and a weak answer.

# %% [markdown] nbgrader={"grade": false, "grade_id": "decide_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Decide
#
# You run a fund. You must be **long** one layer and **short** one, once for a year and once for five,
# from today on. The next cells compute what each layer brings beyond the cost of its plants, the same
# way for everyone; they do not use your functions. What a layer's shares already cost is not in it.
#
# The inputs are facts with ranges; barriers are ours and start at none, because nobody has measured one.

# %% nbgrader={"grade": false, "grade_id": "decide_model", "locked": true, "schema_version": 3, "solution": false, "task": false}
inputs = case.inputs()
jump = facts.value("apps/demand-jump")
ranges = {
    "demand_jump": (case.demand_jump * jump.low / jump, case.demand_jump * jump.high / jump),
    "chips_delay_years": (inputs["chips_delay_years"] - 1, inputs["chips_delay_years"] + 1),
}
print(facts.sources(jump, *inputs.values()))


def held_layer_usd(layer, horizon_years, **given):
    """What a layer brings from today on beyond the cost of its plants, up to 5 years [USD]."""
    return case.held_usd(layer, horizon_years, **given)


# %% tags=["explore"]
# explore: which layer, over which horizon, under which of two choices nobody made for you
books = {}
for scarce in ("chips", "energy", None):
    for order in ("upstream-first", "downstream-first"):
        for horizon in (1.0, 5.0):
            usd = {
                n: held_layer_usd(n, horizon, order=order, scarce=scarce, **inputs) for n in layers
            }
            books[scarce, order, horizon] = usd
            long, short = max(usd, key=usd.get), min(usd, key=usd.get)
            print(
                f"scarce: {scarce or 'nothing':8s} {order:17s} {horizon:.0f} y: long {long} {usd[long] / 1e9:.1f} bn, short {short} {usd[short] / 1e9:.1f} bn"
            )
path = case.path(case.age_years + 5.0)
for ahead in (0.0, 1.0, 4.5):
    at = round((case.age_years + ahead) / 0.5)
    print(
        f"in {ahead:g} years: all layers {format_usd(path.profit_usd_per_year[:, at].sum())} a year beyond their plants, customers {format_usd(path.consumer_surplus_usd_per_year[at])} a year"
    )

# %% tags=["explore"]
# explore: what would turn the five-year choice (about twenty seconds)
base = books["chips", "upstream-first", 5.0]
best = max(base, key=base.get)
rival = "models"  # where the lecture sees the profit go


def lead(**given):
    return held_layer_usd(best, 5.0, **given) - held_layer_usd(rival, 5.0, **given)


searched = {"barrier_models": (0.0, 12.0), "foresight": (0.0, 1.0)}
flips = {
    name: decision.flip_value(lead, inputs, name, *ends, rtol=1e-3)
    for name, ends in searched.items()
}
turning = [f"{name} = {x:.2g}" for name, x in flips.items() if not math.isnan(x)]
print(
    f"“{best}” leads “{rival}” by {format_usd(lead(**inputs))} over five years; turns at {' or '.join(turning) or 'no value searched'}"
)
frame = decision.tornado(lead, inputs, ranges)
axes = plots.tornado(
    frame,
    claim=f"What the five-year lead of “{best}” over “{rival}” hangs on",
    x_label="lead, USD",
    base=lead(**inputs),
)
plots.show(axes, f"Tornado chart: how far each input moves the five-year lead of {best} over {rival}; the widest bars are {', '.join(frame.index[:2])}.")  # fmt: skip

# %% [markdown] nbgrader={"grade": false, "grade_id": "decide_ask", "locked": true, "schema_version": 3, "solution": false, "task": false}
# In 150 to 300 words: which layer are you long, which short, for one year and for five, and how much do
# you expect it to bring? Which of the four choices survives the other order of moves, and a different
# scarce layer? Name the number at which your five-year choice turns, and say how you would learn its true
# value. What do customers gain or lose where your fund wins? Then judge the source: what does the
# speaker buy, and what does he sell?

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
    "device_share": mobile.loc["device", "share_of_change"],
    "first_mover_share": like[0],
    "wrapper_life_years": 1 / hazard_at_price,
    "flip_barrier": flips["barrier_models"],
}
score = check.calibration(predictions, outcomes)
print(score.to_string(float_format=lambda x: f"{x:.3g}"))
print(
    f"{score['inside'].sum()} of {len(score)} inside; mean score {score['score'].mean():.2f} decades"
)
