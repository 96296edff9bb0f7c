"""The cheapest supply agrees with other solutions of the same problem, and its prices add up."""

import itertools
import warnings
from dataclasses import replace

import numpy as np
import pytest

from supercycle import energy, facts
from supercycle.energy.profiles import solar_share, wind_share

WEEK = 168
SOURCES = energy.technologies()
RATE = float(facts.value("energy/discount-rate-energy"))


def own_linear_programme(load_w, sources, hours, rate, carbon_price, solar, wind):
    """The same problem written again from its equations, solved by SciPy: yearly cost [USD/yr].

    Variables: capacity of each source, energy of each battery, hourly output of each source,
    hourly charge and content of each battery. In MW and MWh.
    """
    from scipy.optimize import linprog
    from scipy.sparse import lil_array

    plants = [s for s in sources if not s.storage]
    batteries = [s for s in sources if s.storage]
    n, m, k = hours, len(plants), len(batteries)
    size = m + 2 * k + n * (m + 3 * k)

    def hourly(i):  # output of plant i, or charge, discharge, content of a battery
        return m + 2 * k + n * i + np.arange(n)

    crf = lambda life: rate / (1 - (1 + rate) ** -life)  # noqa: E731
    cost, year = np.zeros(size), 8760 / n
    equal, given_equal = lil_array((n + k * n, size)), np.zeros(n + k * n)
    most, row = lil_array((n * (m + 3 * k), size)), 0
    given_equal[:n] = load_w / 1e6
    for i, plant in enumerate(plants):
        shape = {"solar": solar, "wind": wind}.get(plant.profile, np.full(n, plant.availability))
        cost[i] = 1e6 * (plant.capex_usd_per_w * crf(plant.life_years) + plant.fixed_usd_per_w_year)
        cost[hourly(i)] = year * (
            plant.variable_usd_per_mwh + carbon_price * plant.co2_kg_per_mwh / 1000
        )
        for t in range(n):
            equal[t, hourly(i)[t]] = 1
            most[row, hourly(i)[t]], most[row, i] = 1, -shape[t]
            row += 1
    for j, battery in enumerate(batteries):
        power, content = m + 2 * j, m + 2 * j + 1
        into, out, stored = (hourly(m + 3 * j + x) for x in range(3))
        way = np.sqrt(battery.round_trip_efficiency)
        cost[power] = 1e6 * (
            battery.capex_usd_per_w * crf(battery.life_years) + battery.fixed_usd_per_w_year
        )
        cost[content] = 1e6 * battery.capex_usd_per_wh * crf(battery.life_years)
        for t in range(n):
            equal[t, out[t]], equal[t, into[t]] = 1, -1
            balance = n + j * n + t
            equal[balance, stored[t]], equal[balance, stored[t - 1]] = 1, -1
            equal[balance, into[t]], equal[balance, out[t]] = -way, 1 / way
            for flow, limit in ((into, power), (out, power), (stored, content)):
                most[row, flow[t]], most[row, limit] = 1, -1
                row += 1
    answer = linprog(
        cost, A_ub=most.tocsr(), b_ub=np.zeros(most.shape[0]), A_eq=equal.tocsr(),
        b_eq=given_equal, method="highs-ds",
    )  # fmt: skip
    assert answer.success
    return answer.fun


CHEAP_BATTERY = replace(SOURCES["battery"], capex_usd_per_w=0.05, capex_usd_per_wh=0.05)
MIXES = {
    "everything": (list(SOURCES.values()), 0.0),
    "dear carbon": (list(SOURCES.values()), 300.0),
    "off grid": ([SOURCES["solar"], SOURCES["wind"], SOURCES["battery"]], 0.0),
    "sun, battery, turbine": ([SOURCES["solar"], CHEAP_BATTERY, SOURCES["gas-turbine"]], 150.0),
}


@pytest.mark.parametrize("mix", MIXES)
def test_the_cost_agrees_with_the_same_problem_written_again(mix):
    sources, carbon = MIXES[mix]
    solar, wind = solar_share(WEEK, seed=4), wind_share(WEEK, seed=5)
    load = 1e9 * (0.9 + 0.1 * np.sin(np.arange(WEEK) * 2 * np.pi / 24))
    plan = energy.cheapest_supply(
        load, sources, carbon_price_usd_per_t=carbon, profiles={"solar": solar, "wind": wind}
    )
    again = own_linear_programme(load, sources, WEEK, RATE, carbon, solar, wind)
    assert plan.cost_usd_per_year == pytest.approx(again, rel=1e-6)


