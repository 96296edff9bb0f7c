"""Queues with a formula, against published tables, exact arithmetic, integrals and limits."""

import decimal
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from supercycle.cluster import Fleet, Replica, Station, StepTime, arrivals, simulate, staffing
from supercycle.cluster import queueing as q
from supercycle.cluster.sweep import interval


def exact_erlang_b(servers, load):
    """The recursion every textbook proves, ``1/B(c) = 1 + (c/a)/B(c − 1)``, with 60 digits."""
    with decimal.localcontext(prec=60):
        inverse, a = decimal.Decimal(1), decimal.Decimal(float(load))
        for c in range(1, servers + 1):
            inverse = 1 + c / a * inverse
        return float(1 / inverse)


@pytest.mark.parametrize(
    ("lines", "erlangs"),
    [(1, 0.0101), (2, 0.153), (3, 0.455), (5, 1.36), (10, 4.46), (20, 12.0), (50, 37.9), (100, 84.1)],
)  # fmt: skip
def test_one_call_in_a_hundred_is_lost_at_the_loads_of_the_published_table(lines, erlangs):
    # Any printed Erlang B table, column 1 %: three digits. At 15 lines, 8.108 erlangs
    # (https://erlang.com/calculatormanual/howmuchtrafficcanatrunkgrouphandle.htm).
    assert q.erlang_b_probability(lines, erlangs) == pytest.approx(0.01, rel=0.03)
    assert q.erlang_b_probability(15, 8.108) == pytest.approx(0.01, abs=1e-6)


@given(st.integers(1, 3000), st.floats(0.01, 4000))
def test_erlang_b_equals_the_recursion_in_sixty_digits(servers, load):
    exact = exact_erlang_b(servers, load)
    assert q.erlang_b_probability(servers, load) == pytest.approx(exact, rel=1e-10, abs=1e-300)


@pytest.mark.parametrize("load", [0.999e6, 1e6 - 1, 1e6, 1e6 + 1, 1.001e6, 3e6])
def test_a_million_servers_agree_with_the_integral(load):
    # 1/B = ∫ a·e^(−at)·(1 + t)^c dt (Jagerman 1974), with t = u/√c and tools that are not ours.
    c = 1_000_000
    width = 1 / math.sqrt(c)

    def integrand(u):
        t = u * width
        return load * width * math.exp(c * math.log1p(t) - load * t)

    peak = max(0.0, (c / load - 1) / width)
    end = 60 / (load - c) / width if load > 2 * c else peak + 12
    inverse, _ = quad(integrand, 0, end, points=[peak] if peak else None, limit=400,
                      epsrel=1e-11)  # fmt: skip
    assert q.erlang_b_probability(c, load) == pytest.approx(1 / inverse, rel=1e-8)


def test_one_server_waits_as_often_as_it_is_busy():
    load = np.linspace(0, 0.999, 50)
    np.testing.assert_allclose(q.erlang_c_probability(1, load), load, rtol=1e-12)


@given(st.integers(1, 400), st.floats(0.01, 0.99))
def test_erlang_c_equals_the_balance_equations(servers, rho):
    # p_{k+1} = p_k·a/min(k + 1, c), summed until nothing is left.
    a = rho * servers
    p = [1.0]
    for k in range(1, servers + int(40 / -math.log(rho)) + 2):
        p.append(p[-1] * a / min(k, servers))
        if p[-1] > 1e200:
            p = [x * 1e-200 for x in p]
    p = np.array(p) / sum(p)
    queue = q.mmc(a, 1.0, servers)
    assert queue.wait_probability == pytest.approx(p[servers:].sum(), rel=1e-9)
    assert queue.present_count == pytest.approx(p @ np.arange(len(p)), rel=1e-9)


def test_tables_of_kleinrocks_single_server():
    # Kleinrock (1975), §3.2: N = ρ/(1 − ρ); T = (1/μ)/(1 − ρ).
    rho = np.array([0.1, 0.5, 0.9])
    np.testing.assert_allclose(q.mm1(rho, 1.0).present_count, [1 / 9, 1, 9], rtol=1e-12)
    np.testing.assert_allclose(q.mm1(rho * 2, 0.5).stay_s, 0.5 / (1 - rho), rtol=1e-12)


@given(st.floats(0.01, 0.99), st.floats(0.01, 100))
def test_exponential_service_is_the_general_formula_at_cv_one_and_constant_waits_half(rho, service):
    m, g, d = q.mm1(rho / service, service), q.mg1(rho / service, service, service_cv=1), q.md1(
        rho / service, service
    )  # fmt: skip
    assert g.wait_s == pytest.approx(m.wait_s, rel=1e-9)
    assert d.wait_s == pytest.approx(m.wait_s / 2, rel=1e-9)


@given(st.floats(0, 0.999), st.integers(1, 10_000), st.floats(1e-3, 1e3))
def test_littles_law_holds_in_every_queue(rho, servers, service):
    rate = rho * servers / service
    for queue in (q.mmc(rate, service, servers), q.mg1(rho / service, service, service_cv=3)):
        lam = queue.present_count / queue.stay_s
        assert queue.waiting_count == pytest.approx(lam * queue.wait_s, rel=1e-9, abs=1e-12)
        busy = queue.present_count - queue.waiting_count
        assert busy == pytest.approx(lam * service, rel=1e-6, abs=1e-9)


