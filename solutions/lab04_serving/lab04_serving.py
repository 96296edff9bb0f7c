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
# # Lab 4 · Serving spikes
#
# Training is a march: everything moves at once. Serving is a crowd: people come in clumps, wait if
# they must, and leave if they wait too long. How much machine does a crowd need, what does a cache
# do for it, and should the machine stand in one place or in twenty?
#
# | lecture | what was said |
# | --- | --- |
# | 16:24 | there are no limits: whoever has more compute lets people use more of a model that is dear to serve |
# | 27:41 | training is coordinated; inference is spiky and hard to forecast |
# | 28:27 | building 50 MW is far more expensive per megawatt than building a gigawatt in one place |
# | 29:20 | the 400 to 500 ms to the first token are far more than what being closer to the user saves |
# | 33:54 | today there is one layer of memory, HBM; caches, flash and disks will come, as they did for CPUs |
#
# You will write the eight functions behind these five sentences, replay traffic through a simulated
# fleet, and then decide where a gigawatt is built.
#
# **How it works.** *Predict* → *build* → *simulate* → *explain* → *decide*. Cells that say
# `YOUR CODE HERE` are yours; the cell below each of them checks your function and says in one
# sentence what is wrong, never what the answer is. When you are graded, more cases are tried. Cells
# marked *explore* are never graded: change them, break them. Two written answers are read by a
# person. Everything is in SI units (seconds, bytes, watts), and a name ends with its unit.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import math
from dataclasses import replace

import numpy as np

from supercycle import check, chips, cluster, decision, facts, infra, models, plots, scenario
from supercycle.cluster import SLO, Fleet, Network, Pool, simulate
from supercycle.units import MEGAWATT, MILLI, format_si, format_usd

# What you are about to write stands in the library, too; here it is withheld.
check.withhold(
    "cluster.queueing.erlang_b_probability",
    "cluster.queueing.erlang_c_probability",
    "cluster.queueing.mmc",
    "cluster.staffing.servers_for_wait_count",
    "infra.pooling_penalty_share",
    "infra.reload_break_even_bytes_per_s",
    "infra.site_cost_usd",
    "infra.scale_cost_ratio",
    "infra.edge_break_even_ttft_s",
    "infra.compare_sites",
)

case = scenario.draw("lab04")  # your own case: traffic, promise, contexts and map
model = models.get(case.model)
chip = chips.accelerator(case.chip)
promise = SLO(ttft_s=case.ttft_limit_s, tpot_s=case.tpot_limit_s)
print(f"your case ({case.code}): {model.name}, each copy on {case.chips_count} × {chip.name}")
print(f"traffic to a slice of the fleet: {case.rate_per_s:g} requests a second, in clumps")
print(
    f"promised: first token within {format_si(case.ttft_limit_s, 's')}, then one every {format_si(case.tpot_limit_s, 's')}"
)
print(
    f"the whole fleet: {format_si(case.power_w, 'W')}, users in {case.zones} time zones, {case.slots:,.0f} requests in service at once"
)
print(
    f"contexts of {case.context_tokens:,} tokens come back; {case.shared_share:.0%} of requests use one that everybody uses"
)

# %% [markdown] nbgrader={"grade": false, "grade_id": "predict_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Predict
#
# Before any arithmetic: four guesses for **your case**. Write each as `(low, best, high)`, an interval
# you would bet on four to one. Nobody grades whether you are right; at the end you see whether your
# intervals were honest.
#
# - `chance_percent`: per cent more places in service that twenty separate sites need than one campus,
#   because each has to be ready for its own chance crowd
# - `machines`: copies of the model that keep the promise to at least nine in ten of the slice's requests
# - `reload_bytes_per_s`: bandwidth at which bringing a kept context back is as fast as reading it anew
# - `dearer_percent`: per cent that a watt costs more at 50 MW than at a gigawatt, accelerators included

# %% nbgrader={"grade": false, "grade_id": "predictions", "locked": false, "schema_version": 3, "solution": true, "task": false}
# predictions = {"chance_percent": (low, best, high), ...}
### BEGIN SOLUTION
predictions = {
    "chance_percent": (0.1, 2, 20),
    "machines": (2, 4, 8),
    "reload_bytes_per_s": (1e8, 3e9, 1e11),
    "dearer_percent": (5, 25, 60),
}
### END SOLUTION

# %% tags=["explore"]
# explore: are these four intervals?
for name in ("chance_percent", "machines", "reload_bytes_per_s", "dearer_percent"):
    check.prediction(name, predictions.get(name))
check.ok("four predictions, stored for the end of the lab")

# %% [markdown] nbgrader={"grade": false, "grade_id": "erlang_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 1 · Build: who waits
#
# The oldest model of a crowd is a telephone exchange. Requests come at random, each holds one of
# `servers` places for a random time, and whoever finds all places taken waits in line. The *offered
# load* is the arrival rate times the mean time a request holds a place: how many places are busy on
# average. It is counted in erlangs.
#
# If nobody could wait, the share turned away would follow from one place less:
#
# $$B_0 = 1, \qquad B_c = \frac{a\,B_{c-1}}{c + a\,B_{c-1}}$$
#
# If people do wait, the share of them who find every place taken is larger, since those in line
# keep the places full (Erlang 1917), with $\rho = a/c$:
#
# $$C = \frac{B_c}{1 - \rho\,(1 - B_c)}$$
#
# Write `erlang_c_probability(servers, offered_load)`. A load that reaches the servers has no long
# run, the line grows without end: raise a `ValueError`.
#
# *Think of:* a single server; no load; a load of thousands (does a factorial survive that?).


# %% nbgrader={"grade": false, "grade_id": "erlang_c_probability", "locked": false, "schema_version": 3, "solution": true, "task": false}
def erlang_c_probability(servers, offered_load):
    """Share of requests that have to wait.

    Parameters
    ----------
    servers : int
        Places in service.
    offered_load : float
        Arrivals per second times seconds in service [erlang].

    Returns
    -------
    float
        Between 0 and 1.
    """
    ### BEGIN SOLUTION
    if offered_load >= servers:
        raise ValueError(f"offered_load = {offered_load}: must be below servers = {servers}")
    blocked = 1.0
    for c in range(1, servers + 1):
        blocked = offered_load * blocked / (c + offered_load * blocked)
    busy = offered_load / servers
    return blocked / (1 - busy * (1 - blocked))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_erlang_c_probability", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check.number("erlang_c_probability(10, 8.0)", erlang_c_probability(10, 8.0), low=0, high=1)
check.same("a single server is busy as often as people wait", erlang_c_probability(1, 0.7), 0.7)
check.same("without load nobody waits", erlang_c_probability(3, 0.0), 0.0)
check.rising("more load, more waiting", lambda a: erlang_c_probability(10, a), [2, 5, 8, 9.9])
check.rising("fewer places, more waiting", lambda c: erlang_c_probability(-c, 8.0), [-20, -12, -9])
check.refuses("a load equal to the servers", lambda: erlang_c_probability(5, 5.0))
check.refuses("a load above the servers", lambda: erlang_c_probability(5, 7.5))
check.ok("erlang_c_probability: limits, directions, and what cannot be is refused")
### BEGIN HIDDEN TESTS
_rng = np.random.default_rng(1)
for _c in (2, 3, 10, 40, 300, 2000):
    _a = _c * float(_rng.uniform(0.7, 0.98))
    _b = 1.0
    for _k in range(1, _c + 1):
        _b = _a * _b / (_k + _a * _b)
    _want = _b / (1 - _a / _c * (1 - _b))
    try:
        _got = erlang_c_probability(_c, _a)
    except OverflowError:
        raise check.CheckError(
            f"{_c} places under {_a:.4g} erlangs: a factorial overflows or a power does; go up place by place"
        ) from None
    except RecursionError:
        raise check.CheckError(
            f"{_c} places under {_a:.4g} erlangs: calls that call themselves go too deep for Python; use a loop"
        ) from None
    check.agrees(
        f"{_c} places under {_a:.4g} erlangs", _got, _want, rtol=1e-6,
        hints={_b / _want: "that is the share turned away when nobody may wait",
               _a / _c / _want: "that is how busy one place is; to wait, a request must find all of them busy",
               (_a / _c) ** _c / _want: "places are not busy independently of each other"},
    )  # fmt: skip
