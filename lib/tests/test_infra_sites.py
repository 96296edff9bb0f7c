"""Edge or campus: pooling against exact queues, distance against geometry and a real cable."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from supercycle import facts, infra

SHARES = st.floats(0, 1)


def erlang_c(servers, load):
    """Chance of waiting in M/M/c, by the recursion of Erlang's loss formula."""
    blocking = 1.0
    for n in range(1, servers + 1):
        blocking = load * blocking / (n + load * blocking)
    return blocking / (1 - load / servers * (1 - blocking))


def servers_for(load, wait_chance):
    low, high = int(load) + 1, int(load + 20 * np.sqrt(load) + 20)
    while low < high:
        middle = (low + high) // 2
        if erlang_c(middle, load) <= wait_chance:
            high = middle
        else:
            low = middle + 1
    return low


def test_square_root_staffing_is_what_erlangs_formula_asks_for():
    # Halfin and Whitt (1981): β gives a chance of waiting 1/(1 + β Φ(β)/φ(β)): 0.223 at β = 1.
    for load in (100, 1_000, 10_000):
        exact = servers_for(load, 0.2233)
        spare = (infra.staffed_slots(load, quality=1.0) - load) / (exact - load)
        assert spare == pytest.approx(1, abs=0.12 if load < 500 else 0.04)


