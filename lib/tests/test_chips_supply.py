"""The most a network makes, what others say it can make, and what its output hangs on."""

import itertools
import math

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supercycle import chips, facts
from supercycle.chips import Product, Stage, SupplyNetwork

NET = chips.network()
AMOUNT = st.floats(0.1, 10.0)
FEW = st.integers(1, 3)
WHOLE = st.integers(1, 3).map(float)  # whole capacities tie often


@st.composite
def networks(draw, products=FEW, capacity=AMOUNT):
    """Parts made from raw stages, products made from parts: all proportions and yields free."""
    raw = {f"raw {k}": Stage(capacity=draw(capacity)) for k in range(draw(FEW))}
    stages = dict(raw)
    for k in range(draw(FEW)):
        used = draw(st.lists(st.sampled_from(sorted(raw)), min_size=1, unique=True))
        stages[f"part {k}"] = Stage(
            capacity=draw(capacity),
            inputs={source: draw(AMOUNT) for source in used},
            yield_share=draw(st.floats(0.3, 1.0)),
        )
    parts = [name for name in stages if name not in raw]
    sold = {}
    for k in range(draw(products)):
        used = draw(st.lists(st.sampled_from(parts), min_size=1, unique=True))
        stages[f"product {k}"] = Stage(inputs={source: draw(AMOUNT) for source in used})
        sold[f"product {k}"] = Product(power_w=draw(AMOUNT), price_usd=draw(AMOUNT))
    return SupplyNetwork(stages, sold)


def test_a_chain_by_hand():
    # 100 wafers give 1000 dies, of which 80 % work: 800, at two dies a package 400 packages. The
    # interposers allow 500; a tenth of the packages fail, so that 400 good dies' pairs give 360.
    net = SupplyNetwork(
        {
            "wafers": Stage(capacity=100),
            "dies": Stage(inputs={"wafers": 0.1}, yield_share=0.8),
            "interposers": Stage(capacity=500),
            "packages": Stage(inputs={"dies": 2, "interposers": 1}, yield_share=0.9),
        },
        {"packages": Product(power_w=2.0, price_usd=10.0)},
    )
    best = chips.plan(net)
    assert best.made["packages"] == pytest.approx(360)
    assert (best.power_w, best.value_usd) == pytest.approx((720, 3600))
    assert best.activity["dies"] == pytest.approx(800)
    assert best.slack["interposers"] == pytest.approx(0.2)
    assert best.shadow_price["wafers"] == pytest.approx(7.2)
    assert best.shadow_price["interposers"] == 0


def test_a_stage_that_uses_its_own_output_by_hand():
    # Each unit of power takes half a unit of power to make: 10 units gross leave 5.
    net = SupplyNetwork(
        {"power": Stage(capacity=10, inputs={"power": 0.5}), "light": Stage(inputs={"power": 1})},
        {"light": Product()},
    )
    assert chips.plan(net).made["light"] == pytest.approx(5)


def test_two_products_split_by_hand_and_power_and_money_choose_differently():
    # x + y ≤ 10 (interposers), 2x + y ≤ 16 (memory). Corners (8, 0), (6, 4), (0, 10).
    net = SupplyNetwork(
        {
            "interposers": Stage(capacity=10),
            "memory": Stage(capacity=16),
            "big": Stage(inputs={"interposers": 1, "memory": 2}),
            "small": Stage(inputs={"interposers": 1, "memory": 1}),
        },
        {"big": Product(power_w=2.5, price_usd=3), "small": Product(power_w=1, price_usd=2)},
    )
    power, money = (chips.plan(net, m) for m in chips.MEASURES)
    assert (power.made["big"], power.made["small"]) == pytest.approx((8, 0))  # 20 against 19 and 10
    assert (money.made["big"], money.made["small"]) == pytest.approx((6, 4))  # 26 against 24 and 20
    # Money's duals by hand: y + 2z = 3, y + z = 2.
    assert (money.shadow_price["interposers"], money.shadow_price["memory"]) == pytest.approx(
        (1, 1)
    )
    assert power.shadow_price["interposers"] == 0


