"""Who keeps the profit: layers of Cournot firms."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq, minimize_scalar

from supercycle import apps
from supercycle.apps import Chain, Layer

ORDERS = ("upstream-first", "downstream-first", "simultaneous")


def _chain(firms, costs=None, **demand):
    costs = costs or [0.0] * len(firms)
    layers = [
        Layer(f"l{i}", cost_usd=c, firms=n)
        for i, (n, c) in enumerate(zip(firms, costs, strict=True))
    ]
    return Chain(tuple(layers), **({"intercept_usd": 100.0, "slope_usd": 1.0} | demand))


# closed forms


def test_spengler_two_monopolies_earn_two_to_one():
    # Spengler (1950): quantity A/4b, profits A²/8b and A²/16b, against A²/4b when merged
    a, b = 100.0, 2.0
    result = apps.solve(_chain([1, 1], intercept_usd=a, slope_usd=b))
    assert result.quantity == pytest.approx(a / (4 * b))
    assert result.operating_profit_usd_per_year == pytest.approx([a**2 / (8 * b), a**2 / (16 * b)])


def test_five_layers_of_three_firms_share_33_25_18_14_10():
    # geometric with ratio 3/4 from the layer that moves first
    share = apps.solve(_chain([3] * 5)).pool_share
    assert share == pytest.approx(0.75 ** np.arange(5) / (0.75 ** np.arange(5)).sum())
    assert (100 * share).round().tolist() == [33, 25, 18, 14, 10]


def test_one_layer_is_textbook_cournot():
    # Cournot (1838): Q = n/(n+1) · (a − c)/b, margin (a − c)/(n + 1)
    n = np.array([1.0, 2.0, 5.0, 40.0])
    result = apps.solve(Chain((Layer("only", 40.0, n),), 100.0, 0.5))
    assert result.quantity == pytest.approx(n / (n + 1) * 120)
    assert result.margin_usd[0] == pytest.approx(60 / (n + 1))
    assert result.margin_usd[0] == pytest.approx(apps.cournot_margin_usd(100.0, 40.0, n))


@pytest.mark.parametrize("order", ORDERS)
def test_infinitely_many_firms_earn_nothing_and_customers_get_it_all(order):
    result = apps.solve(_chain([np.inf] * 3, [5.0, 10.0, 5.0]), order=order)
    assert result.margin_usd == pytest.approx([0, 0, 0])
    assert result.price_usd == pytest.approx(20)
    assert result.consumer_surplus_usd_per_year == pytest.approx(80**2 / 2)


def test_simultaneous_monopolies_are_cournots_complements():
    # Cournot (1838), ch. IX: k monopolists of complements, price k/(k+1) of the intercept
    result = apps.solve(_chain([1, 1, 1]), order="simultaneous")
    assert result.price_usd == pytest.approx(75)
    assert result.pool_share == pytest.approx([1 / 3] * 3)


# an independent numerical equilibrium: every firm tries quantities


def _downstream_quantity(w, n, a, b, c):
    """Sum of the quantities that solve all downstream firms' first-order conditions."""
    q = np.linalg.solve(b * (np.ones((n, n)) + np.eye(n)), np.full(n, a - w - c))
    return max(0.0, q.sum())


def _numerical_nash(n_up, n_down, a, b, c_up, c_down):
    """Upstream firms choose quantities facing the price that clears the downstream market."""

    def wholesale(quantity):
        return brentq(
            lambda w: _downstream_quantity(w, n_down, a, b, c_down) - quantity, -10 * a, a - c_down
        )

    q = 0.1 * (a - c_up - c_down) / b / n_up
    for _ in range(60):
        others = (n_up - 1) * q
        best = minimize_scalar(
            lambda mine, others=others: -(wholesale(others + mine) - c_up) * mine,
            bounds=(0, (a - c_up - c_down) / b), method="bounded", options={"xatol": 1e-9},
        ).x  # fmt: skip
        step = 2 / (n_up + 1)
        q, last = (1 - step) * q + step * best, q
        if abs(q - last) < 1e-8:
            break
    total = n_up * q
    w = wholesale(total)
    price = a - b * total
    return total, (w - c_up) * total, (price - w - c_down) * total


@pytest.mark.parametrize("case", [(1, 1, 0, 0), (2, 3, 10, 5), (4, 1, 0, 30), (3, 3, 20, 20)])
def test_chain_equals_an_independent_numerical_equilibrium(case):
    n_up, n_down, c_up, c_down = case
    quantity, up, down = _numerical_nash(n_up, n_down, 100.0, 1.5, c_up, c_down)
    ours = apps.solve(_chain([n_up, n_down], [c_up, c_down], slope_usd=1.5))
    assert ours.quantity == pytest.approx(quantity, rel=1e-4)
    assert ours.operating_profit_usd_per_year == pytest.approx([up, down], rel=1e-3)