for _c in (1, 7, 100):
    check.refuses(
        f"{_c} places under a load that fills them", lambda c=_c: erlang_c_probability(c, float(c))
    )
### END HIDDEN TESTS

# %% tags=["explore"]
# explore: equally busy, differently crowded
counts = [1, 3, 10, 30, 100, 300, 1000]
waits = {
    f"{busy:.0%} busy": [erlang_c_probability(c, busy * c) for c in counts]
    for busy in (0.8, 0.9, 0.95)
}
axes = plots.sweep(
    counts,
    waits,
    claim=f"90 % busy: one place makes {waits['90% busy'][0]:.0%} wait, a thousand {waits['90% busy'][-1]:.1%}",
    x_label="places in service",
    y_label="share of requests that wait",
    log="x",
)
plots.show(
    axes,
    "Share of requests that wait over places in service: three falling lines, lowest for the least busy.",
)

# %% [markdown] nbgrader={"grade": false, "grade_id": "slots_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 2 · Build: places for a promise
#
# A short wait is no failure. With `C` the share that waits at all, the share that waits longer than
# `wait_s` is, in the same model,
#
# $$C \cdot e^{-(c - a)\,t/s}$$
#
# with $c$ places, load $a$, promise $t$ = `wait_s` and mean service time $s$ = `service_s`: the more
# places are spare, the faster the line drains.
#
# `waits(servers, load)` is somebody's Erlang C. Write the **smallest** whole number of places, above
# the load, at which at most `late_share` of the requests waits longer than `wait_s`.
#
# *Think of:* a whole-numbered load; a promise so loose that one spare place is enough.


# %% nbgrader={"grade": false, "grade_id": "slots_for_slo_count", "locked": false, "schema_version": 3, "solution": true, "task": false}
def slots_for_slo_count(waits, load, service_s, wait_s, late_share):
    """Fewest places that keep a promise.

    Parameters
    ----------
    waits : callable
        Takes a whole number of servers above the load, and the load; returns the share that waits.
    load : float
        Offered load [erlang].
    service_s : float
        Mean time a request holds a place [s].
    wait_s : float
        Longest wait promised [s].
    late_share : float
        Share of requests that may wait longer, above 0.

    Returns
    -------
    int
        Places.
    """
    ### BEGIN SOLUTION
    slots = math.floor(load) + 1
    while waits(slots, load) * math.exp(-(slots - load) * wait_s / service_s) > late_share:
        slots += 1
    return slots
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_slots_for_slo_count", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
_fall = lambda c, a: 0.9 ** (c - a)  # noqa: E731
check.number(
    "slots_for_slo_count(…)", slots_for_slo_count(_fall, 8.0, 5.0, 1.0, 0.01), low=9, high=1e4
)
check.same("a whole number", slots_for_slo_count(_fall, 8.3, 5.0, 1.0, 0.01) % 1, 0.0)
check.same(
    "a loose promise needs one place above the load",
    slots_for_slo_count(_fall, 8.0, 5.0, 1.0, 0.9),
    9,
)
check.rising(
    "a stricter promise needs more places",
    lambda x: slots_for_slo_count(_fall, 8.0, 5.0, 1.0, 10**-x),
    [1, 2, 3],
)
check.rising(
    "a shorter wait needs more places",
    lambda x: slots_for_slo_count(_fall, 8.0, 5.0, 1 / x, 0.01),
    [1, 2, 4],
)
check.ok("slots_for_slo_count: whole, above the load, more for a better promise")


### BEGIN HIDDEN TESTS
def _erlang(servers, load):
    if load >= servers:
        raise ValueError("the line grows without end")
    blocked = 1.0
    for c in range(1, servers + 1):
        blocked = load * blocked / (c + load * blocked)
    return blocked / (1 - load / servers * (1 - blocked))


def _fewest(load, late, share_late):
    slots = math.floor(load) + 1
    while share_late(slots) > late:
        slots += 1
    return slots


for _load, _service, _wait, _late in (
    (60.0, 8.0, 0.5, 0.001),
    (8.0, 4.0, 0.5, 0.01),
    (37.4, 10.0, 2.0, 0.02),
    (250.0, 6.0, 0.4, 0.005),
    (20.7, 3.0, 0.25, 0.05),
):
    _drained = lambda c, a=_load, s=_service, t=_wait: _erlang(c, a) * math.exp(-(c - a) * t / s)  # noqa: E731
    _alone = lambda c, a=_load, s=_service, t=_wait: _erlang(c, a) * math.exp(-t / s)  # noqa: E731
    _want = _fewest(_load, _late, _drained)
    _never = _fewest(_load, _late, lambda c, a=_load: _erlang(c, a))
    _alone = _fewest(_load, _late, _alone)
    _second = _fewest(
        _load,
        _late,
        lambda c, a=_load, t=_wait: _erlang(c, a) * math.exp(-(c - a) * t),
    )
    check.agrees(
        f"a load of {_load:g}, {_service:g} s each, {_late:.1%} may wait longer than {_wait:g} s",
        slots_for_slo_count(_erlang, _load, _service, _wait, _late), _want,
        hints={_second / _want: "a place is held for service_s: the longer, the slower the line drains",
               _never / _want: "a wait below the promise is no failure: use wait_s",
               _alone / _want: "every spare place drains the line: the exponent has servers − load",
               (_want + 1) / _want: "one too many: the smallest number was asked for",
               (_want - 1) / _want: "one too few: the promise is not kept there"},
    )  # fmt: skip
check.agrees(
    "a share that is met exactly",
    slots_for_slo_count(lambda c, a: 0.25 if c < 12 else 0.1, 8.0, 5.0, 0.0, 0.25), 9,
    hints={12 / 9: "a share that is met exactly keeps the promise"},
)  # fmt: skip
check.agrees(
    "a whole load under a loose promise", slots_for_slo_count(_erlang, 12.0, 5.0, 5.0, 0.99), 13
)
### END HIDDEN TESTS

# %% tags=["explore"]
# explore: spare places, by the size of the crowd
answer = cluster.workloads.Lengths.published("azure-conversation").answer.median_tokens
held_s = answer * case.tpot_limit_s  # an answer that just keeps its promise
loads = [10, 30, 100, 300, 1000, 3000]
spare = [slots_for_slo_count(erlang_c_probability, a, held_s, 0.1, 0.01) / a - 1 for a in loads]
axes = plots.sweep(
    loads,
    {"spare": spare},
    claim=f"Ten busy places need {spare[0]:.0%} to spare, 3,000 need {spare[-1]:.1%}",
    x_label="busy places on average (offered load, erlang)",
    y_label="spare places over busy ones",
    log="xy",
)
plots.show(
    axes, "Spare share over load, both axes logarithmic: one line that falls towards large crowds."
)
print(facts.sources(facts.value("traffic/azure-conversation-answer-median")))

