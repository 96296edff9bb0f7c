"""Entry with delay: where rents sit first, and where they end."""

from dataclasses import replace

import numpy as np
import pytest

from supercycle import apps
from supercycle.apps import Chain, Entry, Layer

BOTTOM, TOP = 1, 4  # chips and apps among energy, chips, infra, models, apps


def _boom(year):
    return 3.0 if year >= 1 else 1.0


def _run(years=30, *, foresight=1.0, order="upstream-first", market=_boom, delays=None, **example):
    chain, entries = apps.five_layers(order=order, **example)
    if delays is not None:
        entries = {name: replace(e, delay_years=delays) for name, e in entries.items()}
    return apps.simulate(
        chain, entries, years=years, step_years=0.5, market=market, order=order, foresight=foresight
    )


@pytest.mark.parametrize("fixed", [25.0, 100.0, 400.0])
def test_as_many_firms_live_as_free_entry_allows(fixed):
    # closed form (a − c)/√(b f) − 1
    chain = Chain((Layer("only", 10.0),), 100.0, 1.0)
    expected = apps.free_entry_firms(100.0, 10.0, 1.0, fixed)
    assert apps.free_firms(chain, "only", fixed) == pytest.approx(expected, rel=1e-6)


def test_without_delay_firms_jump_to_free_entry():
    chain = Chain((Layer("only", 10.0, 1.0),), 100.0, 1.0)
    path = apps.simulate(chain, {"only": Entry(fixed_usd_per_year=100.0)}, years=2)
    assert path.firms[0] == pytest.approx(np.full(8, 8.0), rel=1e-6)  # 90/10 − 1, by hand
    assert path.profit_usd_per_year[0] == pytest.approx(np.zeros(8), abs=1e-3)


def test_with_delay_the_first_entrants_sell_when_their_plants_open():
    chain = Chain((Layer("only", 10.0, 1.0),), 100.0, 1.0)
    path = apps.simulate(
        chain, {"only": Entry(fixed_usd_per_year=100.0, delay_years=1.0)}, years=3, step_years=0.25
    )
    assert path.firms[0][:4] == pytest.approx(np.ones(4))
    assert path.firms[0][4:] == pytest.approx(np.full(8, 8.0), rel=1e-6)


def test_an_example_at_rest_stays_at_rest():
    path = _run(years=5, market=None)
    assert path.firms[:, -1] == pytest.approx(path.firms[:, 0], rel=1e-6)
    assert np.abs(path.profit_usd_per_year).max() < 1e-6


@pytest.mark.parametrize("order", ["upstream-first", "downstream-first", "simultaneous"])
def test_at_rest_nobody_wants_in_or_out_of_any_chain(order):
    chain = Chain((Layer("a", 20.0, 3.0), Layer("b", 10.0, 2.5), Layer("c", 0.0, 7.0)), 100.0, 0.1)
    rules = apps.at_rest(chain, dict.fromkeys("abc", 0.0), order=order)
    for layer in chain.layers:
        lives = apps.free_firms(
            chain, layer.name, rules[layer.name].fixed_usd_per_year, order=order
        )
        assert lives == pytest.approx(layer.firms, rel=1e-6)


@pytest.mark.parametrize("order", ["upstream-first", "downstream-first", "simultaneous"])
def test_after_a_boom_rents_sit_first_in_the_slow_layer(order):
    path = _run(years=4, order=order)
    soon = path.years.searchsorted(2.0)
    assert path.profit_usd_per_year[:, soon].argmax() == BOTTOM
    assert path.profit_usd_per_year[TOP, soon] <= 1e-9


@pytest.mark.parametrize("order", ["upstream-first", "downstream-first", "simultaneous"])
def test_delays_alone_never_lift_profit_upward(order):
    late, at_once = _run(order=order, scarce=None), _run(order=order, scarce=None, delays=0.0)
    assert late.pool_share[:, -1] == pytest.approx(at_once.pool_share[:, -1], abs=2e-3)
    assert np.abs(late.profit_usd_per_year[:, -1]).max() < 0.01 * (
        late.operating_profit_usd_per_year[:, -1].sum()
    )


def test_a_barrier_at_the_top_keeps_profit_there():
    path = _run(barrier_share={"apps": 3.0})
    assert path.profit_usd_per_year[:, -1].argmax() == TOP
    assert path.pool_share[TOP, -1] > _run().pool_share[TOP, -1]


def test_a_barrier_at_the_bottom_keeps_profit_there():
    path = _run(barrier_share={"chips": 3.0})
    assert path.profit_usd_per_year[:, -1].argmax() == BOTTOM


