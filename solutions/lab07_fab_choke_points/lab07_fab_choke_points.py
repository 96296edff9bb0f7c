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
# # Lab 7 · Choke points
#
# A data centre is nearly finished. It waits for one part, and so does the money in it. Which part, who
# makes it, and would a grant to them help?
#
# | lecture | what was said |
# | --- | --- |
# | 10:22 | the hard part is to let the whole supply chain arrive at the same time |
# | 26:28 | the way the foundry gives out its wafers means that there have to be several kinds of accelerators |
# | 26:55 | that foundry is a single choke point of the supply chain |
# | 36:02 | from idea to production a chip takes three years, which is too long |
# | 41:39 | the one structural problem is fab capacity, for logic and for memory |
# | 42:05 | dig deeper, and it is the maker of the lithography machines: the single choke point of all |
#
# Two firms cannot both be *the* single choke point, or can they? You will write eight functions: from
# a wafer to a die, from a bill of materials to the output of the whole chain, from a lost firm to lost
# gigawatts. Then you give away one subsidy.
#
# **How it works.** *Predict* → *build* → *simulate* → *explain* → *decide*. Cells that say
# `YOUR CODE HERE` are yours; the cell below each of them checks your function and says in one
# sentence what is wrong, never what the answer is. When you are graded, more cases are tried. Cells
# marked *explore* are never graded: change them, break them. Two written answers are read by a
# person. A name ends with its unit.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import itertools
import math

import numpy as np
from scipy.optimize import linprog, minimize

from supercycle import check, chips, decision, facts, plots, scenario
from supercycle.units import GIGAWATT, format_si, format_usd

# What you are about to write stands in the library, too; here it is withheld.
check.withhold(
    "chips.dies_per_wafer",
    "chips.place_dies",
    "chips.yield_share",
    "chips.usable_share",
    "chips.harvest_share",
    "chips.cost_usd_per_good_die",
    "chips.plan",
    "chips.choke_points",
    "chips.gw_lost_without",
    "chips.allocate_wafers",
    "chips.cycle_years",
    "chips.fleet_growth_over_cycle",
)

case = scenario.draw("lab07")  # your own case: a die, a year of the supply chain, a budget
die_mm2 = case.die_width_mm * case.die_height_mm
print(
    f"your case ({case.code}): a die of {case.die_width_mm} × {case.die_height_mm} mm, {die_mm2:.0f} mm²"
)
print(
    f"wafers at {format_usd(case.wafer_usd)} with {case.defects_per_cm2} killing defects on a cm²"
)
print(
    f"sites energised in a year: {format_si(case.site_power_w, 'W')}; memory shipped: {format_si(case.hbm_bytes, 'B')}"
)
print(f"to give away: {format_usd(case.budget_usd)}")

# %% [markdown] nbgrader={"grade": false, "grade_id": "predict_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Predict
#
# Before any arithmetic: four guesses for **your case**. Write each as `(low, best, high)`, an interval
# you would bet on four to one. Nobody grades whether you are right; at the end you see whether your
# intervals were honest.
#
# - `good_dies`: dies on one wafer that can be sold
# - `made_gw_per_year`: accelerators that the world's supply chain can make and power in this year, in GW
# - `unfelt_years`: years until the loss of ASML, today and for ever, first lowers that output
# - `subsidy_gw_per_year`: GW a year that your budget adds to the output of this year, if it worked at
#   once, spent on the one stage where it adds most

# %% nbgrader={"grade": false, "grade_id": "predictions", "locked": false, "schema_version": 3, "solution": true, "task": false}
# predictions = {"good_dies": (low, best, high), ...}
### BEGIN SOLUTION
predictions = {
    "good_dies": (25, 45, 65),
    "made_gw_per_year": (8, 20, 40),
    "unfelt_years": (0.3, 2, 6),
    "subsidy_gw_per_year": (0.1, 1, 10),
}
### END SOLUTION

# %% tags=["explore"]
# explore: are these four intervals?
for name in ("good_dies", "made_gw_per_year", "unfelt_years", "subsidy_gw_per_year"):
    check.prediction(name, predictions.get(name))
check.ok("four predictions, stored for the end of the lab")

# %% [markdown] nbgrader={"grade": false, "grade_id": "dies_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 1 · Build: dies on a wafer
#
# A scanner prints rectangular dies onto a round wafer, row by row, in one grid. A die counts if all
# four of its corners lie within the usable radius (touching it is allowed): half of `wafer_mm`, less a
# rim of `edge_mm` all around. In each direction either a grid line or the middle of a die runs through the centre of the
# wafer. That makes four ways to lay the grid: count the whole dies of each and return the most.
#
# *Think of:* a die turned by 90 degrees; a die larger than the wafer; which corner of a die lies
# farthest from the centre.


# %% nbgrader={"grade": false, "grade_id": "dies_per_wafer_count", "locked": false, "schema_version": 3, "solution": true, "task": false}
def dies_per_wafer_count(width_mm, height_mm, wafer_mm=300.0, edge_mm=3.0):
    """Whole dies on a wafer, the best of four centred grids.

    Parameters
    ----------
    width_mm, height_mm : float
        Sides of a die, at least 2 [mm].
    wafer_mm : float
        Diameter of the wafer [mm].
    edge_mm : float
        Rim that must stay free, all around [mm].

    Returns
    -------
    int
        Dies, good or bad.
    """
    ### BEGIN SOLUTION
    radius = wafer_mm / 2 - edge_mm
    steps = np.arange(-200, 200)  # more dies than any row has
    counts = []
    for shift_x, shift_y in itertools.product((0.0, 0.5), repeat=2):
        far_x = abs(steps + shift_x) * width_mm + width_mm / 2  # corner farthest from the centre
        far_y = abs(steps + shift_y) * height_mm + height_mm / 2
        inside = far_x[:, None] ** 2 + far_y[None, :] ** 2 <= radius**2
        counts.append(int(inside.sum()))
    return max(counts)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_dies_per_wafer_count", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check.number("dies_per_wafer_count(20, 20)", dies_per_wafer_count(20, 20), low=50, high=177)
check.same(
    "only whole dies count",
    dies_per_wafer_count(17, 23) % 1,
    0.0,
)
check.same(
    "a die turned by 90 degrees fits as often",
    dies_per_wafer_count(20, 30),
    dies_per_wafer_count(30, 20),
)
check.same("a die larger than the wafer does not fit", dies_per_wafer_count(400, 400), 0)
check.rising(
    "a narrower rim leaves room for more dies",
    lambda mm: dies_per_wafer_count(20, 20, edge_mm=mm),
    [80, 40, 10, 0],
)
check.ok("dies_per_wafer_count: whole, symmetric, and fewer where there is less room")
### BEGIN HIDDEN TESTS


def _count(width, height, radius, ways=((0, 0), (0, 1), (1, 0), (1, 1)), whole=True):
    # Row by row: how many dies fit on the shorter chord of each row.
    most = 0
    for across, up in ways:
        count = 0
        for row in range(-200, 200):
            low = (row - up / 2) * height
            reach = max(abs(low), abs(low + height)) if whole else abs(low + height / 2)
            if reach > radius:
                continue
            fits = math.sqrt(radius**2 - reach**2) / width + (0.0 if whole else 0.5)
            if not across:
                count += 2 * math.floor(fits)
            elif fits >= 0.5:
                count += 2 * math.floor(fits - 0.5) + 1
        most = max(most, count)
    return most


_rng = np.random.default_rng(1)
for _k in range(12):
    _w, _h = _rng.uniform(9, 34, 2)
    _mm, _edge = (300.0, 3.0) if _k < 6 else (_rng.choice([200.0, 450.0]), _rng.uniform(1, 9))
    _r = _mm / 2 - _edge
    _want = _count(_w, _h, _r)
    check.agrees(
        f"dies of {_w:.1f} × {_h:.1f} mm on a wafer of {_mm:.0f} mm with a rim of {_edge:.1f} mm",
        dies_per_wafer_count(_w, _h, wafer_mm=_mm, edge_mm=_edge), _want,
        hints={math.pi * _r**2 / (_w * _h) / _want: "area over area: dies that the rim cuts do not count",
               int(math.pi * _r**2 / (_w * _h)) / _want: "area over area: dies that the rim cuts do not count",
               _count(_w, _h, _r, whole=False) / _want: "all four corners must lie inside, not only the middle of the die",
               _count(_w, _h, _mm / 2) / _want: "the rim must stay free",
               _count(_w, _h, (_mm - _edge) / 2) / _want: "the rim lies all around: it takes its width from the radius",
               _count(_w, _h, _r, ways=((0, 0),)) / _want: "there are four ways to lay the grid: take the best",
               _count(_w, _h, _r, ways=((1, 1),)) / _want: "there are four ways to lay the grid: take the best"},
    )  # fmt: skip
check.agrees("one die that just fits", dies_per_wafer_count(200, 200, edge_mm=8), 1)
check.agrees(
    "a die whose corners touch the rim", dies_per_wafer_count(180, 240, edge_mm=0), 1,
    hints={0.0: "touching the rim is allowed"},
)  # fmt: skip
check.agrees(
    "28.5 × 28.5 mm on the usual wafer with the usual rim",
    dies_per_wafer_count(28.5, 28.5),
    _count(28.5, 28.5, 147),
)
### END HIDDEN TESTS