def test_a_downstream_leader_equals_a_numerical_search():
    # the downstream monopolist commits to a margin; the upstream one then picks its price
    def upstream_price(margin):
        return minimize_scalar(
            lambda w: -(w - 10) * max(0.0, 100 - 5 - margin - w), bounds=(10, 100), method="bounded"
        ).x

    def downstream_profit(margin):
        return margin * max(0.0, 100 - 5 - margin - upstream_price(margin))

    margin = minimize_scalar(lambda m: -downstream_profit(m), bounds=(0, 90), method="bounded").x
    quantity = 100 - 5 - margin - upstream_price(margin)
    ours = apps.solve(_chain([1, 1], [10.0, 5.0]), order="downstream-first")
    assert ours.quantity == pytest.approx(quantity, rel=1e-4)
    assert ours.operating_profit_usd_per_year == pytest.approx(
        [(upstream_price(margin) - 10) * quantity, margin * quantity], rel=1e-4
    )


@pytest.mark.parametrize("capacity", [8.0, 20.0, 40.0])
def test_a_first_mover_above_a_scarce_layer_takes_the_rent(capacity):
    # an upstream monopolist sets its price; a downstream duopoly can make at most `capacity`
    def sold(w):
        return min(capacity, _downstream_quantity(w, 2, 100.0, 1.0, 0.0))

    grid = np.linspace(0, 100, 200_001)
    unlimited = np.maximum(0, (100 - grid) * 2 / 3)
    best = (grid * np.minimum(capacity, unlimited)).max()
    chain = _chain([1, 2]).with_layer("l1", capacity=capacity)
    ours = apps.solve(chain, rent_to="first-mover")
    assert ours.operating_profit_usd_per_year[0] == pytest.approx(best, rel=1e-4)
    assert ours.quantity == pytest.approx(sold(grid[(grid * np.minimum(capacity, unlimited)).argmax()]), rel=1e-3)  # fmt: skip


@pytest.mark.parametrize("capacity", [8.0, 20.0, 40.0])
def test_a_scarce_monopolist_that_moves_first_prices_at_the_dual(capacity):
    grid = np.linspace(0, 100, 200_001)
    best = (grid * np.minimum(capacity, np.maximum(0, (100 - grid) * 2 / 3))).max()
    chain = _chain([1, 2]).with_layer("l0", capacity=capacity)
    for rent_to in ("scarce", "first-mover"):
        ours = apps.solve(chain, rent_to=rent_to)
        assert ours.operating_profit_usd_per_year[0] == pytest.approx(best, rel=1e-4)


@pytest.mark.parametrize("scarce", ["l0", "l1", "l2"])
def test_at_the_dual_no_monopolist_gains_by_another_margin(scarce):
    # all announce margins at once; the quantity is what customers want, capped at the capacity
    chain = _chain([1, 1, 1], [5.0, 5.0, 5.0]).with_layer(scarce, capacity=12.0)
    margins = apps.solve(chain, order="simultaneous").margin_usd
    for i in range(3):
        others = margins.sum() - margins[i]
        trial = np.linspace(0, 100, 100_001)
        profit = trial * np.clip(100 - 15 - others - trial, 0, 12.0)
        assert trial[profit.argmax()] == pytest.approx(margins[i], abs=2e-3)


# what holds whatever the numbers


chains = st.builds(
    lambda firms, cost: _chain(firms, [cost] * len(firms)),
    st.lists(st.floats(1, 50), min_size=1, max_size=6),
    st.floats(0, 15),
)


@settings(max_examples=30, deadline=None)
@given(chains, st.sampled_from(ORDERS), st.floats(0.1, 2), st.sampled_from(["scarce", "customer", "first-mover"]))  # fmt: skip
def test_nothing_is_lost_between_customers_layers_and_costs(chain, order, part, rent_to):
    free = apps.solve(chain, order=order).quantity
    chain = chain.with_layer("l0", capacity=part * free)
    result = apps.solve(chain, order=order, rent_to=rent_to)
    q = result.quantity
    gross = 100 * q - 0.5 * q**2  # what customers value the product at
    cost = sum(layer.cost_usd for layer in chain.layers) * q
    got = result.consumer_surplus_usd_per_year + result.operating_profit_usd_per_year.sum() + cost
    assert got == pytest.approx(gross)