@given(networks(), st.sampled_from(chips.MEASURES))
@settings(max_examples=60, deadline=None)
def test_what_flows_into_a_stage_flows_out(net, measure):
    best = chips.plan(net, measure)
    for name in net.stages:
        used = sum(
            stage.inputs[name] / stage.yield_share * best.activity[maker]
            for maker, stage in net.stages.items()
            if name in stage.inputs
        )
        assert best.activity[name] == pytest.approx(used + best.made.get(name, 0.0), abs=1e-9)
        assert best.activity[name] <= net.stages[name].capacity * (1 + 1e-9)


@given(networks(), st.sampled_from(chips.MEASURES))
@settings(max_examples=60, deadline=None)
def test_capacities_at_their_shadow_prices_are_worth_the_output(net, measure):
    # Strong duality: Σ yᵢbᵢ = objective; complementary slackness: a stage with slack has no price.
    best = chips.plan(net, measure)
    finite = {s: stage.capacity for s, stage in net.stages.items() if stage.capacity < math.inf}
    assert sum(best.shadow_price[s] * b for s, b in finite.items()) == pytest.approx(
        getattr(best, measure)
    )
    for stage, slack in best.slack.items():
        assert slack < 1e-7 or best.shadow_price[stage] < 1e-9


@given(networks(products=st.just(2)), st.sampled_from(chips.MEASURES))
@settings(max_examples=40, deadline=None)
def test_no_corner_of_the_feasible_set_is_better(net, measure):
    # Independent: with two products, try every crossing of two limits.
    limited = np.isfinite(net.capacities)
    lines = np.vstack([net.requirements[limited], np.eye(2)])
    limits = np.concatenate([net.capacities[limited], [0.0, 0.0]])
    best = 0.0
    for pair in itertools.combinations(range(len(lines)), 2):
        if abs(np.linalg.det(lines[list(pair)])) < 1e-12:
            continue
        corner = np.linalg.solve(lines[list(pair)], limits[list(pair)])
        inside = (net.requirements[limited] @ corner <= net.capacities[limited] * (1 + 1e-9)).all()
        if inside and (corner >= -1e-12).all():
            best = max(best, float(net.worth(measure) @ corner))
    assert getattr(chips.plan(net, measure), measure) == pytest.approx(best)