# %% [markdown] nbgrader={"grade": false, "grade_id": "kv_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 3 · Build: how many fit
#
# In a model's engine a *place* is room for one request's keys and values. What the weights leave of
# the memory is cut into pages of `page_tokens` tokens, and a request takes whole pages, the last one
# begun included.
#
# Write how many whole requests of `tokens` tokens fit at once. If the weights leave nothing, that is
# none: 0.
#
# *Think of:* one token; a request that ends exactly with a page; weights that are larger than the memory.


# %% nbgrader={"grade": false, "grade_id": "kv_slots_count", "locked": false, "schema_version": 3, "solution": true, "task": false}
def kv_slots_count(memory_bytes, weight_bytes, kv_bytes_per_token, tokens, page_tokens=16):
    """Requests whose caches fit beside the weights.

    Parameters
    ----------
    memory_bytes : float
        For weights and caches together [B].
    weight_bytes : float
        [B]
    kv_bytes_per_token : float
        [B/token]
    tokens : int
        Of each request, prompt and answer.
    page_tokens : int
        Tokens of a page.

    Returns
    -------
    int
        Whole requests, at least 0.
    """
    ### BEGIN SOLUTION
    page_bytes = page_tokens * kv_bytes_per_token
    pages_each = math.ceil(tokens / page_tokens)
    return max(0, math.floor((memory_bytes - weight_bytes) / (pages_each * page_bytes)))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_kv_slots_count", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check.number(
    "kv_slots_count(320e9, 140e9, 3e5, 1000)",
    kv_slots_count(320e9, 140e9, 3e5, 1000),
    low=1,
    high=1e5,
)
check.same("a whole number", kv_slots_count(320e9, 140e9, 3e5, 1000) % 1, 0.0)
check.same(
    "weights that do not fit leave room for nobody", kv_slots_count(80e9, 140e9, 3e5, 1000), 0
)
check.same(
    "two tokens take the page that one takes",
    kv_slots_count(9e9, 1e9, 1e5, 2),
    kv_slots_count(9e9, 1e9, 1e5, 1),
)
check.rising(
    "shorter requests, more of them",
    lambda x: kv_slots_count(320e9, 140e9, 3e5, 2**-x * 1000),
    [0, 1, 2],
)
check.ok("kv_slots_count: whole requests, whole pages, never below zero")
### BEGIN HIDDEN TESTS
for _memory, _weights, _kv, _tokens, _page in (
    (576e9, 140e9, 327_680, 911, 16),
    (320e9, 141e9, 327_680, 17, 16),
    (80e9, 16e9, 131_072, 4097, 256),
    (141e9, 30e9, 98_304, 33, 32),
    (288e9, 145e9, 163_840, 20_000, 16),
):
    _room, _bytes = _memory - _weights, math.ceil(_tokens / _page) * _page * _kv
    _want = math.floor(_room / _bytes)
    check.agrees(
        f"{_tokens:,} tokens each in pages of {_page}", kv_slots_count(_memory, _weights, _kv, _tokens, _page), _want,
        rtol=1e-9,
        hints={math.floor(_memory / _bytes) / _want: "the weights take their part of the memory first",
               math.floor(_room / (_tokens * _kv)) / _want: "a page that is begun is taken: round each request up",
               math.floor(_room / _kv / _tokens) / _want: "a page that is begun is taken: round each request up",
               math.floor(_room / (math.floor(_tokens / _page) * _page * _kv)) / _want: "a page that is begun is taken: round each request up",
               math.ceil(_room / _bytes) / _want: "half a request cannot be served: round down at the end",
               (_room / _bytes) / _want: "half a request cannot be served: round down at the end"},
    )  # fmt: skip
check.agrees(
    "exactly two pages each, exactly five requests", kv_slots_count(11_600, 10_000, 10, 16, 8), 10
)
check.agrees(
    "pages of sixteen, unless said otherwise", kv_slots_count(1_000_160, 1_000_000, 1, 16), 10
)
check.agrees("weights that fill the memory to the byte", kv_slots_count(1e10, 1e10, 1e5, 100), 0)
### END HIDDEN TESTS

# %% tags=["explore"]
# explore: who fits, and what a faster reader costs
lengths = cluster.workloads.Lengths.published("azure-conversation")
typical = round(lengths.prompt.median_tokens + lengths.answer.median_tokens)
room = 0.9 * case.chips_count * chip.memory_bytes
for tokens in (typical, case.context_tokens, 400_000):
    fit = kv_slots_count(room, model.weight_bytes(), model.kv_bytes_per_token(), tokens)
    print(
        f"{tokens:7,d} tokens each: {fit:5,d} requests at once on {case.chips_count} × {chip.name}"
    )

points = models.frontier.sweep(
    model, chip, usd_per_chip_hour=float(chip.rent_usd_per_hour), tp=(case.chips_count,),
    input_tokens=round(lengths.prompt.median_tokens), output_tokens=round(lengths.answer.median_tokens),
).pareto()  # fmt: skip
axes = plots.sweep(
    points.tokens_per_s_per_user,
    {"one copy of the model": points.usd_per_mtok},
    claim=f"The fastest reader pays {points.usd_per_mtok[-1] / points.usd_per_mtok[0]:.0f} times what a full batch pays",
    x_label="tokens a second that each reader sees",
    y_label="USD per million tokens",
    log="y",
)
plots.show(
    axes,
    "Cost of a million tokens over the speed each reader sees: one line that rises steeply to the right.",
)
print(
    f"batches from {points.batch.max():.0f} down to {points.batch.min():.0f}; {facts.sources(chip.rent_usd_per_hour)}"
)

# %% [markdown] nbgrader={"grade": false, "grade_id": "goodput_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 4 · Build: goodput
#
# Throughput counts answers. *Goodput* counts those that kept the promise: the first token in time
# **and** the later ones at the promised pace, both of the same request.
#
# `ttft_s` and `tpot_s` have one entry a request. A request that never got its first token has
# `inf` in `ttft_s`: it is never good, however loose the promise. An answer of a single token has no
# pace: its `tpot_s` is `nan`, and it breaks no promise of pace.
#
# *Think of:* a promise so loose that only the never-answered fail; first tokens in time for half of the
# requests, and the pace kept for half: how many are good?


# %% nbgrader={"grade": false, "grade_id": "goodput_per_s", "locked": false, "schema_version": 3, "solution": true, "task": false}
def goodput_per_s(ttft_s, tpot_s, span_s, ttft_limit_s, tpot_limit_s):
    """Requests a second that kept both promises.

    Parameters
    ----------
    ttft_s, tpot_s : list or array
        One entry a request [s].
    span_s : float
        Time over which they were served [s].
    ttft_limit_s, tpot_limit_s : float
        What was promised, at most [s]; may be infinite.

    Returns
    -------
    float
        Requests per second.
    """
    ### BEGIN SOLUTION
    ttft_s, tpot_s = np.asarray(ttft_s, dtype=float), np.asarray(tpot_s, dtype=float)
    prompt = np.isfinite(ttft_s) & (ttft_s <= ttft_limit_s)
    steady = np.isnan(tpot_s) | (tpot_s <= tpot_limit_s)
    return float((prompt & steady).sum() / span_s)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_goodput_per_s", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
