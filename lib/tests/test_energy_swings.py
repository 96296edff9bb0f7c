"""A synchronous job's power, its ramp, and what keeps the ramp under a limit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supercycle import energy

RAMP = 10e6 / 60  # 10 MW a minute


def square(swing_w, samples=200, base_w=0.0):
    return base_w + np.where(np.arange(samples) < samples // 2, swing_w, 0.0)


def test_mean_power_is_the_time_weighted_mean_of_the_phases():
    job = energy.TrainingJob(1e5, 1000, 400, 1.5, 0.5, 200, 3.0, 10, jitter_s=0.05)
    time = (np.arange(46_000) + 0.5) / 46_000 * job.period_s * 2
    expected = 1e5 * (10 * (1.5 * 1000 + 0.5 * 400) + 3.0 * 200) / 23.0
    assert job.period_s == 23.0
    assert energy.job_power_w(job, time).mean() == pytest.approx(expected, rel=1e-6)


def test_power_repeats_and_stays_between_its_levels():
    job = energy.TrainingJob(1e5, 1000, 400, 1.0, 1.0, 100, 2.0, 3, jitter_s=0.1)
    time = np.linspace(0, job.period_s, 997)
    power = energy.job_power_w(job, time)
    np.testing.assert_allclose(power, energy.job_power_w(job, time + 5 * job.period_s), atol=1e-3)
    assert power.min() >= 1e7 * (1 - 1e-9)
    assert power.max() <= 1e8 * (1 + 1e-9)


def test_a_quarter_of_a_million_watts_apart_in_half_a_gigawatt_job():
    # Lecture, 12:12: hundreds of megawatts within moments.
    job = energy.TrainingJob.of_site(1e9, w_per_gpu=2000, step_s=2.0)
    assert 200e6 <= energy.swing_w(job) <= 900e6


def test_jitter_turns_the_edge_into_a_gaussian_slope():
    # Closed form: the largest density of a normal variable is 1/(σ√(2π)).
    job = energy.TrainingJob(1e5, 1000, 400, 1.0, 1.0, jitter_s=0.05)
    power = energy.job_power_w(job, np.arange(0, 2, 1e-4))
    assert energy.max_ramp_w_per_s(power, 1e-4) == pytest.approx(
        energy.edge_ramp_w_per_s(energy.swing_w(job), 0.05), rel=1e-5
    )


def test_the_noise_of_a_finite_fleet_grows_with_the_root_of_its_size():
    # At an edge half the machines have passed: binomial deviation ΔP·√(N/4).
    for gpus in (1e4, 1e6):
        job = energy.TrainingJob(gpus, 1000, 400, 1.0, 1.0, jitter_s=0.1)
        power = energy.job_power_w(job, np.full(20_000, 1.0), seed=1)
        assert power.std() == pytest.approx(600 * np.sqrt(gpus / 4), rel=0.03)


def test_fleet_averages_match_machines_drawn_one_by_one():
    # An independent simulation: every machine has its own moment of passing the edge.
    job = energy.TrainingJob(50_000, 1000, 400, 1.0, 1.0, jitter_s=0.1)
    passes = 1.0 + 0.1 * np.random.default_rng(3).standard_normal(50_000)
    for t in (0.85, 1.0, 1.12):
        drawn = np.where(passes <= t, 400.0, 1000.0).sum()
        assert energy.job_power_w(job, t)[0] == pytest.approx(drawn, rel=0.005)


@pytest.mark.parametrize("ramp", [RAMP, 100e6, 300e6, 600e6])
def test_the_cheapest_battery_of_a_square_wave_has_the_closed_forms_size(ramp):
    # ΔP = 300 MW, T = 2 s. Sampling lets the grid move by r·Δt in the jump: power is
    # (ΔP − r·Δt)/2 exactly; energy has no error.
    plan = energy.smooth(square(300e6), 0.01, ramp, round_trip_efficiency=1.0, dump=False)
    exact = energy.battery_periodic(300e6, 2.0, ramp)
    assert plan.battery.power_w == pytest.approx(exact.power_w - ramp * 0.01 / 2, rel=1e-7)
    assert plan.battery.energy_j == pytest.approx(exact.energy_j, rel=1e-7)


def test_the_error_of_sampling_falls_with_the_step():
    exact = energy.battery_periodic(300e6, 2.0, 600e6).power_w
    errors = [
        energy.smooth(square(300e6, n), 2 / n, 600e6, round_trip_efficiency=1.0, dump=False)
        .battery.power_w / exact - 1
        for n in (40, 80, 160)
    ]  # fmt: skip
    assert errors == pytest.approx([-0.1, -0.05, -0.025], rel=1e-6)


def test_an_unforeseen_stop_needs_the_whole_step_and_its_triangle():
    plan = energy.smooth(
        np.zeros(400), 5.0, RAMP, periodic=False, initial_w=300e6, round_trip_efficiency=1.0,
        dump=False,
    )  # fmt: skip
    exact = energy.battery_step(300e6, RAMP)
    assert plan.battery.power_w == pytest.approx(exact.power_w, rel=0.003)  # r·Δt/ΔP = 0.28 %
    assert plan.battery.energy_j == pytest.approx(exact.energy_j, rel=0.003)


def test_three_hundred_megawatts_need_kilowatt_hours_for_a_cycle_and_megawatt_hours_for_a_stop():
    # 300 MW at 10 MW/min worked by hand: 300e6·2/4 J = 41.7 kWh; 300²/(2·10) MW·min = 75 MWh.
    assert energy.battery_periodic(300e6, 2.0, RAMP).energy_j / 3.6e6 == pytest.approx(
        41.7, abs=0.1
    )
    assert energy.battery_step(300e6, RAMP).energy_j / 3.6e9 == pytest.approx(75)


@given(st.floats(1e6, 1e9), st.floats(0.1, 600))
def test_the_two_forms_of_the_periodic_battery_meet(swing, period):
    edge = 2 * swing / period
    below, above = (energy.battery_periodic(swing, period, edge * k) for k in (1 - 1e-9, 1 + 1e-9))
    assert below.energy_j == pytest.approx(above.energy_j, rel=1e-6)
    assert energy.battery_periodic(swing, period, 1e30).energy_j == pytest.approx(0, abs=1e-3)
    assert energy.battery_periodic(swing, period, 1e30).power_w == swing / 2


@settings(max_examples=15)
@given(
    st.lists(st.floats(0, 5e8), min_size=3, max_size=20), st.floats(0, 1e8), st.floats(0.5, 1),
    st.booleans(),
)  # fmt: skip
def test_every_plan_keeps_the_limit_and_balances_energy(load, ramp, efficiency, dump):
    plan = energy.smooth(load, 1.0, ramp, round_trip_efficiency=efficiency, dump=dump)
    size = max(*load, 1.0)
    step = np.diff(np.append(plan.grid_w, plan.grid_w[0]))
    assert np.abs(step).max() <= ramp + 1e-5 * size
    assert plan.grid_w.min() >= -1e-6 * size
    flow = np.asarray(load) + plan.charge_w - plan.discharge_w + plan.dump_w
    np.testing.assert_allclose(plan.grid_w, flow, atol=1e-6 * size)
    kept = np.sqrt(efficiency) * plan.charge_w.sum() - plan.discharge_w.sum() / np.sqrt(efficiency)
    assert kept == pytest.approx(0, abs=1e-4 * size)
    assert plan.stored_j.max() <= plan.battery.energy_j + 1e-5 * size
    assert (plan.charge_w + plan.discharge_w).max() <= plan.battery.power_w + 1e-5 * size


def test_losses_and_a_tighter_ramp_never_make_it_cheaper():
    costs = [energy.smooth(square(3e8, 40), 0.05, 1e7, round_trip_efficiency=e).cost_usd_per_year
             for e in (1.0, 0.9, 0.7)]  # fmt: skip
    assert costs == sorted(costs)
    costs = [energy.smooth(square(3e8, 40), 0.05, r).cost_usd_per_year for r in (1e9, 1e8, 1e7, 0)]
    assert costs == sorted(costs)


def test_free_energy_is_burnt_and_needs_no_battery():
    plan = energy.smooth(square(2e8, 40, 1e8), 0.05, 0.0, energy_price_usd_per_mwh=0.001)
    assert plan.battery.power_w == pytest.approx(0, abs=1)
    # A flat grid by burning alone: the closed form of the valleys' price.
    assert plan.burnt_usd_per_year == pytest.approx(energy.burn_usd_per_year(2e8, 0.5, 0.001))


@pytest.mark.parametrize("efficiency", [1.0, 0.85, 0.6])
def test_a_lossy_battery_behind_a_flat_grid_has_its_closed_form(efficiency):
    # Worked by hand for a square wave and r = 0. What is given is η times what is taken, and both
    # fill the swing: charge = ΔP/(1 + η), stored √η · charge · T/2, burnt (1 − η)/(1 + η) · ΔP/2.
    plan = energy.smooth(
        square(3e8, 40, 1e8), 0.05, 0.0, round_trip_efficiency=efficiency, dump=False,
        energy_price_usd_per_mwh=70,
    )  # fmt: skip
    charge = 3e8 / (1 + efficiency)
    assert plan.battery.power_w == pytest.approx(charge, rel=1e-6)
    assert plan.battery.energy_j == pytest.approx(efficiency**0.5 * charge, rel=1e-6)
    mean_burnt_mw = (1 - efficiency) * charge / 2 / 1e6
    assert plan.burnt_usd_per_year == pytest.approx(mean_burnt_mw * 8760 * 70, rel=1e-6, abs=1)


def test_a_flat_grid_is_made_by_burning_below_one_price_of_energy_and_by_a_battery_above_it():
    # Both ways cost in proportion to the valley they fill, so one price parts them:
    # crf · (c_P · ΔP/2 + c_E · ΔP · T/4) = ΔP/2 · 8760 h · price.
    crf = 0.08 / (1 - 1.08**-15)
    parting = crf * (0.3 / 2 + 0.26 * 2.0 / 4 / 3600) / (8760 / 2) * 1e6

    def plan(price):
        return energy.smooth(
            square(3e8, 40, 1e8), 0.05, 0.0, round_trip_efficiency=1.0, rate=0.08, life_years=15,
            power_usd_per_w=0.3, energy_usd_per_wh=0.26, energy_price_usd_per_mwh=price,
        )  # fmt: skip

    assert plan(0.99 * parting).battery.power_w == pytest.approx(0, abs=1)
    assert plan(1.01 * parting).battery.power_w == pytest.approx(150e6)
    assert plan(1.01 * parting).dump_w.max() == pytest.approx(0, abs=100)


def test_burning_every_valley_of_a_year_is_dearer_than_the_battery_of_the_course():
    # What the lab asks: which is dearer at the course's prices?
    plan = energy.smooth(square(300e6, 40), 0.05, RAMP)
    burning = energy.burn_usd_per_year(300e6, 0.5, 86)
    assert plan.cost_usd_per_year < burning


def test_a_rare_event_is_billed_as_often_as_it_happens():
    case = {"periodic": False, "initial_w": 3e8, "round_trip_efficiency": 0.8, "dump": True}
    once, often = (
        energy.smooth(np.full(200, 1e8), 10.0, RAMP, repeats_per_year=k, **case) for k in (0, 12)
    )
    assert once.burnt_usd_per_year == 0
    assert often.cost_usd_per_year >= once.cost_usd_per_year


def test_a_limit_that_no_solver_can_tell_from_zero_is_taken_as_zero():
    plan = energy.smooth([0.0, 0.0, 4e7], 1.0, 2.0, round_trip_efficiency=1.0, dump=False)
    assert np.ptp(plan.grid_w) == pytest.approx(0, abs=1)


def test_burning_costs_nothing_without_valleys():
    assert energy.burn_usd_per_year(3e8, 1.0, 86) == 0
    assert energy.burn_usd_per_year(3e8, 0.5, 80) == pytest.approx(150 * 8760 * 80)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: energy.TrainingJob(0, 1000, 400, 1, 1), "gpus"),
        (lambda: energy.TrainingJob(1, 1000, 400, 1, 1, 100, 0, 5), "checkpoint_s"),
        (lambda: energy.TrainingJob.of_site(1e9, w_per_gpu=2000, step_s=2, compute_share=1),
         "compute_share"),
        (lambda: energy.job_power_w(energy.TrainingJob(1, 9, 4, 1, 1, jitter_s=1), 0), "jitter_s"),
        (lambda: energy.job_power_w(energy.TrainingJob(1, 9, 4, 1, 1), np.nan), "time_s"),
        (lambda: energy.max_ramp_w_per_s([1.0], 1.0), "power_w"),
        (lambda: energy.max_ramp_w_per_s([1.0, 2.0, 3.0], 1.0, window_s=1.5), "window_s"),
        (lambda: energy.battery_step(1e8, 0), "ramp_limit_w_per_s"),
        (lambda: energy.battery_periodic(1e8, 0, 1), "period_s"),
        (lambda: energy.smooth([1.0, np.nan], 1.0, 1.0), "load_w"),
        (lambda: energy.smooth([1.0, 2.0], 1.0, 1.0, round_trip_efficiency=0),
         "round_trip_efficiency"),
        (lambda: energy.smooth([1.0, 2.0], 1.0, 1.0, initial_w=1.0), "initial_w"),
        (lambda: energy.smooth([1.0, -2.0], 1.0, 1.0), "load_w"),
        (lambda: energy.smooth([1.0, 2.0], 0.0, 1.0), "step_s"),
        (lambda: energy.smooth([1.0, 2.0], 1.0, np.nan), "ramp_limit_w_per_s"),
        (lambda: energy.smooth([1.0, 2.0], 1.0, 1.0, power_usd_per_w=-1), "power_usd_per_w"),
        (lambda: energy.smooth([1.0, 2.0], 1.0, 1.0, repeats_per_year=-1), "repeats_per_year"),
        (lambda: energy.smooth([1.0, 2.0], 1.0, 1.0, rate=-0.1), "rate"),
        (lambda: energy.burn_usd_per_year(1, 1.1, 1), "duty"),
    ],
)  # fmt: skip
def test_impossible_input_is_refused_by_name(call, name):
    with pytest.raises(ValueError, match=name):
        call()