@given(st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_products_that_are_paths_make_the_maximum_flow(seed):
    # Independent: NetworkX's preflow-push. Stages are the pipes, products the ways through them.
    rng = np.random.default_rng(seed)
    graph = nx.DiGraph()
    for a, b in itertools.combinations(range(5), 2):
        if rng.random() < 0.7:
            graph.add_edge(a, b, capacity=float(rng.integers(1, 10)))
    graph.add_edge(0, 4, capacity=1.0)
    stages = {f"{a}-{b}": Stage(capacity=graph[a][b]["capacity"]) for a, b in graph.edges}
    products = {}
    for way in nx.all_simple_paths(graph, 0, 4):
        name = "way " + "-".join(map(str, way))
        stages[name] = Stage(inputs={f"{a}-{b}": 1.0 for a, b in itertools.pairwise(way)})
        products[name] = Product()
    best = chips.plan(SupplyNetwork(stages, products))
    assert best.power_w == pytest.approx(nx.maximum_flow_value(graph, 0, 4))


@given(networks(), st.floats(1e-6, 1e6))
@settings(max_examples=40, deadline=None)
def test_the_unit_of_a_stage_does_not_matter(net, factor):
    name = next(iter(net.stages))
    stages = {
        s: Stage(
            capacity=stage.capacity * (factor if s == name else 1),
            inputs={i: a * (factor if i == name else 1) for i, a in stage.inputs.items()},
            yield_share=stage.yield_share,
        )
        for s, stage in net.stages.items()
    }
    other = SupplyNetwork(stages, net.products)
    assert chips.plan(other).power_w == pytest.approx(chips.plan(net).power_w)


@given(networks(), st.floats(1.0, 3.0))
@settings(max_examples=40, deadline=None)
def test_more_capacity_never_makes_less_and_all_capacity_scales_the_output(net, factor):
    base = chips.plan(net).power_w
    some = next(iter(net.stages))
    assert chips.plan(net.scaled({some: factor})).power_w >= base * (1 - 1e-9)
    everything = net.scaled({s: factor for s in net.stages})
    assert chips.plan(everything).power_w == pytest.approx(base * factor)


def test_a_stage_without_capacity_stops_what_needs_it_and_nothing_else():
    net = SupplyNetwork(
        {
            "a": Stage(capacity=0),
            "b": Stage(capacity=3),
            "needs a": Stage(inputs={"a": 1, "b": 1}),
            "needs b": Stage(inputs={"b": 1}),
        },
        {"needs a": Product(power_w=100), "needs b": Product()},
    )
    best = chips.plan(net)
    assert best.made == {"needs a": 0, "needs b": pytest.approx(3)}
    assert best.shadow_price["a"] == pytest.approx(99)  # what a unit of a would add
    assert chips.choke_points(net)["left"].to_dict() == {"b": 1, "a": 0}


def test_packages_per_interposer_wafer_agree_with_2026_tpu_shipments():
    # JPMorgan (August 2025): 185 k CoWoS wafers for Broadcom, 2.5 M TPUs in 2026.
    packages = NET.stages["packages"]
    made = 185e3 / packages.inputs["cowos"] * packages.yield_share
    assert made == pytest.approx(2.5e6, rel=0.01)


def test_the_interposers_of_2025_carry_the_accelerators_of_2025():
    # CoWoS went from 35-40 k to 75 k wafers a month over 2025 (press). Sold in 2025, Epoch AI chip
    # sales (April 2026, medians): NVIDIA 4.49 M, TPU 2.78 M, AMD 0.45 M, Trainium 1.09 M. Smaller
    # and larger packages than ours are among them, and packagers beside TSMC are not counted; the
    # error is +3 %.
    packages = NET.stages["packages"]
    made = 12 * (37.5e3 + 75e3) / 2 / packages.inputs["cowos"] * packages.yield_share
    assert made == pytest.approx(4.49e6 + 2.78e6 + 0.45e6 + 1.09e6, rel=0.05)


def test_the_table_is_read_as_it_stands():
    wafers = NET.stages["logic-wafers"]
    share = facts.value("supply-network/logic-wafers-ai-share")
    assert wafers.capacity == facts.value("supply-network/logic-wafers-capacity") * share
    assert NET.stages["dies"].yield_share == facts.value("supply-network/dies-yield")
    low = chips.network(lambda fact: fact.low or fact)
    assert low.stages["hbm"].capacity == 3.4e18


def test_yields_in_the_network_are_those_of_the_yield_models():
    row = facts.value("supply-network/dies-yield")
    defects = facts.value("package-costs/defects-5nm")
    spare = facts.value("package-costs/repairable-area")
    model = chips.harvest_share(814, defects, repairable=spare, cores=144, needed=132)
    assert row == pytest.approx(model, abs=0.01)
    per_die = facts.value("supply-network/dies-per-wafer")
    assert 1 / per_die == pytest.approx(chips.place_dies(28.5, 28.5), rel=1e-3)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: Stage(capacity=-1), "capacity = -1"),
        (lambda: Stage(inputs={"x": 0}), "inputs['x'] = 0"),
        (lambda: Stage(yield_share=1.2), "yield_share = 1.2: must be a share"),
        (lambda: Stage(yield_share=0), "yield_share = 0"),
        (lambda: Stage(capacity=float("nan")), "not NaN"),
        (lambda: Stage(makers={"a": 0.5}), "sum to 0.5: must sum to 1"),
        (lambda: Stage(growth_per_year=-0.1), "growth_per_year = -0.1"),
        (lambda: Product(price_usd=0), "price_usd = 0"),
        (lambda: SupplyNetwork({"a": Stage(inputs={"b": 1})}, {"a": Product()}), "'a' uses 'b'"),
        (lambda: SupplyNetwork({"a": Stage(1)}, {"b": Product()}), "product 'b': must be a stage"),
        (lambda: SupplyNetwork({"a": Stage(1)}, {}), "products is empty"),
        (
            lambda: SupplyNetwork({"a": Stage(1, inputs={"a": 1.0})}, {"a": Product()}),
            "use up more than they give",
        ),
        (
            lambda: chips.plan(SupplyNetwork({"a": Stage()}, {"a": Product()})),
            "nothing limits 'a'",
        ),
        (lambda: chips.plan(NET, "gw"), "measure = 'gw': must be one of power_w, value_usd"),
        (lambda: NET.with_stage("hbn", capacity=1), "stage 'hbn': must be one of"),
        (lambda: NET.scaled({"hbn": 1.0}), "stage 'hbn': must be one of"),
        (lambda: NET.scaled({"hbm": -1.0}), "factors['hbm'] = -1.0"),
    ],
)
def test_impossible_networks_are_refused(call, sentence):
    with pytest.raises(ValueError, match=r"^[^\n]+$") as refused:
        call()
    assert sentence in str(refused.value)