_first, _pace = [0.1, 0.4, 0.9, 2.0], [0.02, 0.08, 0.03, 0.01]
check.number(
    "goodput_per_s(…)", goodput_per_s(_first, _pace, 10.0, 0.5, 0.05), low=0, high=0.4, unit="1/s"
)
check.same(
    "a loose promise: goodput is throughput", goodput_per_s(_first, _pace, 10.0, 60.0, 60.0), 0.4
)
check.same("a promise that nobody keeps", goodput_per_s(_first, _pace, 10.0, 0.01, 0.05), 0.0)
check.same(
    "a single token has no pace to miss", goodput_per_s([0.1], [math.nan], 1.0, 0.5, 0.05), 1.0
)
check.same("a limit that is met exactly is kept", goodput_per_s([0.5], [0.05], 1.0, 0.5, 0.05), 1.0)
check.rising(
    "a looser promise", lambda s: goodput_per_s(_first, _pace, 10.0, s, 60.0), [0.1, 0.4, 0.9]
)
check.ok("goodput_per_s: both promises, request by request")
### BEGIN HIDDEN TESTS
_rng = np.random.default_rng(4)
for _ in range(12):
    _n = int(_rng.integers(50, 400))
    _t, _p = _rng.lognormal(-1, 1, _n), _rng.lognormal(-3, 0.5, _n)
    _t[_rng.random(_n) < 0.1] = math.inf
    _p[_rng.random(_n) < 0.1] = math.nan
    _p[np.isinf(_t)] = math.nan
    _span, _lt, _lp = (
        float(_rng.uniform(10, 500)),
        float(_rng.uniform(0.3, 1)),
        float(_rng.uniform(0.04, 0.07)),
    )
    _a, _b = np.isfinite(_t) & (_t <= _lt), np.isnan(_p) | (_p <= _lp)
    _want = float((_a & _b).sum() / _span)
    check.agrees(
        f"{_n} requests, {_lt:.2f} s and {1000 * _lp:.0f} ms promised",
        goodput_per_s(_t, _p, _span, _lt, _lp), _want,
        hints={float(_a.mean() * _b.mean() * _n / _span / _want): "the two shares are not independent: look at each request",
               float((_a & (_p <= _lp)).sum() / _span / _want): "an answer of one token has no pace (nan) and breaks no promise of pace",
               float(_a.sum() / _span / _want): "the pace was promised, too",
               float((_a | _b).sum() / _span / _want): "a request must keep both promises, not one of them",
               _span: "per second: divide by the span",
               float(_span / _n): "goodput is a rate, not a share"},
    )  # fmt: skip
    check.agrees(
        "no limits at all: the throughput of what was answered",
        goodput_per_s(_t, _p, _span, math.inf, math.inf), float(np.isfinite(_t).sum() / _span),
        hints={float(_n / np.isfinite(_t).sum()): "who never got a first token is not good, even without a limit"},
    )  # fmt: skip
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "replay_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 5 · Simulate: replay the traffic
#
# The traffic has the lengths of a public trace (Azure 2023, Patel et al. 2024). If you have fetched the
# trace itself (`facts.fetch("azure-llm-2023-conversation")`, it stays with its publisher), it is
# replayed at your case's rate; otherwise one with the same lengths and your case's clumps is drawn.
# The simulator batches continuously, reads prompts in chunks and pages caches, step by step.

# %% tags=["explore"]
# explore: how many machines keep the promise?
downloaded = facts.downloads.folder() / str(
    facts.row("downloads", "azure-llm-2023-conversation")["file"]
)
if downloaded.exists():
    whole = cluster.traces.read_trace(downloaded)
    own_rate = len(whole) / whole["arrival_s"].iloc[-1]
    trace = cluster.workloads.scaled(whole, case.rate_per_s / own_rate)
    trace = trace[trace["arrival_s"] < 300]
    print("the published trace, at your case's rate")
else:
    trace = case.trace(300)
    print("a trace drawn with the published lengths and your case's clumps")
machine = case.replica()
print(
    f"{len(trace):,} requests, prompts {trace['input_tokens'].mean():,.0f} and answers {trace['output_tokens'].mean():,.0f} tokens on average"
)

runs = {n: simulate(trace, Fleet.of(machine, n)) for n in (1, 2, 3, 4, 6, 8, 12)}
good, through, kept = {}, {}, {}
for n, run in runs.items():
    first = run.requests["ttft_s"].fillna(math.inf)
    good[n] = goodput_per_s(
        first, run.requests["tpot_s"], run.end_s, promise.ttft_s, promise.tpot_s
    )
    through[n] = goodput_per_s(first, run.requests["tpot_s"], run.end_s, math.inf, math.inf)
    kept[n] = good[n] / through[n]
    print(
        f"{n:2d} machines: {through[n]:5.2f} answers a second, {good[n]:5.2f} good ({kept[n]:.0%}), {machine.usd_per_hour * n:5.0f} USD an hour"
    )
machines = next((n for n in runs if kept[n] >= 0.9), max(runs))
axes = plots.sweep(
    list(runs),
    {"answered": list(through.values()), "good": list(good.values())},
    claim=f"{machines} machines keep the promise; two answer {through[2] / through[machines]:.0%} as much, {good[2] / good[machines]:.0%} as well",
    x_label=f"copies of {model.name}",
    y_label="requests a second",
)
plots.show(
    axes,
    "Throughput and goodput over machines: throughput saturates early, goodput needs more machines.",
)

# %% tags=["explore"]
# explore: reading and writing on the same machines, or apart?
ethernet = facts.value("serving/link-ethernet-400g")
together = simulate(trace, Fleet.of(machine, 6))
apart = simulate(
    trace,
    Fleet(
        (Pool("read", machine, 3, role="prefill"), Pool("write", machine, 3, role="decode")),
        network=Network(ethernet),
    ),
)
paces_s = np.linspace(0.3, 1.2, 37) * case.tpot_limit_s


def good_share(run, pace_s):
    first = run.requests["ttft_s"].fillna(math.inf)
    return (
        goodput_per_s(first, run.requests["tpot_s"], run.end_s, promise.ttft_s, pace_s)
        * run.end_s
        / len(trace)
    )


shares = {
    name: np.array([good_share(run, s) for s in paces_s])
    for name, run in (("together", together), ("apart", apart))
}
gap = shares["apart"] - shares["together"]
where = int(gap.argmax())
axes = plots.sweep(
    paces_s / MILLI,
    shares,
    claim=f"Apart keeps the promise to {gap[where]:.0%} more of the requests at {paces_s[where] / MILLI:.0f} ms a token, to {gap[-1]:+.1%} at {paces_s[-1] / MILLI:.0f} ms",
    x_label="promised time between tokens (milliseconds)",
    y_label="share of requests that keep both promises",
)
plots.show(
    axes,
    "Share of good requests over the promised pace: splitting reading from writing is ahead only for tight paces.",
)
print(facts.sources(ethernet))

# %% tags=["explore"]
# explore: limits, or the lack of them (lecture, 16:24)
chats = cluster.workloads.sessions(
    cluster.arrivals.poisson_arrivals_s(0.5, 300, seed=1), lengths,
    turns_mean=6, gap_s=40, system_tokens=2048, most_tokens=60_000, seed=2,
)  # fmt: skip
limit = cluster.RateLimit(tokens_per_s=100, burst_tokens=15_000, spare_share=0.02)
for n in (1, 2, 4, 8):
    run = simulate(chats, Fleet((Pool("chat", machine, n),), rate_limit=limit))
    away = (run.requests["status"] == "limited").mean()
    print(
        f"{n} machines: the same rule turns {away:.0%} of requests away; each machine {run.summary()['utilisation']:.0%} busy"
    )
print(
    "the rule waives limits while the batches are nearly empty: generosity is spare capacity, made visible"
)