def test_the_best_layer_to_hold_depends_on_the_horizon():
    path = _run(years=40, barrier_share={"models": 2.0, "apps": 3.0})
    near, far = (path.present_value_usd(0.05, h) for h in (4.0, 40.0))
    assert near.argmax() == BOTTOM
    assert far.argmax() > BOTTOM


def test_entrants_who_ignore_orders_build_a_glut_with_losses():
    blind, sighted = (_run(years=15, foresight=f, scarce=None) for f in (0.0, 1.0))
    assert blind.profit_usd_per_year[BOTTOM].min() < 0
    assert sighted.profit_usd_per_year[BOTTOM].min() > -1e-6
    assert blind.operating_profit_usd_per_year.min() > 0  # before capital nobody loses
    assert blind.price_usd[-1] < sighted.price_usd[-1]  # customers keep the glut


def test_a_bust_brings_losses_until_plants_wear_out():
    chain = Chain((Layer("only", 10.0, 8.0),), 100.0, 1.0)
    rule = {"only": Entry(fixed_usd_per_year=100.0, life_years=5.0)}
    path = apps.simulate(chain, rule, years=20, market=lambda year: 1.0 if year < 2 else 0.5)
    before, bust = path.years.searchsorted([1.75, 2.0])
    assert path.profit_usd_per_year[0, before] == pytest.approx(0, abs=1e-3)
    assert path.profit_usd_per_year[0, bust] < -300
    # half the market doubles the slope: (a − c)/√(2 f) − 1 firms are left in the end
    assert path.firms[0, -1] == pytest.approx(90 / np.sqrt(200) - 1, rel=1e-6)
    assert path.profit_usd_per_year[0, -1] == pytest.approx(0, abs=1e-3)


def test_layers_that_need_each_other_shrink_together():
    # the same bust hits a layer harder when the layers around it shrink too
    def bust(year):
        return 1.0 if year < 2 else 0.8

    chain, entries = apps.five_layers(scarce=None, life_years=5.0)
    alone = {
        name: replace(rule, life_years=5.0 if name == "apps" else np.inf)
        for name, rule in entries.items()
    }
    together, single = (
        apps.simulate(chain, rules, years=20, step_years=0.5, market=bust)
        for rules in (entries, alone)
    )
    assert together.firms[TOP, -1] < single.firms[TOP, -1] < chain.layers[TOP].firms


def test_barriers_make_hysteresis():
    # Dixit (1989): firms that a boom drew in stay when it ends, and none comes back for less
    def pulse(year):
        return 2.0 if 2 <= year < 6 else 1.0

    path = _run(years=15, scarce=None, market=pulse)
    assert path.firms[TOP, -1] > path.firms[TOP, 0] * 1.2


def test_present_value_of_a_constant_profit_is_an_annuity():
    # five years of 100 a year at 8 %, first payment now, quarterly: a geometric series by hand
    chain = Chain((Layer("only", 10.0, 1.0),), 100.0, 1.0)
    fixed = 45.0**2 - 100.0
    shut = Entry(fixed_usd_per_year=fixed, barrier_usd_per_year=1e6)
    path = apps.simulate(chain, {"only": shut}, years=10)
    ratio = np.exp(-0.08 * 0.25)
    expected = 25 * (1 - ratio**20) / (1 - ratio)
    assert path.present_value_usd(0.08, 5.0) == pytest.approx([expected], rel=1e-6)


ONE = Chain((Layer("only", 10.0),), 100.0, 1.0)
RULE = {"only": Entry(fixed_usd_per_year=100.0)}


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: Entry(fixed_usd_per_year=0), "fixed_usd_per_year"),
        (lambda: Entry(fixed_usd_per_year=1, delay_years=-1), "delay_years"),
        (lambda: apps.entry_step(1, -1), "free_entry_firms"),
        (lambda: apps.entry_step(1, 2, 0, foresight=2), "foresight"),
        (lambda: apps.free_firms(ONE, "other", 1.0), "other"),
        (lambda: apps.simulate(ONE, {}, years=1), "only"),
        (lambda: apps.simulate(ONE, RULE, years=0), "years"),
        (lambda: apps.simulate(ONE.with_layer("only", firms=np.ones(2)), RULE, years=1), "firms"),
        (lambda: apps.five_layers(scarce="sand"), "sand"),
        (lambda: apps.five_layers(barrier_share={"sand": 1.0}), "sand"),
        (lambda: apps.simulate(ONE, RULE, years=1, market=lambda year: 0.0), "market"),
        (lambda: apps.simulate(ONE, RULE, years=1).present_value_usd(-0.1), "discount_rate"),
    ],
)
def test_impossible_input_is_named(call, named):
    with pytest.raises(ValueError, match=named):
        call()