# What the output hangs on


def test_two_stages_that_bind_together_make_single_fixes_worthless():
    # Hand-worked: output = min(a, b/2, c) with a = 4, b = 8, c = 9.
    net = SupplyNetwork(
        {
            "a": Stage(4),
            "b": Stage(8),
            "c": Stage(9),
            "out": Stage(inputs={"a": 1, "b": 2, "c": 1}),
        },
        {"out": Product(power_w=1e9, price_usd=5.0)},
    )
    table = chips.choke_points(net)
    assert table.loc["a", ["left", "right"]].tolist() == [1, 0]
    assert table.loc["b", ["left", "right"]].tolist() == [1, 0]
    assert table.loc["c", ["left", "right"]].tolist() == [0, 0]
    assert table.loc["c", "slack"] == pytest.approx(5 / 9)
    # One per cent of 4 GW, of 20 USD.
    assert table.loc["a", ["gw_lost", "gw_gained"]].tolist() == pytest.approx([0.04, 0])
    assert table.loc["b", ["usd_lost", "usd_gained"]].tolist() == pytest.approx([0.2, 0])
    both = chips.plan(net.scaled({"a": 1.01, "b": 1.01})).power_w
    assert both == pytest.approx(1.01 * chips.plan(net).power_w)


def test_power_just_enough_for_the_memory_makes_neither_worth_a_subsidy():
    enough = NET.stages["hbm"].capacity / NET.requirements[list(NET.stages).index("hbm"), 0]
    power = enough * NET.products["powered-accelerators"].power_w
    table = chips.choke_points(NET.with_stage("site-power", capacity=power))
    for stage in ("hbm", "site-power"):
        assert table.loc[stage, ["left", "right"]].tolist() == [1, 0]
        assert table.loc[stage, "usd_lost"] > table.loc[stage, "usd_gained"] == 0


def test_what_a_subsidy_builds_is_priced_beside_what_it_gains():
    table = chips.choke_points(NET)
    power = NET.stages["site-power"]
    assert table.loc["site-power", "capex_usd"] == pytest.approx(power.capex_usd * 2.01e10 / 100)
    assert table.loc["site-power", "gw_gained"] == pytest.approx(0.201)


def test_one_stage_carries_everything():
    net = SupplyNetwork({"a": Stage(4)}, {"a": Product()})
    row = chips.choke_points(net).loc["a"]
    assert (row.elasticity, row.left, row.right, row.slack) == pytest.approx((1, 1, 1, 0))


@given(networks(), st.sampled_from(chips.MEASURES))
@settings(max_examples=40, deadline=None)
def test_elasticities_sum_to_one_and_lie_between_right_and_left(net, measure):
    table = chips.choke_points(net, measure)
    assert table.elasticity.sum() == pytest.approx(1)
    assert (table.right <= table.elasticity + 1e-6).all()
    assert (table.elasticity <= table.left + 1e-6).all()
    assert table.left.sum() >= 1 - 1e-6 >= table.right.sum() - 2e-6