# %% tags=["explore"]
# explore: what the rim takes
radius_mm = chips.WAFER_MM / 2 - 3
areas = np.linspace(60, 26 * 33, 34)  # 26 × 33 mm is the largest field a scanner prints
counted = np.array([dies_per_wafer_count(math.sqrt(a), math.sqrt(a)) for a in areas])
whole = math.pi * radius_mm**2
mine = dies_per_wafer_count(case.die_width_mm, case.die_height_mm)
with plots.figure(
    f"A die of {die_mm2:.0f} mm² leaves {1 - mine * die_mm2 / whole:.0%} of the wafer to the rim"
) as axes:
    plots.measured_against(
        axes,
        {"square dies, counted": (areas, counted * areas / whole)},
        {"a usual formula": (areas, np.exp(-np.sqrt(areas) / radius_mm))},
    )
    axes.set_xlabel("area of a die [mm²]")
    axes.set_ylabel("share of the usable wafer in whole dies")
    axes.set_ylim(0.6, 1)
    axes.set_xlim(0, 1100)
plots.show(
    axes,
    "Share of a wafer that whole dies cover over the die's area: counted points jump up and down around a falling formula.",
)
free_grid = 1 / case.network().stages["dies"].inputs["logic-wafers"]
print(
    f"your die fits {mine} times, {free_grid:.0f} times if the grid may be shifted freely; area over area would promise {whole / die_mm2:.0f}"
)

# %% [markdown] nbgrader={"grade": false, "grade_id": "yield_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 2 · Build: the share that works
#
# Expect $\lambda$ = area × density killing defects on a die. If they fell independently, the share of
# dies without any would be Poisson's $e^{-\lambda}$. Real defects cluster, and those that fall onto the same
# die spoil only one. With the clustering parameter $\alpha$ (small: strong clustering) the share is
# $(1 + \lambda/\alpha)^{-\alpha}$ (Stapper, 1983), which becomes Poisson's as $\alpha \to \infty$.
#
# *Think of:* no area; no defects; `math.inf`; a die in mm² and a density in cm².


# %% nbgrader={"grade": false, "grade_id": "yield_share", "locked": false, "schema_version": 3, "solution": true, "task": false}
def yield_share(area_mm2, defects_per_cm2, clustering):
    """Share of dies without a killing defect.

    Parameters
    ----------
    area_mm2 : float
        Area of a die [mm²].
    defects_per_cm2 : float
        Killing defects [1/cm²].
    clustering : float
        Above 0; math.inf where defects fall independently.

    Returns
    -------
    float
        Between 0 and 1.
    """
    ### BEGIN SOLUTION
    defects = area_mm2 / 100 * defects_per_cm2
    if math.isinf(clustering):
        return math.exp(-defects)
    return (1 + defects / clustering) ** -clustering
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_yield_share", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check.number("yield_share(800, 0.1, 3)", yield_share(800, 0.1, 3), low=1e-4, high=0.99)
check.same("a die without area always works", yield_share(0, 0.1, 3), 1.0)
check.same("without defects every die works", yield_share(800, 0, math.inf), 1.0)
check.rising("a smaller die works more often", lambda a: yield_share(a, 0.1, 3), [800, 400, 100])
check.rising(
    "stronger clustering spoils fewer dies", lambda c: yield_share(800, 0.1, c), [math.inf, 10, 1]
)
check.ok("yield_share: a share, with the right limits and directions")
### BEGIN HIDDEN TESTS
_rng = np.random.default_rng(2)
for _ in range(12):
    _a, _d, _c = _rng.uniform(50, 850), _rng.uniform(0.03, 0.5), _rng.uniform(0.5, 10)
    _l = _a * _d / 100
    _want = (1 + _l / _c) ** -_c
    check.agrees(
        f"{_a:.0f} mm² at {_d:.2f} defects on a cm² and a clustering of {_c:.1f}", yield_share(_a, _d, _c), _want,
        hints={math.exp(-_l) / _want: "that is Poisson: clustered defects spoil fewer dies",
               (1 + 100 * _l / _c) ** -_c / _want: "a cm² has 100 mm²",
               (1 + 10 * _l / _c) ** -_c / _want: "a cm² has 100 mm², not 10",
               (1 + _l / _c) ** -1 / _want: "the exponent is the clustering parameter",
               (1 + _l) ** -_c / _want: "the expected defects are divided by the clustering parameter"},
    )  # fmt: skip
    check.agrees(
        f"{_a:.0f} mm² with independent defects", yield_share(_a, _d, math.inf), math.exp(-_l),
        hints={1.0 / math.exp(-_l): "independent defects spoil dies, too: that limit is Poisson"},
    )  # fmt: skip
check.agrees(
    "hardly any clustering is nearly none",
    yield_share(600, 0.2, 1e5),
    math.exp(-1.2),
    rtol=1e-4,
)
### END HIDDEN TESTS

# %% tags=["explore"]
# explore: how much clustering matters
grid_mm2 = np.linspace(1, 26 * 33, 80)
axes = plots.sweep(
    grid_mm2,
    {
        name: [yield_share(a, case.defects_per_cm2, c) for a in grid_mm2]
        for name, c in {"α = 1": 1.0, "α = 3": 3.0, "independent": math.inf}.items()
    },
    claim=f"At {case.defects_per_cm2} defects on a cm², {1 - yield_share(die_mm2, case.defects_per_cm2, 3.0):.0%} of your dies have one",
    x_label="area of a die [mm²]",
    y_label="share of dies without a defect",
)
plots.show(axes, "Three falling curves of yield over die area; stronger clustering lies higher.")
print(facts.sources(facts.value("package-costs/defects-5nm")))

# %% [markdown] nbgrader={"grade": false, "grade_id": "cost_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 3 · Build: what a die that can be sold costs
#
# Nobody can afford to throw that many dies away. Most of an accelerator is an array of equal cores, and it is
# sold with some of them switched off. So a die is good if **everything else** on it works
# (probability `rest_yield`) and **at least** `needed` of its `cores` cores do (each with probability
# `core_yield`, independently). All dies of the wafer cost money, good or not.
#
# Raise a `ValueError` if no die is ever good. (`math.comb` or `scipy.stats.binom` will help.)
#
# *Think of:* all cores needed; none needed; perfect cores.


# %% nbgrader={"grade": false, "grade_id": "cost_usd_per_good_die", "locked": false, "schema_version": 3, "solution": true, "task": false}
def cost_usd_per_good_die(wafer_usd, gross_dies, rest_yield, core_yield, cores, needed):
    """Silicon cost of one die that can be sold.

    Parameters
    ----------
    wafer_usd : float
        Price of the processed wafer [USD].
    gross_dies : float
        Dies on it, good or bad.
    rest_yield, core_yield : float
        Probability that everything but the cores works, and that one core works.
    cores, needed : int
        Cores on the die, and how many must work.

    Returns
    -------
    float
        USD.
    """
    ### BEGIN SOLUTION
    enough = sum(
        math.comb(cores, k) * core_yield**k * (1 - core_yield) ** (cores - k)
        for k in range(needed, cores + 1)
    )
    good_dies = gross_dies * rest_yield * enough
    if good_dies <= 0:
        raise ValueError(f"rest_yield = {rest_yield}: no die can be sold")
    return wafer_usd / good_dies
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_cost_usd_per_good_die", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check.number(
    "cost_usd_per_good_die(17e3, 67, 0.8, 0.9, 20, 18)", cost_usd_per_good_die(17e3, 67, 0.8, 0.9, 20, 18),
    low=50, high=5000, unit="USD",
)  # fmt: skip
check.rising(
    "a die with more working cores than needed is good, too, so a part that needs more costs more",
    lambda k: cost_usd_per_good_die(17e3, 67, 0.8, 0.97, 20, k),
    [10, 17, 20],
)
check.same(
    "if everything works, all dies share the wafer",
    cost_usd_per_good_die(17e3, 67, 1.0, 1.0, 144, 132),
    17e3 / 67,
)
check.rising(
    "a part whose rest works more seldom costs more",
    lambda y: cost_usd_per_good_die(17e3, 67, -y, 0.97, 20, 18),
    [-0.9, -0.6, -0.3],
)
check.refuses(
    "a die whose rest never works", lambda: cost_usd_per_good_die(17e3, 67, 0.0, 0.97, 20, 18)
)
check.ok("cost_usd_per_good_die: limits and directions")
### BEGIN HIDDEN TESTS
from scipy.stats import binom as _binom