# %% [markdown] nbgrader={"grade": false, "grade_id": "reload_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 6 · Build: keep it or read it again
#
# A context that comes back can be *reloaded* from a lower layer of memory, or *recomputed*. Reading
# `tokens` tokens anew takes, with $n$ tokens, weights' work $a$ = `flop_per_token`, attention's work
# $b$ = `attention_flop_per_token2` and what the machine sustains $F$ = `flops_per_s`,
#
# $$\frac{a\,n + b\,n^2}{F}$$
#
# seconds. Reloading takes the tier's latency and then bytes over bandwidth. Write the bandwidth at
# which the two take equally long. If the latency alone takes as long as recomputing or longer, no
# bandwidth is enough: return `math.inf`.
#
# *Think of:* a context twice as long, with and without attention; a tier whose latency eats everything.


# %% nbgrader={"grade": false, "grade_id": "reload_break_even_bytes_per_s", "locked": false, "schema_version": 3, "solution": true, "task": false}
def reload_break_even_bytes_per_s(
    tokens,
    kv_bytes_per_token,
    flop_per_token,
    flops_per_s,
    attention_flop_per_token2=0.0,
    latency_s=0.0,
):
    """Bandwidth above which reloading a context beats computing it again.

    Parameters
    ----------
    tokens : float
        Length of the context.
    kv_bytes_per_token : float
        [B/token]
    flop_per_token, attention_flop_per_token2 : float
        Work in proportion to the tokens [FLOP] and to their square [FLOP].
    flops_per_s : float
        What the machine sustains [FLOP/s].
    latency_s : float
        Of the tier [s].

    Returns
    -------
    float
        [B/s], or infinity.
    """
    ### BEGIN SOLUTION
    compute_s = (flop_per_token * tokens + attention_flop_per_token2 * tokens**2) / flops_per_s
    if compute_s <= latency_s:
        return math.inf
    return tokens * kv_bytes_per_token / (compute_s - latency_s)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_reload_break_even_bytes_per_s", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check.number(
    "reload_break_even_bytes_per_s(20_000, 3e5, 1.4e11, 2e15)",
    reload_break_even_bytes_per_s(20_000, 3e5, 1.4e11, 2e15), low=1e8, high=1e12, unit="B/s",
)  # fmt: skip
check.same(
    "without attention and latency the length does not matter",
    reload_break_even_bytes_per_s(1_000, 3e5, 1.4e11, 2e15),
    reload_break_even_bytes_per_s(100_000, 3e5, 1.4e11, 2e15),
)
check.rising(
    "with attention a longer context can do with a slower tier",
    lambda x: reload_break_even_bytes_per_s(10**-x, 3e5, 1.4e11, 2e15, 1.3e6),
    [-6, -5, -4, -3],
)
check.rising(
    "a faster machine needs a faster tier",
    lambda f: reload_break_even_bytes_per_s(2e4, 3e5, 1.4e11, f),
    [1e15, 2e15],
)
check.same(
    "latency longer than computing: no bandwidth is enough",
    reload_break_even_bytes_per_s(100, 3e5, 1.4e11, 2e15, 0.0, 10.0),
    math.inf,
)
check.ok("reload_break_even_bytes_per_s: directions, and a tier that is hopeless")
### BEGIN HIDDEN TESTS
_rng = np.random.default_rng(6)
for _ in range(20):
    _n, _kv = float(_rng.integers(2_000, 400_000)), float(_rng.uniform(3e4, 2e6))
    _a, _b, _f = (
        float(_rng.uniform(1e10, 5e11)),
        float(_rng.uniform(2e5, 4e6)),
        float(_rng.uniform(5e14, 9e15)),
    )
    _compute = (_a * _n + _b * _n**2) / _f
    _late = _compute * float(_rng.uniform(0.1, 0.6))
    _want = _n * _kv / (_compute - _late)
    check.agrees(
        f"{_n:,.0f} tokens from a tier with {1000 * _late:.3g} ms of latency",
        reload_break_even_bytes_per_s(_n, _kv, _a, _f, _b, _late), _want,
        hints={(_compute - _late) / _compute: "the tier's latency comes before the first byte",
               (_compute - _late) / (_compute + _late): "latency leaves less time to reload, not more",
               _n * _kv / (_a * _n / _f - _late) / _want: "attention's work goes with the square of the tokens",
               _n * _kv / ((_a * _n + _b * _n) / _f - _late) / _want: "attention's work goes with the square of the tokens",
               1 / _n: "all tokens have to be moved, not one"},
    )  # fmt: skip
try:
    _got = reload_break_even_bytes_per_s(1000, 1e5, 2e9, 1e12, 0.0, 2.0)
except ZeroDivisionError:
    raise check.CheckError(
        "latency exactly as long as computing: no time is left to divide by; no bandwidth is enough"
    ) from None
check.agrees("latency exactly as long as computing", _got, math.inf)
### END HIDDEN TESTS


# %% tags=["explore"]
# explore: which tiers pay, and for which models
def break_even(config, tokens=case.context_tokens):
    sustained = (
        case.chips_count * chip.peak_flops_per_s("bf16") * facts.value("serving/prefill-mfu")
    )
    attention = 2 * config.layers * config.heads * config.head_dim
    return reload_break_even_bytes_per_s(
        tokens, config.kv_bytes_per_token(), 2 * config.matmul_params, sustained, attention
    )


reload_at = break_even(model)
wanted = {
    name: break_even(models.get(name)) / 1e9
    for name in dict.fromkeys([case.model, "llama-2-7b", "llama-3.1-8b", "llama-3.1-405b"])
}
axes = plots.bars(
    wanted,
    claim=f"{model.name} on {case.chips_count} × {chip.name}: a tier pays from {format_si(reload_at, 'B/s')}",
    x_label="bandwidth at which reloading and recomputing take equally long (GB/s)",
    highlight=[case.model],
)
plots.show(
    axes,
    "One bar a model: the break-even bandwidth of reloading; it is highest for the small model with many KV heads.",
)
for name in ("dram", "flash", "network-flash"):
    tier = infra.memory_tier(name)
    speed = case.chips_count * tier.bandwidth_bytes_per_s
    print(
        f"{name:14s} {format_si(speed, 'B/s'):>10s} for {case.chips_count} accelerators: {speed / reload_at:5.1f} times what is needed"
    )
print(
    facts.sources(
        facts.value("serving/prefill-mfu"),
        facts.value("serving/link-pcie-gen5-x16"),
        facts.value("serving/link-nvme-gen5"),
    )
)

# %% tags=["explore"]
# explore: a second layer of memory, and a router that knows where a context lies
dram = infra.memory_tier("dram")
below = cluster.fleet.Tier(
    "dram", case.chips_count * dram.capacity_bytes, case.chips_count * dram.bandwidth_bytes_per_s
)
crowded = machine.kv_tokens // 4  # a busy day leaves a quarter of HBM for what is not in use
for name, tiers in (("HBM alone", ()), ("HBM and host memory", (below,))):
    copy = replace(case.replica(tiers=tiers), kv_tokens=crowded)
    for router in ("round_robin", "prefix_aware"):
        found = simulate(chats, Fleet.of(copy, 3), router=router).summary(promise)
        print(
            f"{name:20s} {router:13s}: {found['cached_share']:.0%} of prompt tokens not read again, mean first token {found['ttft_mean_s']:.2f} s, {found['good_share']:.0%} good"
        )

# %% [markdown] nbgrader={"grade": false, "grade_id": "pooling_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 7 · Build: what chance costs when you split
#
# Cut the load $L$ = `load_slots` into $k$ = `sites` equal parts. At each the number in service has
# mean $L/k$ and, being a count of random arrivals, variance $L/k$. Whoever wants to be safe adds
# $\beta$ = `quality` standard deviations of spare places. The loads of any two sites have the
# correlation $r$ = `correlation`, so the load of all together has variance $L\,(1 + (k-1)\,r)$.
#
# Write how much more capacity $k$ sites need than one pool **of the same users**, as a share of the
# pool's capacity (its mean load and its spare places).
#
# *Think of:* one site; sites whose crowds come at the same time; a load a hundred times as large.


