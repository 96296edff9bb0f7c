"""Dies on a wafer and how many work: hand-worked cases, exact placement, limits."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from supercycle import chips

AREAS = st.floats(1.0, 900.0)
DENSITIES = st.floats(0.0, 3.0)


@pytest.mark.parametrize(("formula", "worst"), [("exponential", 0.05), ("rim", 0.14)])
def test_the_formulas_stay_within_their_stated_error_of_exact_placement(formula, worst):
    errors = []
    for side in np.linspace(7.1, 29.3, 200):
        exact = chips.place_dies(float(side), float(side))
        errors.append(chips.dies_per_wafer(side * side, formula=formula) / exact - 1)
    assert worst / 2 < max(map(abs, errors)) < worst


def test_placement_finds_what_a_search_over_all_shifts_finds():
    # Independent: count corners inside the circle die by die over random shifts of the grid.
    rng = np.random.default_rng(0)
    radius, width, height = 147.0, 23.0, 31.0
    best = 0
    for dx, dy in rng.uniform(0, 1, (4000, 2)):
        i, j = np.meshgrid(np.arange(-9, 9), np.arange(-9, 9))
        x, y = (i + dx) * width, (j + dy) * height
        corners = [np.hypot(x + a, y + b) <= radius for a in (0, width) for b in (0, height)]
        best = max(best, int(np.logical_and.reduce(corners).sum()))
    assert chips.place_dies(width, height) == pytest.approx(best, abs=1)


@pytest.mark.parametrize(
    ("width", "height"), [(28.5, 28.5), (26.0, 33.0), (40.0, 25.0), (68.6, 68.6), (55.0, 47.0)]
)
def test_placement_finds_what_an_exact_search_finds(width, height):
    # Exact: a best position can be shifted until two corners of dies touch the rim, or one corner
    # touches it on an axis. So try every position at which two corners of the lattice do.
    radius = 147.0
    span = np.arange(-math.ceil(radius / min(width, height)) - 1, 9)
    lattice = np.array([(i * width, j * height) for i in span for j in span])
    lattice = lattice[np.hypot(*lattice.T) < radius + width + height]
    a, b = (lattice[k] for k in np.triu_indices(len(lattice), 1))
    gap = b - a
    length = np.hypot(*gap.T)
    near = length <= 2 * radius
    a, b, gap, length = a[near], b[near], gap[near], length[near]
    normal = np.stack([-gap[:, 1], gap[:, 0]], axis=1) / length[:, None]
    height_of = np.sqrt(radius**2 - length**2 / 4)[:, None]
    centres = np.concatenate([(a + b) / 2 + s * height_of * normal for s in (1, -1)])
    centres = np.unique(np.round(np.mod(centres, (width, height)), 9), axis=0)
    best = 0
    i, j = np.meshgrid(np.arange(-13, 13), np.arange(-13, 13))
    for block in np.array_split(centres, max(1, len(centres) // 500)):
        x = i[None] * width - block[:, 0, None, None]
        y = j[None] * height - block[:, 1, None, None]
        far = np.maximum(abs(x), abs(x + width)) ** 2 + np.maximum(abs(y), abs(y + height)) ** 2
        best = max(best, int((far <= radius**2 * (1 + 1e-12) + 1e-6).sum(axis=(1, 2)).max()))
    assert chips.place_dies(width, height) == best


def test_a_saw_line_is_as_good_as_a_larger_pitch():
    # Only the outermost dies gain: their saw line may lie beyond the rim.
    pitch = chips.place_dies(10.1, 10.1)
    assert pitch <= chips.place_dies(10.0, 10.0, scribe_mm=0.1) <= chips.place_dies(10.0, 10.0)


def test_small_dies_fill_the_wafer():
    # In the limit of tiny dies only the usable area counts: π 147² mm².
    assert chips.place_dies(0.5, 0.5) == pytest.approx(math.pi * 147**2 / 0.25, rel=0.01)


def test_four_squares_fit_a_circle_only_when_their_diagonal_does():
    # Hand-worked: 2 × 2 dies of side s need 2 s √2 ≤ 2 r.
    r = 147.0
    side = r / math.sqrt(2)
    assert chips.place_dies(side * 0.999, side * 0.999) == 4
    assert chips.place_dies(side * 1.02, side * 1.02) < 4


@given(st.floats(3, 40), st.floats(3, 40))
def test_turning_the_die_by_a_right_angle_changes_nothing(width, height):
    assert chips.place_dies(width, height) == chips.place_dies(height, width)


@given(AREAS, DENSITIES, st.sampled_from(chips.YIELD_MODELS))
def test_yield_is_a_share_and_falls_with_area_and_density(area, density, model):
    y = chips.yield_share(area, density, model=model)
    assert 0 <= y <= 1
    assert chips.yield_share(area * 1.5, density, model=model) <= y
    assert chips.yield_share(area, density + 0.1, model=model) < y


@pytest.mark.parametrize("model", chips.YIELD_MODELS)
def test_a_die_without_area_or_defects_always_works(model):
    assert chips.yield_share(0, 0.5, model=model) == 1
    assert chips.yield_share(800, 0, model=model) == 1


@pytest.mark.parametrize(
    ("model", "by_hand"),
    [
        # One expected defect (100 mm² at 1 per cm²), worked by hand.
        ("poisson", math.exp(-1)),
        ("murphy", (1 - math.exp(-1)) ** 2),
        ("seeds", math.exp(-1)),
        ("negative-binomial", (1 + 1 / 3) ** -3),
    ],
)
def test_one_expected_defect_by_hand(model, by_hand):
    assert chips.yield_share(100, 1.0, model=model) == pytest.approx(by_hand)


@given(AREAS, DENSITIES)
def test_infinite_clustering_is_poisson_and_alpha_one_is_the_geometric_law(area, density):
    poisson = chips.yield_share(area, density, model="poisson")
    assert chips.yield_share(area, density, clustering=math.inf) == pytest.approx(poisson)
    assert chips.yield_share(area, density, clustering=1e9) == pytest.approx(poisson, rel=1e-5)
    assert chips.yield_share(area, density, clustering=1) == pytest.approx(
        1 / (1 + area * density / 100)
    )


@given(AREAS, st.floats(0.01, 3.0))
def test_the_models_keep_their_order(area, density):
    by = {m: chips.yield_share(area, density, model=m) for m in chips.YIELD_MODELS}
    # Jensen: mixing densities can only raise exp(−λ).
    assert by["poisson"] <= by["murphy"] + 1e-12
    assert by["poisson"] <= by["negative-binomial"] + 1e-12


def test_yield_agrees_with_throwing_defects_at_dies():
    # Independent: gamma-distributed densities, Poisson counts, 400,000 dies; standard error 0.0008.
    rng = np.random.default_rng(1)
    mean, alpha = 0.8, 2.0
    hits = rng.poisson(mean * rng.gamma(alpha, 1 / alpha, 400_000))
    assert chips.yield_share(80, 1.0, clustering=alpha) == pytest.approx(
        (hits == 0).mean(), abs=0.003
    )


@given(AREAS, DENSITIES, st.floats(0, 1))
def test_harvest_lies_between_the_yield_of_the_fixed_part_and_the_whole_die(area, density, part):
    kwargs = {"model": "poisson"}
    sold = chips.harvest_share(area, density, repairable=part, cores=20, needed=18, **kwargs)
    fixed = chips.yield_share((1 - part) * area, density, **kwargs)
    assert chips.yield_share(area, density, **kwargs) <= sold + 1e-9
    assert sold <= fixed + 1e-12
    # All cores needed: nothing is won, and independent defects make it the plain yield.
    full = chips.harvest_share(area, density, repairable=part, cores=20, needed=20, **kwargs)
    assert full == pytest.approx(chips.yield_share(area, density, **kwargs))


def test_redundancy_sums_the_binomial_by_hand():
    # Two of three cores at 0.9: 3·0.81·0.1 + 0.729.
    assert chips.usable_share(0.9, cores=3, needed=2) == pytest.approx(0.972)
    assert chips.usable_share(0.9, cores=3, needed=3) == pytest.approx(0.9**3)


def test_a_good_die_costs_wafer_over_good_dies():
    gross, good = chips.dies_per_wafer(400), chips.yield_share(400, 0.1)
    assert chips.cost_usd_per_good_die(16_000, 400, 0.1) == pytest.approx(16_000 / (gross * good))
    areas = np.array([100.0, 400.0, 800.0])
    per_mm2 = chips.cost_usd_per_good_die(16_000, areas, 0.1) / areas
    assert (np.diff(per_mm2) > 0).all()  # big dies cost more than in proportion


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: chips.dies_per_wafer(0), "die_area_mm2 = 0"),
        (lambda: chips.dies_per_wafer(100, formula="round"), "formula = 'round'"),
        (lambda: chips.dies_per_wafer(100, edge_mm=150), "must leave something"),
        (lambda: chips.place_dies(10, 10, edge_mm=200), "must leave something"),
        (lambda: chips.yield_share(-1, 0.1), "die_area_mm2 = -1"),
        (lambda: chips.yield_share(100, 0.1, model="poison"), "model = 'poison'"),
        (lambda: chips.yield_share(100, float("nan")), "not NaN"),
        (lambda: chips.usable_share(1.2, cores=2, needed=1), "core_yield = 1.2: must be a share"),
        (lambda: chips.usable_share(0.9, cores=2, needed=3), "needed = 3"),
        (
            lambda: chips.harvest_share(100, 0.1, repairable=1.5, cores=2, needed=1),
            "repairable = 1.5: must be a share",
        ),
        (lambda: chips.cost_usd_per_good_die(1e4, 70_000, 0.1), "small enough for a wafer"),
    ],
)
def test_impossible_silicon_is_refused(call, sentence):
    with pytest.raises(ValueError, match=r"^[^\n]+$") as refused:
        call()
    assert sentence in str(refused.value)