@given(st.floats(0.05, 0.98), st.integers(1, 200), st.floats(0.5, 0.9999))
def test_the_quantile_of_the_wait_is_where_the_tail_says(rho, servers, share):
    queue = q.mmc(rho * servers, 1.0, servers)
    t = q.mmc_wait_quantile_s(share, rho * servers, 1.0, servers)
    tail = queue.wait_probability * math.exp(-(servers - rho * servers) * t)
    assert tail == pytest.approx(min(1 - share, queue.wait_probability), rel=1e-6)


def test_the_mean_wait_is_the_area_under_the_quantiles():
    shares = (np.arange(200_000) + 0.5) / 200_000
    waits = q.mmc_wait_quantile_s(shares, 8.0, 1.0, 10)
    assert waits.mean() == pytest.approx(q.mmc(8.0, 1.0, 10).wait_s, rel=1e-4)


@pytest.mark.parametrize("rho", [0.2, 0.5, 0.8, 0.95])
@pytest.mark.parametrize("share", [0.5, 0.9, 0.99, 0.9999])
def test_constant_service_has_erlangs_tail(rho, share):
    # Erlang (1909): P(W ≤ t) = (1 − ρ)·Σ_{k ≤ t} (ρ(k − t))^k/k!·e^(−ρ(k − t)): alternating, so
    # with 120 digits.
    t = q.md1_wait_quantile_s(share, rho, 1.0)
    if t == 0:
        assert share <= 1 - rho
        return
    with decimal.localcontext(prec=120):
        r, x = decimal.Decimal(rho), decimal.Decimal(t)
        below = (1 - r) * sum(
            (r * (k - x)) ** k / math.factorial(k) * (-(r * (k - x))).exp() if k else (r * x).exp()
            for k in range(int(t) + 1)
        )
    assert float(below) == pytest.approx(share, abs=1e-9)


def test_constant_service_scales_with_its_length():
    assert q.md1_wait_quantile_s(0.9, 0.4, 2.0) == pytest.approx(
        2 * q.md1_wait_quantile_s(0.9, 0.8, 1.0)
    )


@given(st.floats(0.5, 5e4), st.floats(0, 5), st.floats(1e-4, 0.9))
def test_no_fewer_servers_keep_the_promise(load, wait, late):
    c = staffing.servers_for_wait_count(load, 1.0, wait_s=wait, late_share=late)

    def tail(servers):
        return q.erlang_c_probability(servers, load) * math.exp(-(servers - load) * wait)

    assert tail(c) <= late
    assert c - 1 <= load or tail(c - 1) > late


def test_large_systems_reach_halfin_and_whitts_limit():
    # Halfin & Whitt (1981), eq. 2.3; the gap closes with the root of the load.
    gaps = []
    for load in (1e2, 1e4, 1e6):
        servers = int(load + math.sqrt(load))
        gaps.append(
            q.erlang_c_probability(servers, load) / staffing.halfin_whitt_probability(1.0) - 1
        )
    assert gaps[2] == pytest.approx(0, abs=1e-3)
    np.testing.assert_allclose(np.divide(gaps[:-1], gaps[1:]), 10, rtol=0.1)
    assert staffing.halfin_whitt_probability(0.0) == 1


@given(st.floats(100, 1e5), st.floats(0.01, 0.9))
def test_the_square_root_rule_staffs_like_the_exact_formula(load, share):
    rule = staffing.square_root_staffing_count(load, wait_probability=share)
    exact = staffing.servers_for_wait_count(load, 1.0, wait_s=0.0, late_share=share)
    assert abs(rule - exact) <= 2


def test_splitting_a_fleet_costs_the_root_of_the_number_of_sites():
    # Slack β√a per site: n sites need √n times the slack of one.
    each, whole = staffing.square_root_staffing_count(np.array([1e6, 1.6e7]), wait_probability=0.01)
    assert (16 * each - 1.6e7) / (whole - 1.6e7) == pytest.approx(4, rel=1e-3)