def test_separate_exact_queues_lose_what_the_penalty_says():
    load, sites, wait = 20_000, 20, 0.2233
    pooled = servers_for(load, wait)
    apart = sites * servers_for(load // sites, wait)
    penalty = infra.pooling_penalty_share(sites, load, quality=1.0)
    assert penalty == pytest.approx(apart / pooled - 1, rel=0.05)


def test_twenty_sites_of_a_gigawatt_lose_six_tenths_of_a_per_cent():
    # (√20 − 1) √300,000 / (300,000 + √300,000) = 0.63 %.
    assert infra.pooling_penalty_share(20, 3e5, quality=1.0) == pytest.approx(0.0063, abs=5e-5)


def test_correlated_sites_pool_what_a_simulation_of_correlated_loads_shows():
    rng = np.random.default_rng(0)
    sites, load, rho, quality = 8, 4000.0, 0.3, 1.5
    each = load / sites
    common, own = rng.standard_normal((1, 200_000)), rng.standard_normal((sites, 200_000))
    loads = each + np.sqrt(each) * (np.sqrt(rho) * common + np.sqrt(1 - rho) * own)
    pooled = load + quality * loads.sum(axis=0).std()
    apart = load + quality * loads.std(axis=1).sum()
    penalty = infra.pooling_penalty_share(sites, load, quality=quality, correlation=rho)
    assert penalty == pytest.approx(apart / pooled - 1, rel=0.02)


@given(st.integers(1, 1000), st.floats(1, 1e7), st.floats(0, 5), SHARES, st.floats(0.1, 10))
def test_pooling_has_its_limits(sites, load, quality, rho, dispersion):
    case = {"quality": quality, "dispersion": dispersion}
    assert infra.pooling_penalty_share(1, load, correlation=rho, **case) == 0
    assert infra.pooling_penalty_share(sites, load, correlation=1.0, **case) == pytest.approx(
        0, abs=1e-12
    )
    here = infra.pooling_penalty_share(sites, load, correlation=rho, **case)
    assert here >= -1e-12
    assert infra.pooling_penalty_share(sites + 1, load, correlation=rho, **case) >= here - 1e-12
    assert infra.pooling_penalty_share(sites, load, **case) >= here - 1e-12


def test_a_wave_around_the_world_matters_far_more_than_chance():
    # Coast to coast of the United States: three hours.
    swing = float(facts.value("infrastructure/daily-amplitude"))
    wave = infra.phase_penalty_share(swing, np.linspace(0, 3, 20))
    world = infra.phase_penalty_share(swing, [0, 8, 16])
    chance = infra.pooling_penalty_share(20, 3e5, quality=1.0)
    assert wave > chance
    assert world > 50 * chance


@given(SHARES, st.lists(st.floats(0, 24), min_size=1, max_size=12))
def test_the_pooled_wave_is_the_sum_of_the_waves(amplitude, hours):
    t = np.linspace(0, 24, 20_001)[:, None]
    pooled = (1 + amplitude * np.cos(2 * np.pi * (t - np.array(hours)) / 24)).mean(axis=1).max()
    penalty = infra.phase_penalty_share(amplitude, hours)
    assert penalty == pytest.approx((1 + amplitude) / pooled - 1, abs=1e-6)


def test_light_takes_five_microseconds_a_kilometre_of_fibre():
    # Corning, SMF-28: group index 1.4682, so 4.90 µs/km one way.
    assert infra.round_trip_s(1e3, route_factor=1.0) / 2 == pytest.approx(4.90e-6, rel=1e-3)


def test_the_fastest_atlantic_cable_is_a_tenth_above_the_limit():
    # New York - London, great circle 5,570 km; Hibernia Express: under 58.95 ms for the round trip.
    limit = infra.round_trip_s(5_570e3, route_factor=1.0)
    measured = float(facts.value("infrastructure/express-cable-rtt"))
    assert limit < measured < 1.1 * limit


def test_the_mean_distance_is_that_of_users_around_a_site():
    rng = np.random.default_rng(0)
    area = 1e12
    users = np.sqrt(rng.uniform(0, 1, 400_000) * area / np.pi)  # radius in a disc
    assert infra.mean_distance_m(1, area) == pytest.approx(users.mean(), rel=0.005)
    # Twenty-five sites on a square grid: 0.3826 times their spacing, 1.7 % above the disc.
    side = np.sqrt(area / 25)
    x, y = rng.uniform(-side / 2, side / 2, (2, 400_000))
    square = np.hypot(x, y).mean()
    assert 1 < square / infra.mean_distance_m(25, area) < 1.03


@given(st.floats(1e-4, 0.2), st.floats(1e-4, 2), st.floats(0.05, 3))
def test_below_the_break_even_nearness_pays_and_above_it_does_not(saved, cost, elasticity):
    limit = infra.edge_break_even_ttft_s(saved, cost, elasticity)
    assert limit >= saved
    for factor, pays in ((1.01, False), (0.99, True)):
        ttft = limit * factor
        if ttft > saved * (1 + 1e-9):
            gain = (ttft / (ttft - saved)) ** elasticity - 1
            assert (gain > cost) == pays


def test_break_even_limits():
    assert infra.edge_break_even_ttft_s(0.03, 0.0, 0.1) == np.inf
    assert infra.edge_break_even_ttft_s(0.03, 0.1, 0.0) == 0.03
    assert infra.edge_break_even_ttft_s(0.03, 1e12, 0.5) == pytest.approx(0.03)
    assert infra.edge_break_even_ttft_s(0.0, 0.1, 0.5) == 0


def test_twenty_sites_save_a_dozen_milliseconds_and_cost_a_quarter_more():
    edge = infra.compare_sites(1e9, np.array([1, 20]))
    assert edge.cost_ratio[0] == 1
    assert edge.saved_s[0] == 0
    assert edge.cost_ratio[1] == pytest.approx(1.28, abs=0.01)
    assert edge.saved_s[1] == pytest.approx(0.0122, abs=2e-4)
    ttft = float(facts.value("serving/lecture-ttft"))
    assert edge.saved_s[1] / ttft < 0.03
    assert (edge.total_ratio >= edge.cost_ratio).all()


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: infra.staffed_slots(-1, quality=1), "load_slots"),
        (lambda: infra.pooling_penalty_share(0, 10, quality=1), "sites"),
        (lambda: infra.pooling_penalty_share(2, 0, quality=1), "load_slots"),
        (lambda: infra.pooling_penalty_share(2, 10, quality=1, correlation=1.1), "correlation"),
        (lambda: infra.phase_penalty_share(1.5, [0]), "amplitude"),
        (lambda: infra.phase_penalty_share(0.5, []), "hours_apart"),
        (lambda: infra.phase_penalty_share(0.5, [np.nan]), "hours_apart"),
        (lambda: infra.round_trip_s(-1), "distance_m"),
        (lambda: infra.round_trip_s(1, route_factor=0.9), "route_factor"),
        (lambda: infra.mean_distance_m(0, 1), "sites"),
        (lambda: infra.mean_distance_m(1, 0), "area_m2"),
        (lambda: infra.edge_break_even_ttft_s(-1, 0.1, 0.1), "saved_s"),
        (lambda: infra.compare_sites(0, 3), "power_w"),
        (lambda: infra.compare_sites(1e9, 0), "sites"),
    ],
)
def test_impossible_input_is_refused_by_name(call, named):
    with pytest.raises(ValueError, match=named):
        call()