# %% nbgrader={"grade": false, "grade_id": "pooling_penalty_share", "locked": false, "schema_version": 3, "solution": true, "task": false}
def pooling_penalty_share(sites, load_slots, quality, correlation=0.0):
    """Extra capacity of separate sites over one pool.

    Parameters
    ----------
    sites : int
        At least 1.
    load_slots : float
        Mean number in service, all sites together.
    quality : float
        Standard deviations of spare capacity.
    correlation : float
        Between the loads of two sites, 0 to 1.

    Returns
    -------
    float
        Share of the pool's capacity.
    """
    ### BEGIN SOLUTION
    apart = load_slots + quality * sites * math.sqrt(load_slots / sites)
    pool = load_slots + quality * math.sqrt(load_slots * (1 + (sites - 1) * correlation))
    return apart / pool - 1
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_pooling_penalty_share", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check.number(
    "pooling_penalty_share(20, 300_000, 1.0)",
    pooling_penalty_share(20, 300_000, 1.0),
    low=1e-5,
    high=1,
)
check.same("one site is a pool already", pooling_penalty_share(1, 500.0, 2.0) + 1, 1.0)
check.same(
    "crowds that come together gain nothing from pooling",
    pooling_penalty_share(20, 500.0, 2.0, 1.0) + 1,
    1.0,
)
check.rising(
    "more sites, more spare", lambda k: pooling_penalty_share(k, 1000.0, 1.0), [1, 2, 10, 100]
)
check.rising(
    "a larger load makes it smaller", lambda x: pooling_penalty_share(20, 10**-x, 1.0), [-6, -4, -2]
)
check.ok("pooling_penalty_share: both limits, both directions")
### BEGIN HIDDEN TESTS
_rng = np.random.default_rng(7)
for _ in range(20):
    _k, _load = int(_rng.integers(2, 60)), float(_rng.uniform(50, 5_000))
    _beta, _r = float(_rng.uniform(0.5, 3)), float(_rng.uniform(0.05, 0.8))
    for _rho in (0.0, _r):
        _one = _beta * math.sqrt(_load)
        _plain = [_load + math.sqrt(_load * x) for x in (_k, 1 + (_k - 1) * _rho)]
        _apart, _pool = _load + _one * math.sqrt(_k), _load + _one * math.sqrt(1 + (_k - 1) * _rho)
        _want = _apart / _pool - 1
        check.agrees(
            f"{_k} sites, {_load:,.0f} places, quality {_beta:.1f}, correlation {_rho:.2f}",
            pooling_penalty_share(_k, _load, _beta, _rho), _want, rtol=1e-7,
            hints={(_plain[0] / _plain[1] - 1) / _want: "the spare places are `quality` standard deviations, not one",
                   (_apart / (_load + _one) - 1) / _want: "loads that rise together make the pool need more, too: correlation",
                   (_apart - _pool) / _load / _want: "a share of the pool's capacity: its spare places count, too",
                   (_apart - _pool) / _apart / _want: "a share of the pool's capacity, not of the sites'",
                   ((_load + _k * _one) / _pool - 1) / _want: "each site carries its part of the load: its spread is that of the part",
                   (_apart - _pool) / _want: "a share was asked for, not places",
                   _apart / _pool / _want: "how much *more*: one less than the ratio"},
        )  # fmt: skip
### END HIDDEN TESTS

# %% tags=["explore"]
# explore: the same split, small and large
names = [f"site {i}" for i in range(6)]
split_trace = trace.assign(
    pool=np.array(names)[np.random.default_rng(0).integers(6, size=len(trace))]
)
split = simulate(split_trace, Fleet(tuple(Pool(name, machine, 1) for name in names)))
print(
    f"simulated, six machines: {good_share(together, promise.tpot_s):.1%} good in one pool, {good_share(split, promise.tpot_s):.1%} at six sites of one machine"
)

quality = facts.value("infrastructure/staffing-quality")
amplitude = facts.value("infrastructure/daily-amplitude")
chance = pooling_penalty_share(case.sites, case.slots, quality)
needs = case.extra_capacity(amplitude=amplitude, staffing_quality=quality)
causes = {
    "chance": chance,
    "daily peaks": needs["daily peaks"],
    "cold contexts": needs["cold contexts"],
}
ranked = sorted(causes, key=causes.get)
axes = plots.bars(
    {name: 100 * share for name, share in causes.items()},
    claim=f"Of three reasons to pool, {ranked[0]} counts for {causes[ranked[0]]:.1%} and {ranked[-1]} for {causes[ranked[-1]]:.0%}",
    x_label=f"extra capacity of {case.sites} separate sites over one campus (per cent)",
    highlight=[ranked[-1]],
    shown="{:.1f} %",
)
plots.show(
    axes,
    f"Three bars: extra capacity from chance, daily peaks and cold contexts; {ranked[-1]} is the longest.",
)
print(facts.sources(quality, amplitude, facts.value("infrastructure/slots")))

# %% [markdown] nbgrader={"grade": false, "grade_id": "phase_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# The three bars stand on different assumptions. *Chance* assumes independent crowds and the sample's
# load. *Daily peaks* assumes that each site serves only its own time zone. *Cold contexts* assumes
# that a site keeps its part of the memory and cannot ask the others. Sites that forward a request to
# whoever is idle or has its context lose the last two, and pay for it with distance. The cell below
# turns that knob.

# %% tags=["explore"]
# explore: sites that help each other
forwarded = np.linspace(0, 1, 21)
helped = [
    case.extra_capacity(amplitude=amplitude, staffing_quality=quality, forwarded_share=f)
    for f in forwarded
]
axes = plots.sweep(
    forwarded,
    {name: [100 * h[name] for h in helped] for name in causes},
    claim=f"Forwarding all that would meet a busy or cold site leaves {sum(helped[-1].values()):.1%} of {sum(helped[0].values()):.0%}",
    x_label="share of such requests that is forwarded",
    y_label="extra capacity (per cent)",
)
plots.show(
    axes,
    "Extra capacity over the forwarded share: cold contexts and daily peaks fall to zero, chance stays flat near zero.",
)
for sites, share in ((1, 0.0), (case.sites, 0.0), (case.sites, 1.0)):
    print(
        f"{sites:2d} sites, {share:.0%} forwarded: first token after {format_si(case.wait_s(sites, forwarded_share=share), 's')} on average"
    )

# %% [markdown] nbgrader={"grade": false, "grade_id": "site_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 8 · Build: what size costs
#
# What is *built* on a site (shell, cooling, power, grid) gets cheaper per watt with size: its cost
# goes with power to an exponent below one. What is *bought* by the chip costs the same per watt
# anywhere. Take a known site of `reference_w` that costs `reference_usd`, of which the share
# `built_share` was built, and write what a site of `power_w` costs.
#
# *Think of:* the known site itself; an exponent of 1; a site that is all accelerators.