def test_gas_gives_way_to_nuclear_at_the_carbon_price_of_the_screening_curve():
    # A constant load: the cheaper of two plants by cost per MWh, so one carbon price parts them.
    pair = [replace(SOURCES[name], lead_time_years=0) for name in ("gas", "nuclear")]
    per_mwh = [
        energy.lcoe_usd_per_mwh(
            s.capex_usd_per_w, rate=RATE, life_years=s.life_years, capacity_factor=s.availability,
            fixed_usd_per_w_year=s.fixed_usd_per_w_year,
            variable_usd_per_mwh=s.variable_usd_per_mwh,
        )
        for s in pair
    ]  # fmt: skip
    parting = (per_mwh[1] - per_mwh[0]) / (pair[0].co2_kg_per_mwh / 1000)
    below, above = (
        energy.cheapest_supply(1e9, pair, hours=24, carbon_price_usd_per_t=k * parting)
        for k in (0.99, 1.01)
    )
    assert below.energy_mwh_per_year["nuclear"] == 0
    assert above.energy_mwh_per_year["gas"] == 0
    assert above.cost_usd_per_mwh == pytest.approx(per_mwh[1])
    # A source with an outage needs more than the load.
    assert above.capacity_w["nuclear"] == pytest.approx(1e9 / pair[1].availability)


def test_a_peaker_runs_as_long_as_the_screening_curve_says():
    # Load falls evenly from full to nothing: the turbine takes the hours below
    # H = (F_base − F_peak)/(v_peak − v_base), textbook screening curve.
    base = energy.Technology("base", capex_usd_per_w=2.0, variable_usd_per_mwh=20, life_years=30)
    peak = energy.Technology("peak", capex_usd_per_w=0.5, variable_usd_per_mwh=90, life_years=30)
    hours = 876
    load = 1e9 * np.arange(hours, 0, -1) / hours
    plan = energy.cheapest_supply(load, [base, peak], rate=0.07)
    fixed = (base.yearly_usd_per_w(0.07) - peak.yearly_usd_per_w(0.07)) * 1e6
    share_of_year = fixed / (90 - 20) / 8760
    assert plan.capacity_w["base"] / 1e9 == pytest.approx(1 - share_of_year, abs=1.5 / hours)


def mix_of_a_week(**case):
    return energy.cheapest_supply(
        1e9, list(SOURCES.values()), hours=WEEK, seed=2, carbon_price_usd_per_t=250, **case
    )


def test_hourly_prices_pay_for_the_whole_bill_and_each_source_just_earns_its_cost():
    # Strong duality, hour by hour: what the load pays is what the system costs, and no plant
    # without a limit of its own keeps a profit.
    plan = mix_of_a_week()
    year = 8760 / WEEK
    assert 1e3 * plan.price_usd_per_mwh.sum() * year == pytest.approx(plan.cost_usd_per_year)
    built = [name for name, watts in plan.capacity_w.items() if watts > 1e3]
    assert len(built) >= 3
    for name in built:
        source = SOURCES[name]
        if source.storage:
            continue
        sold = (plan.dispatch_w[name].to_numpy() / 1e6 * plan.price_usd_per_mwh).sum() * year
        spent = plan.capacity_w[name] * source.yearly_usd_per_w(RATE)
        spent += plan.energy_mwh_per_year[name] * source.running_usd_per_mwh(250)
        assert sold == pytest.approx(spent, rel=1e-6), name


def test_what_is_delivered_is_the_load_in_every_hour():
    plan = mix_of_a_week()
    np.testing.assert_allclose(plan.dispatch_w.sum(axis=1), 1e9, rtol=1e-6)
    assert sum(plan.energy_mwh_per_year[n] for n in SOURCES if n != "battery") >= 8.76e6 * (
        1 - 1e-9
    )
    assert plan.curtailed_mwh_per_year >= 0


def test_a_battery_loses_its_round_trip_and_keeps_inside_its_size():
    sources = [SOURCES["solar"], SOURCES["wind"], SOURCES["battery"]]
    plan = energy.cheapest_supply(1e9, sources, hours=WEEK, seed=1)
    flow = plan.dispatch_w["battery"].to_numpy()
    given, taken = flow[flow > 0].sum(), -flow[flow < 0].sum()
    assert given == pytest.approx(SOURCES["battery"].round_trip_efficiency * taken, rel=1e-6)
    assert np.abs(flow).max() <= plan.capacity_w["battery"] * (1 + 1e-6)
    way = SOURCES["battery"].round_trip_efficiency ** 0.5
    content = np.cumsum(np.where(flow > 0, -flow / way, -flow * way))
    assert np.ptp(content) <= plan.storage_wh["battery"] * (1 + 1e-6)
    assert plan.storage_wh["battery"] > 0


def test_what_takes_too_long_is_not_built_and_waiting_never_costs_more():
    now, later, all_of_it = (mix_of_a_week(within_years=y) for y in (2, 5, None))
    assert {"grid", "gas", "nuclear"} <= set(now.not_yet)
    assert now.capacity_w["nuclear"] == now.capacity_w["grid"] == 0
    assert "nuclear" in later.not_yet
    assert all_of_it.not_yet == ()
    assert now.cost_usd_per_year >= later.cost_usd_per_year >= all_of_it.cost_usd_per_year