@settings(max_examples=30, deadline=None)
@given(chains, st.sampled_from(ORDERS))
def test_margins_before_capital_are_never_negative_and_shares_sum_to_one(chain, order):
    result = apps.solve(chain, order=order)
    assert (result.margin_usd >= 0).all()
    assert result.pool_share.sum() == pytest.approx(1)
    assert 0 < result.quantity < 100


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(1, 20), min_size=2, max_size=5))
def test_reversing_the_order_mirrors_the_profits(firms):
    up = apps.solve(_chain(firms))
    down = apps.solve(_chain(firms[::-1]), order="downstream-first")
    assert up.operating_profit_usd_per_year == pytest.approx(
        down.operating_profit_usd_per_year[::-1]
    )
    assert up.price_usd == pytest.approx(down.price_usd)


@settings(max_examples=20, deadline=None)
@given(chains, st.floats(1.1, 5), st.sampled_from(ORDERS))
def test_more_firms_in_a_layer_shrink_its_pool_and_please_the_customer(chain, factor, order):
    before = apps.solve(chain, order=order)
    after = apps.solve(chain.with_layer("l0", firms=factor * chain.layers[0].firms), order=order)
    per_firm_before = before.operating_profit_usd_per_year[0] / chain.layers[0].firms
    per_firm_after = after.operating_profit_usd_per_year[0] / (factor * chain.layers[0].firms)
    assert per_firm_after < per_firm_before
    assert after.consumer_surplus_usd_per_year > before.consumer_surplus_usd_per_year


def test_profits_scale_with_the_unit_of_money():
    small, large = (
        apps.solve(_chain([2, 3], [c * u, c * u], intercept_usd=100 * u, slope_usd=u))
        for u, c in ((1.0, 4.0), (1e9, 4.0))
    )
    assert large.operating_profit_usd_per_year == pytest.approx(
        1e9 * small.operating_profit_usd_per_year
    )


def test_groups_that_move_together_lie_between_the_named_orders():
    chain = _chain([2, 3, 4])
    pairwise = apps.solve(chain, order=[["l0"], ["l1", "l2"]])
    quantity = {order: apps.solve(chain, order=order).quantity for order in ORDERS}
    assert quantity["upstream-first"] < pairwise.quantity < quantity["simultaneous"]


def test_arrays_give_what_single_chains_give():
    firms = np.array([1.0, 2.0, 7.0])
    many = apps.solve(Chain((Layer("a", 1.0, firms), Layer("b", 2.0, 2)), 50.0, 1.0))
    for i, n in enumerate(firms):
        one = apps.solve(Chain((Layer("a", 1.0, n), Layer("b", 2.0, 2)), 50.0, 1.0))
        assert many.profit_usd_per_year[:, i] == pytest.approx(one.profit_usd_per_year)


# scarcity, gluts, integration


def test_a_slack_capacity_earns_no_rent_and_the_rent_starts_from_zero():
    chain = _chain([2, 2])
    free = apps.solve(chain).quantity
    slack, edge, tight = (
        apps.scarcity_rent_usd(chain.with_layer("l0", capacity=k * free))
        for k in (1.5, 1 - 1e-9, 0.5)
    )
    assert slack == 0
    assert 0 < edge < 1e-6
    # at half the free quantity half of the gap is left over: A − B·Q*/2 = A/2
    assert tight == pytest.approx(50)


def test_below_the_dual_the_rent_goes_to_the_allocated_customer():
    chain = _chain([1, 2, 3]).with_layer("l0", capacity=5.0)
    dual, below = (apps.solve(chain, rent_to=r) for r in ("scarce", "customer"))
    assert dual.rent_usd[0] == pytest.approx(below.rent_usd[1])
    assert below.rent_usd[0] == 0
    assert dual.price_usd == pytest.approx(below.price_usd)  # the final customer pays the same


def test_customers_keep_what_a_scarce_top_layer_does_not_charge():
    chain = _chain([1, 2]).with_layer("l1", capacity=5.0)
    dual, below = (apps.solve(chain, rent_to=r) for r in ("scarce", "customer"))
    gain = below.consumer_surplus_usd_per_year - dual.consumer_surplus_usd_per_year
    assert gain == pytest.approx(5.0 * dual.rent_usd[1])
    assert below.price_usd < dual.price_usd


def test_layers_that_bind_together_share_the_rent():
    chain = _chain([2, 2, 2]).with_layer("l0", capacity=9.0).with_layer("l2", capacity=9.0)
    result = apps.solve(chain)
    assert result.binding.tolist() == [True, False, True]
    assert result.rent_usd[0] == pytest.approx(result.rent_usd[2])
    assert result.rent_usd[1] == 0