# %% nbgrader={"grade": false, "grade_id": "site_cost_usd", "locked": false, "schema_version": 3, "solution": true, "task": false}
def site_cost_usd(power_w, reference_w, reference_usd, built_share, exponent):
    """Cost of a site of another size.

    Parameters
    ----------
    power_w, reference_w : float
        Of the new and the known site [W].
    reference_usd : float
        Cost of the known site [USD].
    built_share : float
        Share of that cost that was built on the site, 0 to 1.
    exponent : float
        Of cost against power, for what is built.

    Returns
    -------
    float
        USD.
    """
    ### BEGIN SOLUTION
    ratio = power_w / reference_w
    return reference_usd * (built_share * ratio**exponent + (1 - built_share) * ratio)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_site_cost_usd", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check.number(
    "site_cost_usd(5e7, 1e9, 4e10, 0.35, 0.8)",
    site_cost_usd(5e7, 1e9, 4e10, 0.35, 0.8),
    low=1e7,
    high=1e13,
    unit="USD",
)
check.same("the known site costs what it cost", site_cost_usd(1e9, 1e9, 4e10, 0.35, 0.8), 4e10)
check.same("an exponent of 1 is no scale economy", site_cost_usd(5e7, 1e9, 4e10, 0.35, 1.0), 2e9)
check.same("a site that is all accelerators", site_cost_usd(5e7, 1e9, 4e10, 0.0, 0.5), 2e9)
check.rising(
    "a larger site costs more",
    lambda w: site_cost_usd(w, 1e9, 4e10, 0.35, 0.8),
    [1e7, 5e7, 1e9, 3e9],
)
check.ok("site_cost_usd: linear where it should be")
### BEGIN HIDDEN TESTS
_rng = np.random.default_rng(8)
for _ in range(20):
    _w, _ref = float(_rng.uniform(1e7, 3e9)), float(_rng.uniform(2e8, 2e9))
    _usd, _s, _b = (
        float(_rng.uniform(1e9, 8e10)),
        float(_rng.uniform(0.2, 0.5)),
        float(_rng.uniform(0.6, 0.95)),
    )
    _k = _w / _ref
    _want = _usd * (_s * _k**_b + (1 - _s) * _k)
    check.agrees(
        f"{_w / 1e6:,.0f} MW, scaled from {_ref / 1e6:,.0f} MW", site_cost_usd(_w, _ref, _usd, _s, _b), _want,
        hints={_usd * _k**_b / _want: "accelerators are bought by the piece: only the built share has the exponent",
               _usd * (_k * _s + (1 - _s) * _k**_b) / _want: "the exponent belongs to the built share, not to the rest",
               1 / _k: "that is a cost per watt: the site has power_w of them",
               _usd * (_s * _k**_b + (1 - _s)) / _want: "what is bought by the chip grows with the power"},
    )  # fmt: skip
### END HIDDEN TESTS

# %% tags=["explore"]
# explore: the lecture's 50 MW (28:27)
campus = infra.campus_capex(case.power_w)
exponent = facts.value("datacenter-capex/scale-exponent")
sizes_w = np.geomspace(case.power_w, 20 * MEGAWATT, 40)


def per_w(size_w, b):
    return site_cost_usd(size_w, case.power_w, campus.total_usd, campus.built_share, b) / size_w


small_w = case.power_w / case.sites
dearer = per_w(small_w, exponent) / per_w(case.power_w, exponent) - 1
axes = plots.sweep(
    sizes_w / MEGAWATT,
    {
        f"exponent {b:g}": [per_w(w, b) for w in sizes_w]
        for b in (exponent.low, float(exponent), exponent.high)
    },
    claim=f"A watt at {small_w / MEGAWATT:.0f} MW costs {dearer:.0%} more than at {case.power_w / MEGAWATT:,.0f} MW",
    x_label="power of the site (MW)",
    y_label="USD per watt, accelerators included",
    log="x",
)
plots.show(
    axes,
    "Cost per watt over the size of a site: three falling lines that meet at a gigawatt, steeper for a smaller exponent.",
)
print(
    f"of which built on the site at a gigawatt: {campus.built_share:.0%}; the rest has no scale economy"
)
print(facts.sources(exponent))

# %% [markdown] nbgrader={"grade": false, "grade_id": "edge_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## 9 · Build: when nearness is worth its price
#
# Say demand goes with the time to first token $T$ to a power: $T^{-\varepsilon}$, so that one per cent
# more waiting loses $\varepsilon$ per cent of revenue. A nearer site saves `saved_s` of $T$ and costs
# `extra_cost_share` of today's revenue more. Write the $T$, **as it is before the saving**, at which the
# revenue gained just pays the extra cost. A slower service does not notice its distance. If
# nearness costs nothing, it always pays: return `math.inf`.
#
# *Think of:* users who care very much; a saving twice as large; a free edge.


# %% nbgrader={"grade": false, "grade_id": "edge_break_even_ttft_s", "locked": false, "schema_version": 3, "solution": true, "task": false}
def edge_break_even_ttft_s(saved_s, extra_cost_share, elasticity):
    """Time to first token below which a nearer site pays.

    Parameters
    ----------
    saved_s : float
        What nearness saves [s].
    extra_cost_share : float
        Extra yearly cost over yearly revenue, at least 0.
    elasticity : float
        Per cent of revenue for each per cent of time to first token, above 0.

    Returns
    -------
    float
        Seconds, above `saved_s`; infinite for a free edge.
    """
    ### BEGIN SOLUTION
    if extra_cost_share == 0:
        return math.inf
    # (T / (T − s))^ε = 1 + c
    return saved_s / (1 - (1 + extra_cost_share) ** (-1 / elasticity))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_edge_break_even_ttft_s", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check.number(
    "edge_break_even_ttft_s(0.02, 0.05, 0.3)",
    edge_break_even_ttft_s(0.02, 0.05, 0.3),
    low=0.02,
    high=10,
    unit="s",
)
check.same("a free edge always pays", edge_break_even_ttft_s(0.02, 0.0, 0.3), math.inf)
check.same(
    "twice the saving, twice the time",
    edge_break_even_ttft_s(0.04, 0.05, 0.3),
    2 * edge_break_even_ttft_s(0.02, 0.05, 0.3),
)
check.rising(
    "impatient users make it pay for slower services",
    lambda e: edge_break_even_ttft_s(0.02, 0.05, e),
    [0.1, 0.3, 1.0],
)
check.rising("a cheaper edge, too", lambda x: edge_break_even_ttft_s(0.02, 0.1 / x, 0.3), [1, 2, 5])
check.ok("edge_break_even_ttft_s: limits and directions")
### BEGIN HIDDEN TESTS
_rng = np.random.default_rng(9)
for _ in range(20):
    _s, _c, _e = (
        float(_rng.uniform(0.005, 0.08)),
        float(_rng.uniform(0.02, 0.3)),
        float(_rng.uniform(0.2, 2)),
    )
    _want = _s / (1 - (1 + _c) ** (-1 / _e))
    check.agrees(
        f"{1000 * _s:.0f} ms saved for {_c:.0%} of revenue, elasticity {_e:.2f}",
        edge_break_even_ttft_s(_s, _c, _e), _want,
        hints={_e * _s / _c / _want: "the straight line holds only for small savings: solve the power law",
               _s / ((1 + _c) ** (1 / _e) - 1) / _want: "that is the time after the saving; it was asked for before",
               _s / (1 - (1 + _c) ** (-_e)) / _want: "take the root, 1/elasticity, to undo the power",
               _s / (1 - (1 - _c) ** (1 / _e)) / _want: "revenue has to rise to 1 + c, not fall to 1 − c"},
    )  # fmt: skip
### END HIDDEN TESTS