_rng = np.random.default_rng(3)
for _ in range(12):
    _usd, _n, _r, _y = (
        _rng.uniform(5e3, 3e4),
        _rng.integers(40, 400),
        _rng.uniform(0.5, 1),
        _rng.uniform(0.85, 0.995),
    )
    _cores = int(_rng.integers(8, 150))
    _needed = int(_cores - _rng.integers(2, 3 + _cores // 8))
    _good = _r * float(_binom.sf(_needed - 1, _cores, _y))
    _want = _usd / (_n * _good)
    _more, _one = float(_binom.sf(_needed, _cores, _y)), float(_binom.pmf(_needed, _cores, _y))
    check.agrees(
        f"{_needed} of {_cores} cores needed", cost_usd_per_good_die(_usd, _n, _r, _y, _cores, _needed), _want,
        hints={_r: "the rest of the die has to work as well",
               _good / (_r * _more): "at least `needed`: exactly as many as needed is enough",
               _good / (_r * _one): "at least `needed`: a die with more working cores is good, too",
               _good / (_r * _y**_needed): "any of the cores may be the dead ones: there are many ways",
               _good / (_r * _y**_cores): "some cores may be dead: not all of them have to work",
               _good: "that is the cost of a die, good or not",
               _good**2: "share the wafer among the good dies: divide by their share, do not multiply"},
    )  # fmt: skip
check.agrees(
    "all cores needed",
    cost_usd_per_good_die(12e3, 60, 0.9, 0.99, 100, 100),
    12e3 / (60 * 0.9 * 0.99**100),
)
check.agrees(
    "a die as large as the wafer that works every other time",
    cost_usd_per_good_die(12e3, 1, 0.5, 1.0, 4, 4),
    24e3,
)
check.agrees("no core needed", cost_usd_per_good_die(12e3, 60, 0.9, 0.5, 10, 0), 12e3 / (60 * 0.9))
check.agrees(
    "no core ever works and none is needed",
    cost_usd_per_good_die(12e3, 60, 0.9, 0.0, 4, 0),
    12e3 / 54,
)
check.refuses("cores that never work", lambda: cost_usd_per_good_die(12e3, 60, 0.9, 0.0, 4, 1))
### END HIDDEN TESTS

# %% tags=["explore"]
# explore: what switched-off cores save, and how little of the price the silicon is
spared = facts.value(
    "package-costs/repairable-area"
)  # share of the area that cores and spare rows fill


def die_usd(area_mm2, needed):
    return cost_usd_per_good_die(
        case.wafer_usd,
        math.pi * radius_mm**2 / area_mm2 * math.exp(-math.sqrt(area_mm2) / radius_mm),
        yield_share((1 - spared) * area_mm2, case.defects_per_cm2, 3.0),
        yield_share(spared * area_mm2 / case.cores, case.defects_per_cm2, 3.0),
        case.cores,
        needed,
    )


saved = 1 - die_usd(die_mm2, case.needed) / die_usd(die_mm2, case.cores)
axes = plots.sweep(
    grid_mm2[8:],
    {
        "all cores must work": [die_usd(a, case.cores) for a in grid_mm2[8:]],
        f"{case.needed} of {case.cores} must": [die_usd(a, case.needed) for a in grid_mm2[8:]],
    },
    claim=f"Selling dies with dead cores makes yours {saved:.0%} cheaper",
    x_label="area of a die [mm²]",
    y_label="USD for a die that can be sold",
)
plots.show(
    axes,
    "Cost of a good die over its area: both curves rise faster than the area, the one that forgives dead cores far slower.",
)
bought = chips.package_cost(chips.package("b200", dies=2, memory_bytes=192e9))
price_usd = facts.value("supply-network/usd-per-accelerator")
for item, usd in bought.items.items():
    print(
        f"{item:12s} {format_usd(usd):>8s} of a package, {usd / price_usd:5.1%} of an accelerator's price"
    )
print(
    facts.sources(
        price_usd, facts.value("package-costs/hbm"), facts.value("package-costs/wafer-5nm")
    )
)

# %% [markdown] nbgrader={"grade": false, "grade_id": "lp_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 4 · Build: what the whole chain can make
#
# A die alone computes nothing. `hbm` is the memory stacked beside it, `cowos` the packaging that joins both,
# `euv-exposures` is what lithography machines print, `site-power` the power of new sites energised in the year. Here
# is your bill of materials; read it. Everything is in millions a year: exposures, wafers, dies, packages; memory in
# millions of TB, power in millions of kW, that is in GW.

# %% tags=["explore"]
# explore: the bill of your case
bill = case.bill()
for stage, used in bill.inputs.items():
    parts = ", ".join(f"{amount:.4g} {source}" for source, amount in used.items())
    print(f"{stage:22s} takes {parts}; {bill.yields.get(stage, 1.0):.0%} are good")
for stage, most in bill.capacity.items():
    print(f"{stage:22s} at most {most:10.4g} M a year")
print(facts.sources(*(facts.value(f"supply-network/{stage}-capacity") for stage in bill.capacity)))

# %% [markdown] nbgrader={"grade": false, "grade_id": "lp_ask", "locked": true, "schema_version": 3, "solution": false, "task": false}
# Let $x_t$ be the **good** output of stage $t$. Making it uses up $x_t \cdot$ `inputs[t][s]` / `yields[t]` of each
# source $s$: what goes into a bad piece is lost with it. So of stage $s$
#
# $$x_s - \sum_t \frac{\text{inputs}[t][s]}{\text{yields}[t]}\, x_t \;\ge\; 0$$
#
# is left over, and of a product, what is left over is sold. Maximise the worth of what is sold, with
# every $x_s$ between 0 and its capacity. `scipy.optimize.linprog` does that; it *minimises*, so turn the
# sign round, and turn it back.
#
# Return the maximum **and** the price of each capacity: how much the maximum rises for one more unit of it. The
# solver has computed it already: `.upper.marginals` of its result belongs to the upper bounds, with the sign of the
# minimum. Raise a `ValueError` if nothing limits a product.
#
# *Think of:* a network of one stage; a stage without capacity; two products that need the same part.


# %% nbgrader={"grade": false, "grade_id": "supply_lp", "locked": false, "schema_version": 3, "solution": true, "task": false}
def supply_lp(inputs, yields, capacity, worth):
    """The most a network can make, and the price of each capacity.

    Parameters
    ----------
    inputs : dict from stage to (dict from source to float)
        Units of each source for one unit made, good or not; stages without inputs are left out.
    yields : dict from stage to float
        Share of a stage's output that is good; 1 where left out.
    capacity : dict from stage to float
        Most good output a year; stages without a limit are left out.
    worth : dict from product to float
        Worth of one unit of each product, in GW for example.

    Returns
    -------
    (float, dict from stage to float)
        Largest worth of what is sold in a year; and for each stage of `capacity` its price.
    """
    ### BEGIN SOLUTION
    sources = {source for used in inputs.values() for source in used}
    names = sorted({*inputs, *sources, *capacity, *worth})
    at = {name: k for k, name in enumerate(names)}
    left_over = np.eye(len(names))  # of a stage (row) for one unit of each stage (column)
    for stage, used in inputs.items():
        for source, amount in used.items():
            left_over[at[source], at[stage]] -= amount / yields.get(stage, 1.0)
    value = np.array([worth.get(name, 0.0) for name in names]) @ left_over
    bounds = [(0, capacity.get(name)) for name in names]
    best = linprog(-value, A_ub=-left_over, b_ub=np.zeros(len(names)), bounds=bounds)
    if not best.success:
        raise ValueError(f"no largest output: {best.message}")
    return -best.fun, {stage: -best.upper.marginals[at[stage]] for stage in capacity}
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_supply_lp", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
_asked = ("the largest worth", "the prices")
_made, _prices = check.parts("supply_lp(…)", supply_lp({}, {}, {"fab": 7.0}, {"fab": 1.0}), *_asked)
check.number("the largest worth", _made, low=0)
check.same("one stage makes its capacity", _made, 7.0)
_prices = check.named("the prices of supply_lp(…)", _prices, ["fab"])
check.same("one more unit of the only stage is one more unit sold", _prices["fab"], 1.0)
_car = {"car": {"wheel": 4.0, "engine": 1.0}}
_made, _prices = supply_lp(_car, {}, {"wheel": 40.0, "engine": 25.0, "car": 30.0}, {"car": 1.0})
_prices = check.named("the prices of supply_lp(…)", _prices, ["wheel", "engine", "car"])
check.same(
    "what is not scarce has no price",
    np.round([_prices["engine"], _prices["car"]], 6),
    [0.0, 0.0],
)
check.rising(
    "more of what is scarce makes more",
    lambda n: supply_lp(_car, {}, {"wheel": n}, {"car": 1.0})[0],
    [4, 8, 400],
)
check.rising(
    "a better yield makes more",
    lambda y: supply_lp(_car, {"car": y}, {"wheel": 40.0}, {"car": 1.0})[0],
    [0.5, 0.8, 1],
)
check.refuses(
    "a product that nothing limits", lambda: supply_lp(_car, {}, {"wheel": 40.0}, {"engine": 1.0})
)
check.ok("supply_lp: limits, prices of what is scarce, and a refusal")
### BEGIN HIDDEN TESTS


def _takes(inputs, yields, stage, amount=1.0, found=None):
    found = {} if found is None else found
    found[stage] = found.get(stage, 0.0) + amount
    for source, used in inputs.get(stage, {}).items():
        _takes(inputs, yields, source, amount * used / yields.get(stage, 1.0), found)
    return found


def _most(inputs, yields, capacity, worth):
    takes = {product: _takes(inputs, yields, product) for product in worth}
    rows = [[takes[p].get(stage, 0.0) for p in worth] for stage in capacity]
    return -linprog([-w for w in worth.values()], A_ub=rows, b_ub=list(capacity.values())).fun


_rng = np.random.default_rng(4)
for _k in range(12):
    _two = _k % 2
    _in = {
        "die": {"wafer": _rng.uniform(0.01, 0.3)},
        "package": {"die": float(_rng.integers(1, 5)), "memory": _rng.uniform(0.5, 4)},
        "gpu": {"package": 1.0, "power": _rng.uniform(0.5, 3)},
    }
    _yield = {"die": _rng.uniform(0.4, 0.95), "package": _rng.uniform(0.6, 0.99)}
    _cap = {
        "wafer": _rng.uniform(1, 9),
        "memory": _rng.uniform(10, 90),
        "power": _rng.uniform(10, 60),
        "die": _rng.uniform(20, 90),
    }
    _worth = {"gpu": _rng.uniform(0.5, 4)}
    if _two:
        _in["edge"] = {"die": _rng.uniform(0.2, 1), "power": _rng.uniform(0.1, 2)}
        _worth["edge"] = _rng.uniform(0.2, 2)
    _what = (
        "two products that compete for dies and power"
        if _two
        else "a chain from wafers to powered accelerators"
    )
    _want = _most(_in, _yield, _cap, _worth)
    _got, _price = supply_lp(_in, _yield, _cap, _worth)
    check.agrees(
        _what, _got, _want, rtol=1e-5,
        hints={_most(_in, {}, _cap, _worth) / _want: "what goes into a bad piece is lost: yields are missing",
               _most(_in, {s: 1 / y for s, y in _yield.items()}, _cap, _worth) / _want: "a low yield takes more inputs, not fewer: divide by it",
               _most(_in, _yield, _cap, dict.fromkeys(_worth, 1.0)) / _want: "count what is sold by its worth"},
    )  # fmt: skip
    _slope = []
    for _s, _c in _cap.items():
        _less, _more = (
            _most(_in, _yield, _cap | {_s: _c * (1 + _e)}, _worth) for _e in (-1e-4, 1e-4)
        )
        _slope.append((_more - _less) / (2e-4 * _c))
    for (_s, _c), _p in zip(_cap.items(), _slope, strict=True):
        if _p * _c > 1e-6 * _want:
            check.agrees(
                f"{_what}: the price of {_s}", _price[_s], _p, rtol=1e-3,
                hints={_c / _want: "a price, not an elasticity: what one more unit adds",
                       _c: "a price, not the worth of the whole capacity"},
            )  # fmt: skip
        else:
            check.number(f"{_what}: the price of {_s}, of which there is enough,", _price[_s], low=-1e-6 * _want / _c, high=1e-6 * _want / _c)  # fmt: skip
check.agrees(
    "a stage without any capacity stops the chain",
    1 + supply_lp(_car, {}, {"wheel": 0.0, "engine": 5.0}, {"car": 1.0})[0],
    1.0,
)
check.agrees(
    "a part that is sold both alone and in a product",
    supply_lp(
        _car, {"car": 0.5}, {"wheel": 40.0, "engine": 4.0, "car": 3.0}, {"car": 9.0, "wheel": 1.0}
    )[0],
    9 * 2 + 40 - 8 * 2.0,
)
### END HIDDEN TESTS

# %% tags=["explore"]
# explore: what stops your chain, and who is alone at his stage
made_gw, price = supply_lp(bill.inputs, bill.yields, bill.capacity, bill.worth)
limits = case.limits()
holder = {}
for stage, limit in limits.items():
    roles = {"makers": "", "toolmakers": "tools: "}
    largest = [(share, roles[role] + firm) for role in roles for firm, share in limit[role].items()]
    holder[stage] = "{1} {0:.0%}".format(*max(largest)) if largest else "many makers"
scarce = min(limits, key=lambda stage: limits[stage]["gw_per_year"])
alone = [
    stage
    for stage in limits
    if max([*limits[stage]["makers"].values(), *limits[stage]["toolmakers"].values(), 0]) >= 0.9
]
axes = plots.bars(
    {
        f"{stage} ({holder[stage]})": limits[stage]["gw_per_year"]
        for stage in sorted(limits, key=lambda s: limits[s]["gw_per_year"])
    },
    claim=f"{scarce} stops the chain at {made_gw:.1f} GW a year; none of the {len(alone)} stages that one firm holds does",
    x_label="GW a year that each stage alone would allow",
    highlight=[f"{scarce} ({holder[scarce]})"],
    shown="{:.1f}",
)
plots.show(
    axes,
    f"Bars of what each stage allows, shortest first: {scarce} is the shortest, {max(limits, key=lambda s: limits[s]['gw_per_year'])} the longest; beside each name its largest firm.",
)
units_m = made_gw / bill.worth["powered-accelerators"]
print(
    f"{units_m:.2f} M accelerators a year, {units_m / made_gw:.2f} M for each GW of IT power (10:31: half a million)"
)
print({stage: round(abs(float(p)), 4) for stage, p in price.items()})

# %% tags=["explore"]
# explore, with sliders where your notebook can show them: where does the choke point go next?
from supercycle.explore import Knob, explore


def built_out(sites, memory, logic):
    """What stops the chain when some of its stages are a multiple of what they are."""
    more = {"site-power": sites, "hbm": memory, "logic-wafers": logic, "euv-exposures": logic}
    capacity = {stage: most * more.get(stage, 1.0) for stage, most in bill.capacity.items()}
    made = supply_lp(bill.inputs, bill.yields, capacity, bill.worth)[0]
    alone = {stage: limits[stage]["gw_per_year"] * more.get(stage, 1.0) for stage in limits}
    chokes = min(alone, key=alone.get)
    axes = plots.bars(
        {stage: alone[stage] for stage in sorted(alone, key=alone.get)},
        claim=f"{chokes} stops the chain at {made:.1f} GW a year",
        x_label="GW a year that each stage alone would allow",
        highlight=[chokes],
        shown="{:.1f}",
    )
    return axes, f"Bars of what each stage allows; {chokes} is the shortest and marked."


explore(
    built_out,
    sites=Knob("sites with power, times today's", 1.0, 0.5, 4.0, steps=14),
    memory=Knob("stacked memory, times today's", 1.0, 0.5, 4.0, steps=14),
    logic=Knob("logic wafers and exposures, times today's", 1.0, 0.5, 4.0, steps=14),
)

# %% [markdown] nbgrader={"grade": false, "grade_id": "choke_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 5 · Build: how much hangs on a stage
#
# Prices cannot be ranked: one is in GW per TB, another in GW per wafer. An *elasticity* can: per cent of the
# output per per cent of a capacity. And there are two of them. On the **left**, what is lost when a little of the
# capacity goes; on the **right**, what is gained when a little comes. They need not be the same.
#
# `output(capacity)` is somebody's function that takes a dictionary of capacities and returns the most that
# can be made. Take the small share `step` of one capacity away, then add it, and leave the others alone.
# Raise a `ValueError` if nothing is made to begin with.
#
# *Think of:* one scarce stage; one with slack; **two that are scarce together**.


# %% nbgrader={"grade": false, "grade_id": "choke_elasticity", "locked": false, "schema_version": 3, "solution": true, "task": false}
def choke_elasticity(output, capacity, step=1e-4):
    """Left and right elasticity of the output to each capacity.

    Parameters
    ----------
    output : callable
        Takes a dict from stage to capacity, returns the largest output.
    capacity : dict from stage to float
        Capacities today.
    step : float
        Share of a capacity that is taken away or added.

    Returns
    -------
    dict from stage to (float, float)
        Left (loss) and right (gain), both ≥ 0 [% per %].
    """
    ### BEGIN SOLUTION
    made = output(capacity)
    if made <= 0:
        raise ValueError(f"output = {made}: nothing is made, so nothing hangs on anything")
    found = {}
    for stage, most in capacity.items():
        less = output({**capacity, stage: most * (1 - step)})
        more = output({**capacity, stage: most * (1 + step)})
        found[stage] = ((made - less) / made / step, (more - made) / made / step)
    return found
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_choke_elasticity", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
_scarce = check.named(
    "choke_elasticity(…)",
    choke_elasticity(lambda c: min(c["a"] / 2, c["b"] / 3), {"a": 10.0, "b": 60.0}),
    ["a", "b"],
)
check.numbers("the entry of a scarce stage", _scarce["a"], count=2)
check.numbers("the entry of a stage with slack", _scarce["b"], count=2)
check.same("everything hangs on the only scarce stage", np.round(_scarce["a"], 6), [1.0, 1.0])
check.same("nothing hangs on a stage with slack", np.round(_scarce["b"], 6), [0.0, 0.0])
_mixed = choke_elasticity(lambda c: c["a"] ** 0.25 * c["b"] ** 0.75, {"a": 5.0, "b": 900.0})
check.same("elasticities sum to one", sum(left for left, right in _mixed.values()), 1.0, rtol=1e-3)
check.same("what is lost and gained is nearly the same on a smooth curve", *_mixed["b"], rtol=1e-3)
check.refuses("a chain that makes nothing", lambda: choke_elasticity(lambda c: 0.0, {"a": 0.0}))
check.ok("choke_elasticity: two numbers a stage, in per cent of per cent")
### BEGIN HIDDEN TESTS
_tie = choke_elasticity(
    lambda c: 0.07 * min(c["a"] / 4, c["b"] / 8, c["c"] / 9), {"a": 4.0, "b": 8.0, "c": 12.0}
)
for _s in "ab":
    check.agrees(f"one per cent less of {_s}, which is scarce together with another, costs one per cent", _tie[_s][0], 1.0, rtol=1e-3)  # fmt: skip
    check.agrees(
        "one per cent more of only one of two stages that are scarce together adds nothing, so 1 + right",
        1 + round(float(_tie[_s][1]), 6), 1.0,
        hints={2.0: "the right side has to be computed for itself, it is not the left one",
               1.5: "left and right are two numbers, not their mean"},
    )  # fmt: skip
check.agrees("a third stage with slack: 1 + left + right", 1 + round(float(sum(_tie["c"])), 6), 1.0)
_rng = np.random.default_rng(5)
for _ in range(8):
    # One product is heavy in dies, the other in power: both are made, and both stages are scarce.
    _dies, _power = _rng.uniform(1, 2, 2) * [3, 1], _rng.uniform(1, 2, 2) * [1, 3]

    def _two_products(c, dies=_dies, power=_power):
        return -linprog([-1.0, -1.0], A_ub=[dies, power], b_ub=[c["dies"], c["power"]]).fun

    _c = {"dies": _rng.uniform(9, 11), "power": _rng.uniform(9, 11)}
    _found = choke_elasticity(_two_products, _c)
    _sold = _two_products(_c)
    # Prices at which neither product is worth more, or less, than what it takes.
    _each = np.linalg.solve(np.column_stack([_dies, _power]), np.ones(2))
    for _s, _p in zip(_c, _each, strict=True):
        for _side, _name in enumerate(("left", "right")):
            check.agrees(
                f"two products that share dies and power: {_name} of {_s}", _found[_s][_side], _p * _c[_s] / _sold, rtol=1e-3,
                hints={_sold / _c[_s]: "that is the price of a unit: multiply by the capacity, divide by the output",
                       _sold: "in per cent of the output: divide by what is made",
                       1e-4: "divide by the step", -1.0: "left and right are both at least zero"},
            )  # fmt: skip
### END HIDDEN TESTS

# %% tags=["explore"]
# explore: build out what is scarce, until something else is


def made_with(capacity):
    return supply_lp(bill.inputs, bill.yields, capacity, bill.worth)[0]


second = sorted(limits, key=lambda stage: limits[stage]["gw_per_year"])[1]
tie_gw = limits[second]["gw_per_year"]
build_gw = np.linspace(0.7 * made_gw, 1.25 * tie_gw, 60)
axes = plots.sweep(
    build_gw,
    {
        f"{second} as it is": [made_with({**bill.capacity, scarce: gw}) for gw in build_gw],
        f"10 % more {second}": [
            made_with({**bill.capacity, scarce: gw, second: 1.1 * bill.capacity[second]})
            for gw in build_gw
        ],
    },
    claim=f"Beyond {tie_gw:.1f} GW {second} binds as well, and one more GW of {scarce} adds nothing",
    x_label=f"{scarce}, GW a year",
    y_label="output, GW a year",
)
plots.show(
    axes,
    f"Output over {scarce}: a straight rise, then flat where {second} binds; with more {second} it goes flat later.",
)
for where, level in {
    "today": bill.capacity[scarce],
    f"with just enough {scarce} for {second}": tie_gw,
}.items():
    both = choke_elasticity(made_with, {**bill.capacity, scarce: level})
    shown = "; ".join(
        f"{stage}: left {both[stage][0]:.2f}, right {both[stage][1]:.2f}"
        for stage in (scarce, second)
    )
    print(f"{where}: {shown}")
pair = {**bill.capacity, scarce: 1.01 * tie_gw, second: 1.01 * bill.capacity[second]}
print(f"one per cent more of both at once: {made_with(pair) / tie_gw - 1:+.1%}")

# %% [markdown] nbgrader={"grade": false, "grade_id": "odds_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 6 · Simulate: how sure are we?
#
# Look again at the sources above: many of these capacities are press estimates. Below, every number of
# the world's table (not only your case's) is drawn from its published range many times, and each network is
# solved. Who stops the chain then?

# %% tags=["explore"]
# explore: a few seconds
draws = 600
odds, drawn_w = chips.choke_odds(draws)
low_gw, high_gw = np.quantile(drawn_w, [0.05, 0.95]) / GIGAWATT
fabs = float(sum(odds.get(stage, 0.0) for stage in ("logic-wafers", "euv-exposures", "hbm")))
axes = plots.bars(
    {
        stage: float(odds.get(stage, 0.0))
        for stage in sorted(limits, key=lambda s: -odds.get(s, 0.0))
    },
    claim=f"In {fabs:.0%} of {draws} drawn years a logic or memory fab stops the chain",
    x_label="share of the years drawn in which the stage binds",
    highlight=["logic-wafers", "euv-exposures", "hbm"],
    shown="{:.0%}",
)
plots.show(
    axes,
    f"Bars: the odds that each stage binds this year; {odds.index[0]} has the most, fabs are marked.",
)
print(f"output between {low_gw:.0f} and {high_gw:.0f} GW a year in nine years of ten drawn")

# %% [markdown] nbgrader={"grade": false, "grade_id": "lost_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 7 · Build: a firm is gone
#
# So why does the lecture call first TSMC (26:55), then ASML (42:15) the single choke point? Look at what
# happens when a firm is lost for good, at time zero. `stages` says of each stage
#
# - `"gw_per_year"`: what it would allow at time zero, `"growth_per_year"`: by which share that grows each year, compounding;
# - `"makers"`: who runs it. A lost maker takes its share of the **capacity** along; what is left grows on at the same rate;
# - `"toolmakers"`: who supplies new capacity. What is installed goes on; a lost toolmaker takes its share of the **growth rate**.
#
# Output at any time is what the scarcest stage allows then. Return the output lost at each of the times
# `years` [yr]. A firm that nobody has heard of is a `ValueError`: it is a typing error, not a harmless loss.
#
# (Two things are left out: machines without their maker's service wear out sooner, and memory makers buy his machines, too.)
#
# *Think of:* time zero; the only toolmaker; a firm that holds a part of two stages.


# %% nbgrader={"grade": false, "grade_id": "gw_lost_without", "locked": false, "schema_version": 3, "solution": true, "task": false}
def gw_lost_without(firm, years, stages):
    """Yearly output that the loss of a firm costs, over time.

    Parameters
    ----------
    firm : str
    years : list or array of shape (n,)
        Times since the loss [yr].
    stages : dict from stage to dict
        gw_per_year, growth_per_year, makers and toolmakers (dicts from firm to share).

    Returns
    -------
    array of shape (n,)
        GW a year lost at each time, ≥ 0.
    """
    ### BEGIN SOLUTION
    if not any(firm in s["makers"] or firm in s["toolmakers"] for s in stages.values()):
        raise ValueError(f"firm = {firm!r}: makes nothing and equips nobody")
    years = np.asarray(years, dtype=float)

    def made(gone):
        paths = []
        for s in stages.values():
            start = s["gw_per_year"] * (1 - s["makers"].get(gone, 0.0))
            growth = s["growth_per_year"] * (1 - s["toolmakers"].get(gone, 0.0))
            paths.append(start * (1 + growth) ** years)
        return np.min(paths, axis=0)

    return made(None) - made(firm)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_gw_lost_without", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
_chain = {
    "wafers": {"gw_per_year": 60.0, "growth_per_year": 0.1, "makers": {"fab": 0.9, "other": 0.1}, "toolmakers": {"tools": 1.0}},
    "power": {"gw_per_year": 20.0, "growth_per_year": 0.4, "makers": {}, "toolmakers": {}},
}  # fmt: skip
check.numbers(
    'gw_lost_without("fab", [0, 1, 2], …)', gw_lost_without("fab", [0, 1, 2], _chain), count=3
)
check.same(
    "losing the toolmaker takes nothing at once", gw_lost_without("tools", [0.0], _chain), [0.0]
)
check.number(
    "losing the foundry, at once",
    gw_lost_without("fab", [0.0], _chain)[0],
    low=1,
    high=20,
    unit="GW",
)
check.rising(
    "a lost toolmaker is felt more and more",
    lambda t: gw_lost_without("tools", [t], _chain)[0],
    [5, 8, 12],
)
check.same(
    "who holds little of a stage with slack is not missed today",
    gw_lost_without("other", [0.0], _chain),
    [0.0],
)
check.refuses("a firm that is not in the chain", lambda: gw_lost_without("fob", [0.0], _chain))
check.ok("gw_lost_without: capacity goes at once, growth is missed later")
### BEGIN HIDDEN TESTS


def _lost(firm, years, stages, tool="growth", curve=lambda g, t: (1 + g) ** t, pick=np.min):
    out = []
    for gone in ("", firm):
        paths = []
        for s in stages.values():
            run, fed = 1 - s["makers"].get(gone, 0.0), 1 - s["toolmakers"].get(gone, 0.0)
            start = s["gw_per_year"] * run * (fed if tool == "capacity" else 1.0)
            paths.append(
                start
                * curve(
                    s["growth_per_year"] * (fed if tool == "growth" else 1.0), np.asarray(years)
                )
            )
        out.append(pick(paths, axis=0))
    return out[0] - out[1], out[1]


_rng = np.random.default_rng(6)
for _ in range(15):
    _stages = {}
    for _s in ("tools", "wafers", "memory", "power"):
        _cut = np.sort(_rng.uniform(0, 1, 2))
        _shares = dict(zip(("x", "y", "z"), np.diff([0.0, *_cut, 1.0]).tolist(), strict=True))
        _stages[_s] = {
            "gw_per_year": _rng.uniform(10, 60), "growth_per_year": _rng.uniform(0.05, 0.8),
            "makers": _shares if _s != "power" else {},
            "toolmakers": {"t": 0.7, "u": 0.3} if _s in ("tools", "wafers") else {},
        }  # fmt: skip
    _years = np.sort(_rng.uniform(0, 12, 4))
    for _f, _who in (("x", "a maker at three stages"), ("t", "a toolmaker")):
        _want, _rest = _lost(_f, _years, _stages)
        _t = int(np.argmax(_want))
        if _want[_t] < 1e-3:
            continue
        check.agrees(
            f"{_who} lost, after {_years[_t]:.1f} years", gw_lost_without(_f, _years, _stages)[_t], _want[_t],
            hints={_rest[_t] / _want[_t]: "that is what is left, not what is lost",
                   _lost(_f, _years, _stages, tool="capacity")[0][_t] / _want[_t]: "a lost toolmaker takes growth, not capacity",
                   _lost(_f, _years, _stages, tool="nothing")[0][_t] / _want[_t]: "a toolmaker is missed, too: by the growth it no longer brings",
                   _lost(_f, _years, _stages, curve=lambda g, t: 1 + g * t)[0][_t] / _want[_t]: "growth compounds",
                   _lost(_f, _years, _stages, curve=lambda g, t: np.exp(g * t))[0][_t] / _want[_t]: "growth is a share each year, not a rate at each moment",
                   _lost(_f, _years, _stages, pick=np.sum)[0][_t] / _want[_t]: "stages do not add up: the scarcest decides",
                   _lost(_f, _years, _stages, pick=np.mean)[0][_t] / _want[_t]: "stages do not average: the scarcest decides"},
        )  # fmt: skip
        check.agrees(f"{_who} lost, at all times together", float(np.sum(gw_lost_without(_f, _years, _stages))), float(_want.sum()))  # fmt: skip
_both = {
    "s": {
        "gw_per_year": 10.0,
        "growth_per_year": 0.5,
        "makers": {"m": 0.5, "n": 0.5},
        "toolmakers": {"m": 1.0},
    }
}
check.agrees(
    "a firm that both makes and equips a stage",
    gw_lost_without("m", [2.0], _both),
    [10 * 1.5**2 - 5.0],
)
### END HIDDEN TESTS

# %% tags=["explore"]
# explore: output now, or growth later
years = np.linspace(0, 10, 401)
lost = {firm: gw_lost_without(firm, years, limits) for firm in ("tsmc", "asml", "sk-hynix")}
output_gw = np.min(
    [s["gw_per_year"] * (1 + s["growth_per_year"]) ** years for s in limits.values()], axis=0
)
unfelt_years = float(years[np.argmax(lost["asml"] > 1e-6)])
axes = plots.sweep(
    years,
    {firm: gw / output_gw for firm, gw in lost.items()},
    claim=f"Losing TSMC costs {lost['tsmc'][0] / output_gw[0]:.0%} of the output today; losing ASML costs nothing for {unfelt_years:.1f} years",
    x_label="years since the firm was lost",
    y_label="share of the output that is lost",
)
plots.show(
    axes,
    "Share of output lost over ten years: TSMC high from the start, SK hynix falling as the others grow, ASML zero for some years and then rising.",
)
net = case.network()
undisturbed = chips.expand(net, 8).power_w
for firm in ("tsmc", "asml"):  # the library's programme also asks whether building pays
    theirs = (undisturbed - chips.expand(chips.without(net, firm), 8).power_w) / GIGAWATT
    ours = gw_lost_without(firm, theirs.index.to_numpy(), limits)
    print(
        f"{firm}: yours and the library's, in GW: "
        + ", ".join(
            f"year {t}: {ours[4 * t]:.1f} and {theirs.iloc[4 * t]:.1f}" for t in (0, 3, 5, 7)
        )
    )
print(
    facts.sources(
        facts.value("supply-firms/euv-exposures-asml"),
        facts.value("supply-firms/logic-wafers-tsmc"),
    )
)

# %% tags=["explore"]
# explore: when will the fabs be the problem (41:39)?
horizon = np.linspace(0, 20, 2001)


def binds_after(fabs, growth):
    """Years until one of the fabs is the scarcest stage, if sites grow at `growth` a year."""
    paths = {
        stage: s["gw_per_year"]
        * (1 + (growth if stage == "site-power" else s["growth_per_year"])) ** horizon
        for stage, s in limits.items()
    }
    scarcest = np.min(list(paths.values()), axis=0)
    hit = np.min([paths[fab] for fab in fabs], axis=0) <= scarcest
    return float(horizon[np.argmax(hit)]) if hit.any() else math.nan


logic = ("logic-wafers", "euv-exposures")
paces = np.linspace(0.2, 2.0, 91)
logic_years = [binds_after(logic, g) for g in paces]
own_years = binds_after(logic, case.site_power_growth)
axes = plots.sweep(
    paces,
    {
        "logic fabs": logic_years,
        "memory as well": [binds_after((*logic, "hbm"), g) for g in paces],
    },
    claim=f"If power grows by {case.site_power_growth:.0%} a year, logic fabs bind after {own_years:.1f} years; if threefold, after {logic_years[-1]:.1f}",
    x_label="yearly growth of the power that sites energise (2 is threefold)",
    y_label="years until a fab is the scarcest stage",
)
plots.show(
    axes,
    "Years until a fab binds over the growth of site power: falling, then flat for logic fabs; near zero for memory once power grows faster than memory.",
)

# %% [markdown] nbgrader={"grade": false, "grade_id": "allocate_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 8 · Build: who gets the wafers
#
# The lecture (26:39) explains the foundry's many customers by its own interest: it does not want to hang on one. Take that as
# dislike of variance, as an investor has it (Markowitz, 1952): shares $w$ of the wafers that
#
# $$\max_w \; \mu \cdot w - \tfrac{\lambda}{2}\, w^\top \Sigma\, w \qquad \textstyle\sum w = 1,\; w \ge 0$$
#
# with the margins $\mu$ that a wafer earns with each customer, their covariance $\Sigma$, and the dislike $\lambda$.
# With $\lambda = \infty$ only the variance counts. `scipy.optimize.minimize` with `method="SLSQP"`, bounds and
# one equality constraint will do (`options={"ftol": 1e-12}` makes it exact enough); for few customers you may also
# try every set of them.
#
# *Think of:* $\lambda = 0$; $\lambda = \infty$; customers who rise and fall together.


# %% nbgrader={"grade": false, "grade_id": "allocate_wafers", "locked": false, "schema_version": 3, "solution": true, "task": false}
def allocate_wafers(margin, covariance, risk_aversion):
    """Shares of the wafers that a foundry gives to its customers.

    Parameters
    ----------
    margin : list or array of shape (n,)
        Mean margin of a wafer with each customer, in thousand USD for example.
    covariance : list of lists or array of shape (n, n)
        Of the margins, in the square of that unit.
    risk_aversion : float
        In the inverse of that unit; from 0 to math.inf.

    Returns
    -------
    array of shape (n,)
        Shares ≥ 0 that sum to 1.
    """
    ### BEGIN SOLUTION
    mean, sigma = np.asarray(margin, dtype=float), np.asarray(covariance, dtype=float)
    if math.isinf(risk_aversion):
        mean, risk_aversion = np.zeros(len(mean)), 1.0  # only the variance counts

    def regret(w):
        return risk_aversion / 2 * w @ sigma @ w - mean @ w

    whole = {"type": "eq", "fun": lambda w: np.sum(w) - 1}
    start = np.full(len(mean), 1 / len(mean))
    best = minimize(regret, start, method="SLSQP", bounds=[(0, 1)] * len(mean), constraints=[whole], options={"ftol": 1e-12})  # fmt: skip
    return best.x
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_allocate_wafers", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
_mu, _sigma = [3.0, 2.5, 2.0], [[2.0, 0.4, 0.2], [0.4, 1.0, 0.1], [0.2, 0.1, 1.5]]
check.numbers("allocate_wafers(…)", allocate_wafers(_mu, _sigma, 1.0), count=3, high=1)
check.number(
    "the smallest share (nobody sells wafers back)",
    min(allocate_wafers(_mu, _sigma, 0.0)),
    low=-1e-5,
    high=1,
)
check.same("all wafers are given away", sum(allocate_wafers(_mu, _sigma, 1.0)), 1.0, rtol=1e-6)
check.same(
    "who fears nothing serves only the best customer",
    np.round(allocate_wafers(_mu, _sigma, 0.0), 4),
    [1.0, 0.0, 0.0],
)
check.rising(
    "more dislike of variance leaves less to the best customer",
    lambda k: -allocate_wafers(_mu, _sigma, k)[0],
    [0.6, 2, 20],
)
check.same(
    "two equal customers get equal shares",
    np.round(allocate_wafers([1.0, 1.0], [[1.0, 0.3], [0.3, 1.0]], 2.0), 4),
    [0.5, 0.5],
)
check.ok("allocate_wafers: shares of a whole, from one corner to many customers")
### BEGIN HIDDEN TESTS


def _worth(w, mean, sigma, dislike):
    w = np.asarray(w, dtype=float)
    return float(mean @ w - dislike / 2 * w @ sigma @ w)


def _shares(mean, sigma, dislike):
    found, best = None, -math.inf
    for size in range(1, len(mean) + 1):
        for some in map(list, itertools.combinations(range(len(mean)), size)):
            kkt = np.ones((size + 1, size + 1))
            kkt[:size, :size], kkt[size, size] = dislike * sigma[np.ix_(some, some)], 0.0
            w = np.zeros(len(mean))
            w[some] = np.linalg.solve(kkt, [*mean[some], 1.0])[:size]
            if w.min() >= -1e-12 and _worth(w, mean, sigma, dislike) > best:
                found, best = w, _worth(w, mean, sigma, dislike)
    return found


_rng = np.random.default_rng(8)
for _k in range(14):
    _n = int(_rng.integers(2, 5))
    _mean, _root = _rng.uniform(6, 12, _n), _rng.normal(0, 2, (_n, _n))
    _cov = _root @ _root.T + np.diag(_rng.uniform(1, 6, _n))
    _dislike = math.inf if _k < 4 else float(_rng.uniform(0.1, 1.0))
    _m, _l = (np.zeros(_n), 1.0) if math.isinf(_dislike) else (_mean, _dislike)
    _best = _shares(_m, _cov, _l)
    _got = np.asarray(allocate_wafers(_mean, _cov, _dislike), dtype=float)
    _what = f"{_n} customers and a dislike of {_dislike:.2g}"
    check.agrees(f"{_what}: the shares together", float(_got.sum()), 1.0, rtol=1e-5)
    check.number(
        f"{_what}: the smallest share (nobody sells wafers back)",
        float(_got.min()),
        low=-1e-6,
        high=1.0,
    )
    _own = np.diag(np.diag(_cov))
    _kkt = np.block([[_l * _cov, np.ones((_n, 1))], [np.ones((1, _n)), np.zeros((1, 1))]])
    _cut = np.maximum(np.linalg.solve(_kkt, [*_m, 1.0])[:_n], 0.0)  # the bounds as an afterthought
    _sign, _goal = (-2.0, "the variance (least is best)") if math.isinf(_dislike) else (1.0, "mean less half the dislike times the variance (most is best)")  # fmt: skip
    check.agrees(
        f"{_what}: {_goal}",
        _sign * _worth(_got, _m, _cov, _l), _sign * _worth(_best, _m, _cov, _l), rtol=1e-5,
        hints={_worth(w, _m, _cov, _l) / _worth(_best, _m, _cov, _l): say for w, say in (
            (_cut / _cut.sum(), "negative shares set to zero afterwards are not the best shares ≥ 0"),
            (_shares(_m, _own, _l), "customers rise and fall together: the covariances are missing"),
            (_shares(_m, _cov, 2 * _l), "half the dislike: λ/2 stands before the variance"),
            (_shares(_m, _cov, _l / 2), "the dislike stands as λ/2 before the variance, not λ/4"),
            (np.full(_n, 1 / _n), "equal shares are not the best ones"),
            (_mean / _mean.sum(), "in proportion to the margins is not the best there is"),
            (np.eye(_n)[int(np.argmax(_mean))], "the best customer alone is too risky here"),
        )},
    )  # fmt: skip
### END HIDDEN TESTS

# %% tags=["explore"]
# explore: how much dislike would explain what the foundry does?
earned = (
    case.wafer_usd / 1e3 * facts.value("value-chain/tsmc-2025/gross_margin_share")
)  # thousand USD a wafer
margin = earned * np.array(case.customer_margins)
spread = facts.value("supply-assumptions/customer-spread")
together = facts.value("supply-assumptions/customer-correlation")
covariance = np.outer(margin, margin) * spread**2 * (together + (1 - together) * np.eye(3))
dislikes = np.geomspace(0.01, 10, 50)
shares = np.array([allocate_wafers(margin, covariance, k) for k in dislikes])
largest = facts.value("supply-customers/nvidia")
at_least = float(dislikes[np.argmax(shares[:, 0] <= largest)])
given_up = 1 - allocate_wafers(margin, covariance, at_least) @ margin / margin[0]
axes = plots.sweep(
    dislikes,
    {f"customer {k + 1}": shares[:, k] for k in range(3)},
    claim=f"A foundry that gives up {given_up:.1%} of its margin would serve its best customer no more than {largest:.0%}",
    x_label="dislike of variance [1/thousand USD]",
    y_label="share of the wafers",
    log="x",
)
plots.show(
    axes,
    "Shares of three customers over the dislike of variance: the best one has all at first, then the shares come together.",
)
print(facts.sources(largest, spread, together))

# %% [markdown] nbgrader={"grade": false, "grade_id": "bargain_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# There is a second story, without any fear. Whoever has only one customer bargains with a monopolist. In the
# cell below nobody minds risk: customers and foundry share the gains (Nash, 1950), and the foundry's threat is what it
# can do without each of them. Every further customer takes some wafers to stay alive, although they earn less there.

# %% tags=["explore"]
# explore: a foundry without fear
customers = [
    chips.Customer(f"customer {k + 1}", value, least_wafers=0.1)
    for k, value in enumerate(case.customer_margins)
]
for n in (1, 2, 3):
    deal = chips.bargain(customers[:n], 1.0)
    worth = sum(c.value_usd_per_wafer * deal.wafers[c.name] for c in customers[:n])
    print(
        f"{n} customers: the wafers are worth {worth:.3f}, of which the foundry gets {deal.foundry_usd:.3f}"
    )
kept = chips.best_customers(customers, 1.0)
print(
    f"it keeps {sum(w > 0 for w in kept.wafers.values())} of them, and gives the best one {max(kept.wafers.values()):.0%}"
)

# %% [markdown] nbgrader={"grade": false, "grade_id": "cycle_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 9 · Build: the fleet that a chip is born into
#
# A chip takes three years from idea to volume (36:05), while the fleet grows threefold each year (04:14). Models now help to
# design the next chip (34:41). But only **design** becomes `design_speedup` times faster: the wafer still spends its
# months in the fab, and the chip has to be tested. How many times larger is the fleet when the chip arrives than when
# it was begun? Let it take arrays as well as numbers.
#
# *Think of:* a speed-up of 1; of infinity; a fleet that does not grow.


# %% nbgrader={"grade": false, "grade_id": "fleet_growth_over_cycle", "locked": false, "schema_version": 3, "solution": true, "task": false}
def fleet_growth_over_cycle(growth_per_year, design_years, other_years, design_speedup=1.0):
    """How many times larger the fleet becomes while a chip is made.

    Parameters
    ----------
    growth_per_year : float or array
        Fleet at the end of a year over the fleet at its start.
    design_years, other_years : float or array
        Design at today's speed; fabrication and qualification [yr].
    design_speedup : float or array
        How many times faster design is, at least 1.

    Returns
    -------
    float or array
        At least 1 for a fleet that grows.
    """
    ### BEGIN SOLUTION
    cycle_years = np.asarray(design_years) / design_speedup + other_years
    return np.asarray(growth_per_year, dtype=float) ** cycle_years
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_fleet_growth_over_cycle", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check.number("fleet_growth_over_cycle(2, 1, 1)", fleet_growth_over_cycle(2, 1, 1), low=1, high=100)
check.same("a fleet that does not grow stays as it is", fleet_growth_over_cycle(1, 2, 1, 5), 1.0)
check.same(
    "a chip that takes no time finds the fleet as it was", fleet_growth_over_cycle(3, 0, 0), 1.0
)
check.rising(
    "faster design leaves less time to grow",
    lambda s: -fleet_growth_over_cycle(3, 2, 1, s),
    [1, 2, 10],
)
check.rising(
    "a longer test leaves more time to grow",
    lambda y: fleet_growth_over_cycle(3, 2, y, 4),
    [0, 1, 2],
)
check.ok("fleet_growth_over_cycle: limits and directions")
### BEGIN HIDDEN TESTS
_rng = np.random.default_rng(9)
for _ in range(12):
    _g, _d, _o, _s = (
        _rng.uniform(1.2, 4),
        _rng.uniform(0.5, 3),
        _rng.uniform(0.3, 2),
        _rng.uniform(1.5, 12),
    )
    _want = _g ** (_d / _s + _o)
    check.agrees(
        f"{_g:.1f} times a year, {_d:.1f} years of design {_s:.1f} times faster, {_o:.1f} others", fleet_growth_over_cycle(_g, _d, _o, _s), _want,
        hints={_g * (_d / _s + _o) / _want: "growth compounds: a power, not a product",
               math.exp(_g * (_d / _s + _o)) / _want: "the growth is a factor each year, not a rate",
               (1 + _g) ** (_d / _s + _o) / _want: "the growth is a factor already: 3 means threefold",
               _g ** ((_d + _o) / _s) / _want: "only design becomes faster",
               _g ** (_d + _o) / _want: "the speed-up is missing",
               _g ** (_d / _s) / _want: "fabrication and qualification take their time, too",
               (_g ** (_d / _s + _o) - 1) / _want: "how many times larger, not by how much larger"},
    )  # fmt: skip
check.agrees("three years at threefold", fleet_growth_over_cycle(3.0, 2.0, 1.0), 27.0)
check.agrees("design for nothing", fleet_growth_over_cycle(3.0, 2.0, 1.0, math.inf), 3.0)
try:
    _got = fleet_growth_over_cycle(4.0, 1.0, 0.5, np.array([1.0, 2.0, 4.0]))
except (TypeError, ValueError):
    raise check.CheckError(
        "three speed-ups at once: an array should do as well as a number"
    ) from None
check.agrees("three speed-ups at once", _got, [8.0, 4.0, 4.0**0.75])
### END HIDDEN TESTS

# %% tags=["explore"]
# explore: what is left of the three years
growth = facts.value("model-assumptions/fleet-growth")
design = facts.value("supply-assumptions/design")
other = facts.value("supply-assumptions/fabrication") + facts.value(
    "supply-assumptions/qualification"
)
speedups = np.geomspace(1, 100, 60)
now, free_design = (
    float(fleet_growth_over_cycle(growth, design, other, s)) for s in (1.0, math.inf)
)
axes = plots.sweep(
    speedups,
    {
        f"grows {g:g}-fold a year": fleet_growth_over_cycle(g, design, other, speedups)
        for g in (2.0, float(growth))
    },
    claim=f"Design for nothing: the fleet still grows {free_design:.1f}-fold while a chip is made, instead of {now:.0f}-fold",
    x_label="how many times faster design is",
    y_label="fleet at the end over fleet at the start",
    log="x",
)
plots.show(
    axes,
    "Fleet growth over a chip's cycle against the speed-up of design: both curves fall and then flatten, since only design becomes faster.",
)
progress = facts.value("supply-assumptions/progress-per-usd")
for s in (2.0, 10.0, math.inf):
    gain = chips.shorter_cycle_usd_per_year(
        1.0, s, progress_per_year=progress, sales_growth_per_year=growth
    )
    print(
        f"design {s:g} times faster: the same money buys {gain:.0%} more performance, for chips are less stale"
    )
print(facts.sources(growth, design, facts.value("supply-assumptions/qualification"), progress))

# %% [markdown] nbgrader={"grade": false, "grade_id": "explain_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Explain the gap
#
# In 150 to 300 words, with numbers from your case:
#
# 1. The lecture calls TSMC (26:55) and ASML (42:15) *the* single choke point, and fab capacity the one structural issue
#    (41:39). Which stage stops your chain this year? In what sense is each of the three statements right all the same: what
#    is lost, when, and by whom? What in the table would have to be wrong for a fab to bind today?
# 2. Everything has to land at the same time, says the lecture (10:22). Say with left and right elasticities why, in a chain
#    that has been built out sensibly, no single fix is worth anything, and what that means for everyone who asks for a grant.

# %% [markdown] nbgrader={"grade": true, "grade_id": "explain", "locked": false, "points": 5, "schema_version": 3, "solution": true, "task": false}
# See the rubric for a strong and a weak answer.

# %% [markdown] nbgrader={"grade": false, "grade_id": "decide_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Decide
#
# You may give your budget to **one** stage: to those who energise sites, to memory plants, to packaging, to logic
# fabs, or to makers of lithography machines. (The largest grant so far to a foundry is printed below.) First the view of this year:
# what does a dollar add on the margin, and what does the whole budget add? Then the view of the years in which the capacity would
# work: every stage grows as its row says, and a grant works after the stage's lead time.
#
# Output counts at its price, whoever earns it, and the price does not fall as more is sold: trust the order of
# the stages, not the dollars.
#
# The next cells compute this from the facts, the same way for everyone; they do not use your functions.

# %% nbgrader={"grade": false, "grade_id": "decide_model", "locked": true, "schema_version": 3, "solution": false, "task": false}
options = ("site-power", "hbm", "cowos", "logic-wafers", "euv-exposures")
inputs = case.inputs()
table = case.choke_table()  # usd_gained and capex_usd of one per cent more capacity
award = facts.value("supply-assumptions/award-logic-fab")


def published(row, name):
    fact = facts.value(f"supply-network/{row}")
    return {name: (float(fact.low), float(fact.high))}


ranges = {
    **published("site-power-capacity", "site_power_capacity"),
    **published("hbm-capacity", "hbm_capacity"),
    **published("cowos-capacity", "cowos_capacity"),
    **published("site-power-growth", "site_power_growth"),
    "budget_usd": (0.5 * case.budget_usd, float(award)),
}
print(f"the largest grant to a foundry: {format_usd(award)}; yours: {format_usd(case.budget_usd)}")
print(facts.sources(award, *inputs.values()))


def value_added_usd(stage, **given):
    """Present value of the output that the subsidy of one stage adds, less the subsidy [USD]."""
    return case.value_added_usd(stage, **given)


# %% tags=["explore"]
# explore: this year
print(f"{'':14s} a dollar adds   the whole budget adds")
base_gw = made_with(bill.capacity)
added_gw = {}
for stage in options:
    more = (
        case.budget_usd / table.loc[stage, "capex_usd"] / 100
    )  # share of the stage that it builds
    added_gw[stage] = (
        made_with({**bill.capacity, stage: bill.capacity[stage] * (1 + more)}) - base_gw
    )
    print(
        f"{stage:14s} {format_usd(table.loc[stage, 'return']):>9s} a year {added_gw[stage]:13.2f} GW a year, by {more:.0%} more capacity"
    )
used = added_gw[scarce] / base_gw * 100 * table.loc[scarce, "capex_usd"]
print(
    f"of the money for {scarce}, {format_usd(used)} does all the work; with the rest {second} has to grow as well"
)

# %% tags=["explore"]
# explore: the years to come
net_usd = {stage: value_added_usd(stage, **inputs) for stage in options}
for stage, usd in net_usd.items():
    print(
        f"{stage:14s} {format_usd(usd):>10s} net over {inputs['horizon_years']:g} years, discounted"
    )
best, *rivals = sorted(net_usd, key=net_usd.get, reverse=True)
searched = {"site_power_growth": (0.05, 2.0), "logic_wafers_ai_share": (0.05, 1.0), "hbm_growth": (0.0, 1.0),
            "site_power_capacity": (5e9, 1e11), "site_power_capex": (0.01, 100.0)}  # fmt: skip
for rival in rivals:

    def lead(rival=rival, **given):
        return value_added_usd(best, **given) - value_added_usd(rival, **given)

    flips = {
        name: decision.flip_value(lead, inputs, name, *ends) for name, ends in searched.items()
    }
    turning = [
        f"{name} = {x:.3g}"
        for name, x in flips.items()
        if searched[name][0] < x < searched[name][1]
    ]  # at an end both are worth nothing
    print(
        f"“{best}” leads “{rival}” by {format_usd(lead(**inputs))}; turns at {' or '.join(turning) or 'no value searched'}"
    )

lead_over = "logic-wafers" if best != "logic-wafers" else rivals[0]
frame = decision.tornado(
    lambda **given: value_added_usd(best, **given) - value_added_usd(lead_over, **given),
    inputs,
    ranges,
)
axes = plots.tornado(
    frame,
    claim=f"What the lead of “{best}” over “{lead_over}” hangs on",
    x_label="lead, USD over the horizon",
    base=net_usd[best] - net_usd[lead_over],
)
plots.show(
    axes,
    f"Tornado chart: how far each input moves the lead of {best} over {lead_over}; the widest bars are {', '.join(frame.index[:2])}.",
)

# %% [markdown] nbgrader={"grade": false, "grade_id": "decide_ask", "locked": true, "schema_version": 3, "solution": false, "task": false}
# In 150 to 300 words: which stage gets the money, and why not the fabs that the lecture names? Give the number at which you would
# choose differently, with its unit, and say how you would find out its true value before paying. Then doubt your own table: if a dollar
# really added that much each year, why has nobody spent it yet, and what does that say about what is scarce? Judge the source as
# well: who gains when listeners believe that fabs are the bottleneck?

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
    "good_dies": mine * case.die_yield(),
    "made_gw_per_year": made_gw,
    "unfelt_years": unfelt_years,
    "subsidy_gw_per_year": max(added_gw.values()),
}
score = check.calibration(predictions, outcomes)
print(score.to_string(float_format=lambda x: f"{x:.3g}"))
print(
    f"{score['inside'].sum()} of {len(score)} inside; mean score {score['score'].mean():.2f} decades"
)
