"""Outages and doubt: distributions with known means, drawn with a seed."""

import numpy as np
import pytest
from scipy.stats import gamma, poisson

from supercycle import chips
from supercycle.chips import Product, Stage, SupplyNetwork
from supercycle.chips.disruption import _outputs

NET = chips.network()


def made_by(**shares):
    return SupplyNetwork(
        {"fab": Stage(capacity=1.0, makers=shares)},
        {"fab": Product()},
        countries=dict.fromkeys(shares, "AAA"),
    )


def test_the_mean_loss_of_a_single_maker_is_the_compound_poisson_mean():
    # E min(1, T) with T a sum of Poisson(½) exponential outages of a fifth of a year:
    # Σ P(n) ∫₀¹ P(T > t) dt. The standard error of 20,000 draws is 0.001.
    rate, length = 0.5, 0.2
    grid = np.linspace(0, 1, 2001)
    mean = sum(
        poisson.pmf(n, rate) * np.trapezoid(gamma.sf(grid, n, scale=length), grid)
        for n in range(1, 20)
    )
    year = chips.disrupt(
        made_by(a=1.0), outages_per_year=rate, outage_years=length, draws=20_000, seed=3
    )
    assert year.expected_loss_share == pytest.approx(mean, abs=0.004)


def test_two_independent_makers_lose_as_much_on_average_and_less_in_bad_years():
    kwargs = {"outages_per_year": 0.5, "outage_years": 0.3, "draws": 20_000, "seed": 4}
    one, two = (chips.disrupt(net, **kwargs) for net in (made_by(a=1.0), made_by(a=0.5, b=0.5)))
    assert two.expected_loss_share == pytest.approx(one.expected_loss_share, abs=0.006)
    assert two.quantile(0.05) > one.quantile(0.05)
    assert two.shortfall_share(0.05) < one.shortfall_share(0.05)


def test_a_country_stops_all_its_firms_together():
    both = chips.disrupt(
        made_by(a=0.5, b=0.5), outages_per_year={"AAA": 0.5}, outage_years=0.3, draws=500, seed=5
    )
    single = chips.disrupt(
        made_by(a=1.0), outages_per_year={"a": 0.5}, outage_years=0.3, draws=500, seed=5
    )
    assert both.output == pytest.approx(single.output)
    assert set(both.lost_to) == {"AAA"}


def test_without_outages_nothing_is_lost():
    year = chips.disrupt(NET, outages_per_year=0.0, draws=10)
    assert year.output == pytest.approx(np.full(10, year.undisturbed))
    assert year.expected_loss_share == pytest.approx(0, abs=1e-9)


def test_the_loss_of_the_foundry_costs_more_than_that_of_any_memory_maker():
    year = chips.disrupt(NET, outages_per_year=0.5, outage_years=0.6, draws=1500, seed=6)
    assert max(year.lost_to, key=year.lost_to.get) == "tsmc"
    assert year.output.max() <= year.undisturbed


def test_one_programme_for_all_draws_agrees_with_a_plan_for_each():
    net = SupplyNetwork(
        {
            "a": Stage(3.0),
            "b": Stage(2.0),
            "big": Stage(inputs={"a": 2, "b": 1}),
            "small": Stage(inputs={"a": 1}),
        },
        {"big": Product(price_usd=3), "small": Product(price_usd=1)},
    )
    factors = np.random.default_rng(7).uniform(0, 1, (25, 4))
    each = [
        chips.plan(net.scaled(dict(zip(net.stages, row, strict=True))), "value_usd").value_usd
        for row in np.where(np.isfinite(net.capacities), factors, 1.0)
    ]
    assert _outputs(net, factors, "value_usd") == pytest.approx(np.array(each))


def test_a_seed_gives_the_same_years_again():
    first, again, other = (chips.disrupt(NET, draws=50, seed=s).output for s in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()


def test_quantiles_are_in_order_and_broadcast():
    year = chips.disrupt(NET, draws=300, seed=8)
    low, middle, high = year.quantile(np.array([0.05, 0.5, 0.95]))
    assert low <= middle <= high <= year.undisturbed


def test_the_published_ranges_leave_the_choke_point_open():
    odds, output = chips.choke_odds(200, seed=9)
    assert odds.sum() == pytest.approx(1)
    assert odds.index[0] == "site-power"
    assert 0.5 < odds.iloc[0] < 1  # likely, not certain
    assert np.quantile(output, 0.05) < chips.plan(NET).power_w < np.quantile(output, 0.95)
    assert (chips.choke_odds(200, seed=9)[1] == output).all()


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: chips.disrupt(NET, outages_per_year={"acme": 1}), "names 'acme'"),
        (
            lambda: chips.disrupt(NET, outages_per_year={"tsmc": -1}),
            "outages_per_year['tsmc'] = -1",
        ),
        (lambda: chips.disrupt(NET, outages_per_year={"asml": 1}), "names 'asml': must be a maker"),
        (lambda: chips.disrupt(NET, outage_years=0), "outage_years = 0"),
        (lambda: chips.disrupt(NET, draws=0), "draws = 0"),
        (lambda: chips.disrupt(NET.scaled({"hbm": 0}), draws=5), "the network makes nothing"),
        (lambda: chips.disrupt(NET, draws=5, measure="gw"), "measure = 'gw'"),
        (lambda: chips.disrupt(NET, draws=5).quantile(1.5), "q = 1.5: must be a share"),
        (lambda: chips.disrupt(NET, draws=5).shortfall_share(0), "worst = 0"),
        (lambda: chips.choke_odds(0), "draws = 0"),
    ],
)
def test_impossible_outages_are_refused(call, sentence):
    with pytest.raises(ValueError, match=r"^[^\n]+$") as refused:
        call()
    assert sentence in str(refused.value)