def test_a_glut_brings_losses_although_margins_stay_positive():
    # plants sized for demand that did not come: same annuity, half the market
    boom = _chain([4, 4], [10.0, 10.0])
    plant = apps.solve(boom).operating_profit_usd_per_year[0]
    built = boom.with_layer("l0", capital_usd_per_year=0.9 * plant)
    bust = Chain(built.layers, intercept_usd=60.0, slope_usd=1.0)
    assert apps.solve(built).profit_usd_per_year[0] > 0
    after = apps.solve(bust)
    assert after.margin_usd[0] > 0
    assert after.profit_usd_per_year[0] < 0


def test_merged_monopolies_earn_four_thirds_and_customers_gain():
    # Spengler (1950)
    two = _chain([1, 1], [10.0, 10.0])
    one = apps.integrate(two, ("l0", "l1"))
    before, after = apps.solve(two), apps.solve(one)
    assert after.operating_profit_usd_per_year.sum() == pytest.approx(
        4 / 3 * before.operating_profit_usd_per_year.sum()
    )
    assert after.consumer_surplus_usd_per_year == pytest.approx(
        4 * before.consumer_surplus_usd_per_year
    )


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(0, 15), min_size=1, max_size=5))
def test_one_owner_of_all_monopolies_never_earns_less(costs):
    # and earns the monopoly profit (a − Σc)²/4b, the most that the chain can earn at all
    chain = _chain([1] * len(costs), costs)
    assert apps.integrated_profit_usd(chain) == pytest.approx((100 - sum(costs)) ** 2 / 4)
    assert apps.integrated_profit_usd(chain) >= apps.chain_profit_usd(chain).sum() * (1 - 1e-12)


def test_merged_triopolies_earn_less_than_they_did_apart():
    # with y = n/(n+1), joint profit is y(1 − y) merged and y²(1 − y²) apart, times (a − c)²/b
    y = 3 / 4
    two = _chain([3, 3])
    one = apps.integrate(two, ("l0", "l1"))
    apart, merged = (apps.chain_profit_usd(c).sum() / 100**2 for c in (two, one))
    assert (apart, merged) == pytest.approx((y**2 * (1 - y**2), y * (1 - y)))
    assert merged < apart


def test_free_entry_leaves_each_firm_its_annuity():
    n = apps.free_entry_firms(100.0, 10.0, 0.5, 30.0)
    result = apps.solve(Chain((Layer("only", 10.0, n),), 100.0, 0.5))
    assert result.operating_profit_usd_per_year[0] / n == pytest.approx(30.0)


TWO = _chain([1, 1])


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: Layer("chips", firms=0.5), "firms of chips"),
        (lambda: Layer("chips", cost_usd=-1), "cost_usd of chips"),
        (lambda: Layer("chips", capacity=0), "capacity of chips"),
        (lambda: Layer("chips", capital_usd_per_year=np.nan), "capital_usd_per_year of chips"),
        (lambda: Chain((), 1, 1), "layers"),
        (lambda: Chain((Layer("a"), Layer("a")), 1, 1), "names must differ"),
        (lambda: Chain((Layer("a"),), 1, 0), "slope_usd"),
        (lambda: apps.solve(_chain([1], [100.0])), "intercept_usd"),
        (lambda: apps.solve(_chain([1], intercept_usd=np.inf)), "intercept_usd"),
        (lambda: apps.solve(TWO, order="sideways"), "order"),
        (lambda: apps.solve(TWO, order=[["l0"]]), "order"),
        (lambda: apps.solve(TWO, order=[["l0"], ["l9"]]), "l9"),
        (lambda: apps.solve(TWO, rent_to="nobody"), "rent_to"),
        (lambda: apps.solve(TWO, rent_to={"l0": 0.8, "l1": 0.8}), "rent_to"),
        (lambda: TWO.with_layer("l9", firms=2), "l9"),
        (lambda: apps.integrate(_chain([1, 1, 1]), ("l0", "l2")), "neighbours"),
        (lambda: apps.cournot_margin_usd(10.0, 10.0, 1), "intercept_usd"),
        (lambda: apps.free_entry_firms(10.0, 0.0, 1.0, 1e6), "fixed_usd_per_year"),
        (lambda: apps.solve(_chain([np.inf])).pool_share, "no pool"),
    ],
)
def test_impossible_input_is_named(call, named):
    with pytest.raises(ValueError, match=named):
        call()