def test_a_higher_carbon_price_never_raises_emissions_nor_lowers_the_bill():
    plans = [
        energy.cheapest_supply(1e9, SOURCES, hours=48, carbon_price_usd_per_t=p)
        for p in (0, 120, 400)
    ]
    for low, high in itertools.pairwise(plans):
        assert high.co2_t_per_year <= low.co2_t_per_year * (1 + 1e-6) + 1
        assert high.cost_usd_per_year >= low.cost_usd_per_year * (1 - 1e-9)
    assert plans[-1].co2_t_per_year < plans[0].co2_t_per_year


def test_cost_scales_with_the_load_and_a_limit_binds():
    one, two = (energy.cheapest_supply(x, SOURCES, hours=24) for x in (1e9, 2e9))
    assert two.cost_usd_per_year == pytest.approx(2 * one.cost_usd_per_year)
    little_grid = replace(SOURCES["grid"], limit_w=3e8)
    plan = energy.cheapest_supply(1e9, [little_grid, SOURCES["nuclear"]], hours=24)
    assert plan.capacity_w["grid"] == pytest.approx(3e8)


def test_three_hours_at_a_time_come_close_to_the_hourly_fortnight():
    case = {"hours": 336, "seed": 3, "carbon_price_usd_per_t": 200}
    fine, coarse = (energy.cheapest_supply(1e9, SOURCES, step_h=h, **case) for h in (1, 3))
    assert coarse.cost_usd_per_mwh == pytest.approx(fine.cost_usd_per_mwh, rel=0.03)
    assert len(coarse.dispatch_w) == 112


def test_solving_says_nothing(capfd):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        energy.cheapest_supply(1e9, SOURCES, hours=48)
    seen = capfd.readouterr()
    assert seen.out == ""
    assert seen.err == ""


@pytest.mark.slow
def test_the_hourly_year_of_a_gigawatt_adds_up():
    plan = energy.cheapest_supply(1e9, carbon_price_usd_per_t=100)
    assert plan.dispatch_w.shape == (8760, 7)
    np.testing.assert_allclose(plan.dispatch_w.sum(axis=1), 1e9, rtol=1e-6)
    assert 1e3 * plan.price_usd_per_mwh.sum() == pytest.approx(plan.cost_usd_per_year, rel=1e-6)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: energy.cheapest_supply(1e9, [SOURCES["solar"]], hours=24), "solar cannot meet it"),
        (lambda: energy.cheapest_supply(1e9, [replace(SOURCES["gas"], limit_w=1e8)], hours=24),
         "gas cannot meet it"),
        (lambda: energy.cheapest_supply(1e9, within_years=0.5), "within_years = 0.5"),
        (lambda: energy.cheapest_supply(float("nan")), "load_w"),
        (lambda: energy.cheapest_supply(-1.0), "load_w"),
        (lambda: energy.cheapest_supply(0.0, hours=24), "load_w = 0"),
        (lambda: energy.cheapest_supply(1e9, hours=2.5), "hours = 2.5"),
        (lambda: energy.cheapest_supply(1e9, hours=25, step_h=3), "step_h = 3"),
        (lambda: energy.cheapest_supply([1e9] * 24, hours=48), "hours = 48"),
        (lambda: energy.cheapest_supply(1e9, [], hours=24), "sources = []"),
        (lambda: energy.cheapest_supply(1e9, [SOURCES["gas"]] * 2, hours=24), "each name once"),
        (lambda: energy.cheapest_supply(1e9, hours=24, carbon_price_usd_per_t=-1),
         "carbon_price_usd_per_t"),
        (lambda: energy.cheapest_supply(1e9, hours=24, rate=-0.1), "rate"),
        (lambda: energy.cheapest_supply(1e9, hours=24, profiles={"solar": [0.5]}),
         "profiles['solar'] has shape (1,)"),
        (lambda: energy.cheapest_supply(1e9, hours=24, profiles={"wind": [2.0] * 24}),
         "profiles['wind']"),
        (lambda: replace(SOURCES["gas"], capex_usd_per_w=-1), "capex_usd_per_w"),
        (lambda: replace(SOURCES["gas"], availability=0), "availability"),
        (lambda: replace(SOURCES["gas"], profile="tide"), "profile = 'tide'"),
        (lambda: replace(SOURCES["battery"], round_trip_efficiency=1.2), "round_trip_efficiency"),
        (lambda: replace(SOURCES["battery"], profile="solar"), "a storage has none"),
    ],
)  # fmt: skip
def test_impossible_input_is_refused_in_one_sentence(call, sentence):
    with pytest.raises(ValueError, match=r"^[^\n]+$") as refused:
        call()
    assert sentence in str(refused.value)