def test_arrays_broadcast():
    queue = q.mmc(np.array([[1.0], [2.0]]), 1.0, np.array([3, 4, 5]))
    assert queue.wait_s.shape == queue.utilisation.shape == (2, 3)
    assert queue.wait_s[1, 2] == q.mmc(2.0, 1.0, 5).wait_s
    assert q.mg1(0.5, 1.0, service_cv=[0, 1]).wait_probability.shape == (2,)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: q.mm1(1.0, 1.0), "utilisation = 1: must be below 1"),
        (lambda: q.mmc(4.0, 1.0, [3, 5]), "utilisation = 1.33333"),
        (lambda: q.mg1(2.0, 1.0, service_cv=0), "utilisation = 2"),
        (lambda: q.erlang_c_probability(2.5, 1.0), "servers = 2.5"),
        (lambda: q.erlang_b_probability(0, 1.0), "servers = 0"),
        (lambda: q.erlang_b_probability(1, -1.0), "offered_load"),
        (lambda: q.erlang_b_probability(1, float("nan")), "offered_load"),
        (lambda: q.mg1(0.5, 1.0, service_cv=-1), "service_cv"),
        (lambda: q.mm1(0.5, 0.0), "service_s"),
        (lambda: q.mmc_wait_quantile_s(1.0, 0.5, 1.0), "quantile = 1.0"),
        (lambda: q.md1_wait_quantile_s(1.0, 0.5, 1.0), "quantile = 1.0"),
        (lambda: staffing.servers_for_wait_count(1.0, 1.0, wait_s=0.0, late_share=0.0), "late_share"),
        (lambda: staffing.square_root_staffing_count(1.0, wait_probability=1.0), "wait_probability = 1.0"),
    ],
)  # fmt: skip
def test_a_queue_that_cannot_be_is_refused_in_one_sentence(call, words):
    with pytest.raises(ValueError, match=words):
        call()


CUSTOMERS, RUNS = 20_000, 16
SERVICE = {
    "constant": (0.0, lambda rng, n: np.ones(n)),
    "exponential": (1.0, lambda rng, n: rng.exponential(1.0, n)),
    # A lognormal of mean 1 and cv 1.5: ln(1 + cv²) is the variance of its logarithm.
    "lognormal": (1.5, lambda rng, n: rng.lognormal(-math.log(3.25) / 2, math.sqrt(math.log(3.25)), n)),
}  # fmt: skip


def simulated_waits_s(rho, servers, service):
    """Waits in the simulator, one array a run; the first tenth, still empty, is left out."""
    waits = []
    for seed in range(RUNS):
        rng = np.random.default_rng([seed, servers])
        times = arrivals.poisson_arrivals_s(rho * servers, CUSTOMERS / (rho * servers), seed=rng)
        table = pd.DataFrame(
            {"arrival_s": times, "service_s": SERVICE[service][1](rng, times.size)}
        )
        result = simulate(table, Fleet.of(Station(slots=servers)), sample_s=1e4)
        waits.append(result.requests.queue_s.to_numpy()[times.size // 10 :])
    return waits


@pytest.mark.parametrize(
    ("rho", "servers", "service"),
    [(0.5, 1, "exponential"), (0.8, 1, "exponential"), (0.8, 8, "exponential"), (0.9, 20, "exponential"),
     (0.5, 1, "constant"), (0.8, 1, "constant"), (0.6, 1, "lognormal")],
)  # fmt: skip
def test_the_simulator_agrees_with_queueing_theory(rho, servers, service):
    # One of 1,000 such intervals misses the truth; at 7 cases with fixed seeds, none should.
    waits = simulated_waits_s(rho, servers, service)
    if service == "exponential":
        theory = q.mmc(rho * servers, 1.0, servers)
    else:
        theory = q.mg1(rho, 1.0, service_cv=SERVICE[service][0])
    mean = interval([w.mean() for w in waits], confidence=0.999)
    assert theory.wait_s in mean
    assert (mean.high - mean.low) / 2 < 0.3 * mean.mean  # an interval that says something
    if service != "lognormal":
        waited = interval([(w > 1e-9).mean() for w in waits], confidence=0.999)
        assert theory.wait_probability in waited
    if service == "lognormal":
        return
    late = interval([np.quantile(w, 0.95) for w in waits], confidence=0.999)
    if service == "constant":
        assert q.md1_wait_quantile_s(0.95, rho, 1.0) in late
    else:
        assert q.mmc_wait_quantile_s(0.95, rho * servers, 1.0, servers) in late


@pytest.mark.parametrize("spread", [0.0, 1.0])
def test_a_replica_that_serves_one_at_a_time_is_a_single_server_queue(spread):
    # Batch 1, the prompt costs nothing extra: service is output_tokens steps of 10 ms.
    replica = Replica(StepTime(base_s=0.01), kv_tokens=10**6, max_batch=1, token_budget=1024)
    means = []
    for seed in range(RUNS):
        rng = np.random.default_rng(seed)
        times = arrivals.poisson_arrivals_s(0.7, 6000 / 0.7, seed=rng)
        tokens = np.full(times.size, 100)
        if spread:
            tokens = rng.geometric(0.01, times.size)
        table = pd.DataFrame({"arrival_s": times, "input_tokens": 1, "output_tokens": tokens})
        result = simulate(table, Fleet.of(replica), sample_s=1e4)
        means.append(result.requests.queue_s.to_numpy()[600:].mean())
    cv = math.sqrt(0.99) * spread  # of a geometric number with p = 0.01
    assert q.mg1(0.7, 1.0, service_cv=cv).wait_s in interval(means, confidence=0.999)


def test_a_wrong_theory_is_noticed():
    waits = simulated_waits_s(0.8, 1, "constant")
    mean = interval([w.mean() for w in waits], confidence=0.999)
    assert q.mm1(0.8, 1.0).wait_s not in mean
    assert q.md1(0.83, 1.0).wait_s not in mean