@given(networks(capacity=WHOLE), st.sampled_from(chips.MEASURES))
@settings(max_examples=40, deadline=None)
def test_left_and_right_are_the_finite_differences(net, measure):
    # Independent: solve again with the capacity a ten-thousandth smaller and larger.
    table = chips.choke_points(net, measure)
    base, step = getattr(chips.plan(net, measure), measure), 1e-4
    for stage in table.index:
        less = getattr(chips.plan(net.scaled({stage: 1 - step}), measure), measure)
        more = getattr(chips.plan(net.scaled({stage: 1 + step}), measure), measure)
        # The output is concave in each capacity, so finite steps understate gains and overstate
        # losses where another corner lies within the step.
        assert (1 - less / base) / step == pytest.approx(table.left[stage], abs=5e-3)
        assert (more / base - 1) / step == pytest.approx(table.right[stage], abs=5e-3)


@given(networks(), st.floats(1e-3, 1e3))
@settings(max_examples=30, deadline=None)
def test_elasticities_do_not_depend_on_the_unit_of_power(net, factor):
    other = SupplyNetwork(
        net.stages,
        {p: Product(q.power_w * factor, q.price_usd) for p, q in net.products.items()},
    )
    ours, theirs = chips.choke_points(net), chips.choke_points(other)
    assert theirs.left.sort_index().tolist() == pytest.approx(ours.left.sort_index().tolist())


def test_today_power_binds_and_the_sole_toolmaker_does_not():
    table = chips.concentration(NET)
    assert chips.choke_points(NET).index[0] == "site-power"
    assert table.loc["euv-exposures", "toolmaker_hhi"] == 1
    assert table.loc["euv-exposures", "left"] == 0
    assert table.loc["cowos", "hhi_countries"] == pytest.approx(1)
    assert math.isnan(table.loc["hbm", "toolmaker_hhi"])


def test_losing_the_toolmaker_costs_growth_and_losing_the_foundry_costs_output():
    full = chips.plan(NET).power_w
    no_tools, no_foundry = chips.without(NET, "asml"), chips.without(NET, "tsmc")
    assert chips.plan(no_tools).power_w == full
    assert no_tools.stages["euv-exposures"].growth_per_year == 0
    assert chips.plan(no_foundry).power_w < 0.2 * full
    assert no_foundry.stages["hbm"] == NET.stages["hbm"]


def test_a_country_is_lost_with_all_its_firms():
    korea = chips.without(NET, "KOR")
    one_by_one = NET
    for firm in ("sk-hynix", "samsung-memory", "samsung-foundry"):
        assert NET.countries[firm] == "KOR"
        one_by_one = chips.without(one_by_one, firm)
    for name, stage in korea.stages.items():
        assert stage.capacity == pytest.approx(one_by_one.stages[name].capacity)
        assert stage.makers == pytest.approx(one_by_one.stages[name].makers)


def test_who_is_left_holds_the_whole_stage():
    left = chips.without(NET, "sk-hynix").stages["hbm"]
    assert sum(left.makers.values()) == pytest.approx(1)
    assert left.capacity == pytest.approx(0.42 * NET.stages["hbm"].capacity)
    assert chips.plan(chips.without(NET, "TWN")).power_w == 0


@given(st.lists(st.floats(0.01, 1.0), min_size=1, max_size=8))
def test_the_index_lies_between_equal_shares_and_monopoly(parts):
    shares = [p / sum(parts) for p in parts]
    assert 1 / len(shares) - 1e-9 <= chips.hhi(shares) <= 1 + 1e-9


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: chips.without(NET, "acme"), "name = 'acme': must be a firm or a country"),
        (lambda: chips.hhi([0.5, 0.4]), "shares sum to 0.9"),
        (lambda: chips.hhi([1.5, -0.5]), "a number ≥ 0"),
        (lambda: chips.hhi([]), "shares sum to 0"),
        (lambda: chips.choke_points(NET.scaled({"hbm": 0})), "the network makes nothing"),
        (lambda: chips.choke_points(NET, "usd"), "measure = 'usd'"),
    ],
)
def test_what_cannot_be_ranked_is_refused(call, sentence):
    with pytest.raises(ValueError, match=r"^[^\n]+$") as refused:
        call()
    assert sentence in str(refused.value)