# %% tags=["explore"]
# explore: cold and warm against the distance (lecture, 29:20)
saved_s = case.round_trip_s(1) - case.round_trip_s(case.sites)
revenue = facts.value(
    "compute-revenue/openai-exit-rate-revenue-per-power-2025"
)  # USD a year and watt
yearly = dict(
    capex_usd_per_w=campus.usd_per_facility_w, built_share=campus.built_share, scale_exponent=exponent,
    rate=facts.value("datacenter-capex/rate"), it_life_years=facts.value("datacenter-capex/life-it"),
    site_life_years=facts.value("datacenter-capex/life-facility"),
)  # fmt: skip
owning = {n: case.usd_per_year(sites=n, capacity=1.0, **yearly) for n in (1, case.sites)}
extra = (owning[case.sites] - owning[1]) / (revenue * case.power_w)
patience = np.geomspace(0.02, 3, 60)
waits_s = {"as it is": case.wait_s(1), "all contexts warm": case.wait_s(1, kept_share=0.999)}
turns = {
    name: float(
        np.interp(wait, [edge_break_even_ttft_s(saved_s, extra, e) for e in patience], patience)
    )
    for name, wait in waits_s.items()
}
axes = plots.sweep(
    patience,
    {"the edge pays below": [edge_break_even_ttft_s(saved_s, extra, e) for e in patience]}
    | {name: np.full(patience.shape, wait) for name, wait in waits_s.items()},
    claim=f"Warm contexts lower the impatience at which nearness pays from {turns['as it is']:.1f} to {turns['all contexts warm']:.2f}",
    x_label="elasticity: per cent of revenue for a per cent of waiting",
    y_label="time to first token (s)",
    log="xy",
)
plots.show(
    axes,
    "Break-even time to first token over elasticity, rising, with two level lines for the wait as it is and with all contexts warm.",
)
measured = facts.value("serving/latency-elasticity")
print(
    f"{case.sites} sites save {format_si(saved_s, 's')} of {format_si(waits_s['as it is'], 's')} and cost {extra:.1%} of revenue more a year, for their size alone"
)
print(
    f"the elasticity that web experiments suggest: {measured:g} ({measured.low:g} to {measured.high:g})"
)
print(
    facts.sources(
        revenue, measured, yearly["rate"], yearly["it_life_years"], yearly["site_life_years"]
    )
)

# %% [markdown] nbgrader={"grade": false, "grade_id": "explain_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Explain the gap
#
# In 150 to 300 words, with numbers from your case:
#
# 1. *Inference is spiky* (27:44). Erlang's formula says that a large fleet hardly notices chance, yet
#    your simulated slice needed more machines than its throughput. What makes the difference?
#    Which spikes does pooling remove, which does it leave, and what removes those?
# 2. *Caches, flash and disks will come* (34:08). For which models and contexts does a tier pay, and what
#    does it do to the argument that distance is small beside 400 to 500 ms (29:20)?

# %% [markdown] nbgrader={"grade": true, "grade_id": "explain", "locked": false, "points": 5, "schema_version": 3, "solution": true, "task": false}
# See the rubric for a strong and a weak answer.

# %% [markdown] nbgrader={"grade": false, "grade_id": "decide_text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Decide
#
# You build a gigawatt for the service of your case:
#
# - **one campus**;
# - **sites apart**: twenty of 50 MW, each for its own region, each with its part of the memory;
# - **sites linked**: the same twenty, which forward a request to whoever is idle or has its context.
#
# The next cells compute yearly revenue less the yearly cost of owning, the same way for everyone;
# they do not use your functions. Left out: energy, staff, and how soon each gets its power.

# %% nbgrader={"grade": false, "grade_id": "decide_model", "locked": true, "schema_version": 3, "solution": false, "task": false}
inputs = {
    "usd_per_w_year": facts.value("compute-revenue/openai-exit-rate-revenue-per-power-2025"),
    "elasticity": facts.value("serving/latency-elasticity"),
    "amplitude": facts.value("infrastructure/daily-amplitude"),
    "staffing_quality": facts.value("infrastructure/staffing-quality"),
    "correlation": 0.0,
    "forwarded_share": facts.value("serving/forwarded-share"),
    "shared_share": case.shared_share,
    "kept_share": case.kept_share,
    "capex_usd_per_w": infra.campus_capex(case.power_w).usd_per_facility_w,
    "built_share": infra.campus_capex(case.power_w).built_share,
    "scale_exponent": facts.value("datacenter-capex/scale-exponent"),
    "rate": facts.value("datacenter-capex/rate"),
    "it_life_years": facts.value("datacenter-capex/life-it"),
    "site_life_years": facts.value("datacenter-capex/life-facility"),
}
ranges = {
    "correlation": (0.0, 1.0),
    "shared_share": (0.0, 2 * case.shared_share),
    "kept_share": (case.kept_share / 2, 0.999),
    "usd_per_w_year": (0.5 * inputs["usd_per_w_year"], 2 * inputs["usd_per_w_year"]),
}
print(facts.sources(*(x for x in inputs.values() if isinstance(x, facts.Fact))))


def net_usd_per_year(option, **given):
    """Revenue less owning of one option [USD/yr]."""
    return case.net_usd_per_year(option, **given)


# %% tags=["explore"]
# explore: the three options, what the choice hangs on, and where it turns
options = ("one campus", "sites apart", "sites linked")
net = {option: net_usd_per_year(option, **inputs) for option in options}
for option, usd in net.items():
    print(f"{option:13s} {format_usd(usd):>10s} a year")
best, rival, _ = sorted(net, key=net.get, reverse=True)


def lead(**given):
    return net_usd_per_year(best, **given) - net_usd_per_year(rival, **given)


searched = {"elasticity": (0, 5), "forwarded_share": (0, 1), "shared_share": (0, 1), "kept_share": (0.05, 0.999),
            "scale_exponent": (0.5, 1), "amplitude": (0, 1)}  # fmt: skip
worlds = {
    "as it is": inputs,
    "perfect network, all contexts warm": inputs | {"forwarded_share": 1.0, "kept_share": 0.999},
}
worlds["the same, as cheap to build"] = worlds["perfect network, all contexts warm"] | {
    "scale_exponent": 1.0
}
for world, given in worlds.items():
    flips = {name: decision.flip_value(lead, given, name, *ends) for name, ends in searched.items()}
    turning = [f"{name} = {x:.3g}" for name, x in flips.items() if not math.isnan(x)]
    print(
        f"{world}: lead of “{best}” over “{rival}” {format_usd(lead(**given))}; turns at {' or '.join(turning) or 'no value searched'}"
    )

frame = decision.tornado(lead, inputs, ranges)
axes = plots.tornado(frame, claim=f"What the lead of “{best}” over “{rival}” hangs on",
                     x_label="lead, USD a year", base=lead(**inputs))  # fmt: skip
plots.show(
    axes,
    f"Tornado chart: how far each input moves the yearly lead of {best} over {rival}; the widest bars are {', '.join(frame.index[:2])}.",
)

# %% [markdown] nbgrader={"grade": false, "grade_id": "decide_ask", "locked": true, "schema_version": 3, "solution": false, "task": false}
# In 150 to 300 words: which one do you build, and why? Name the number, or the pair of numbers, at
# which you would choose differently, and say how you would find out its true value before pouring
# concrete. What would small models that run near their users (29:40), or a grid that connects 50 MW
# years before a gigawatt, do to your choice? Then judge the source: who gains when listeners believe
# that scale decides?

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
    "chance_percent": 100 * chance,
    "machines": machines,
    "reload_bytes_per_s": reload_at,
    "dearer_percent": 100 * dearer,
}
score = check.calibration(predictions, outcomes)
print(score.to_string(float_format=lambda x: f"{x:.3g}"))
print(
    f"{score['inside'].sum()} of {len(score)} inside; mean score {score['score'].mean():.2f} decades"
)
