"""The case of lab08: five layers some years after demand jumped, a fund, and a wrapper for sale."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass, replace

import numpy as np

from supercycle import apps, facts
from supercycle.stack import LAYERS

__all__ = ["LAYERS", "ProfitCase", "case"]

_STEP_YEARS = 0.5
_HORIZON_YEARS = 5.0  # the longer of the two over which the fund is judged
_BEFORE = 2022  # the last year before demand jumped


@dataclass(frozen=True)
class ProfitCase:
    """The case of lab08; tuples run from energy at the bottom to apps at the top.

    Attributes
    ----------
    code : str
        The code the case was drawn from.
    firms : tuple of float
        Like firms in each layer before the jump [1].
    costs_usd : tuple of float
        Running cost of each layer, without what it buys from below [USD per million tokens].
    intercept_usd : float
        Price at which the last customer leaves [USD per million tokens].
    pool_usd_per_year : float
        What all layers together earned before capital in the year before the jump [USD/yr].
    demand_jump : float
        Size of the market after the jump, over the size before [1].
    age_years : float
        Years from the jump to today [yr].
    wrapper_margin_usd_per_year, wrapper_growth, wrapper_price_usd : float
        An application for sale: its margin [USD/yr], the growth of it [1/yr], the price [USD].
    """

    code: str
    firms: tuple[float, ...]
    costs_usd: tuple[float, ...]
    intercept_usd: float
    pool_usd_per_year: float
    demand_jump: float
    age_years: float
    wrapper_margin_usd_per_year: float
    wrapper_growth: float
    wrapper_price_usd: float

    @property
    def slope_usd(self) -> float:
        """Fall of the price per million tokens sold in a year, before the jump [USD·yr].

        Such that the layers together earn `pool_usd_per_year`.
        """
        steep = apps.solve(self._chain(1.0)).operating_profit_usd_per_year.sum()
        return float(steep / self.pool_usd_per_year)

    def chain(self) -> apps.Chain:
        """The five layers before the jump, no capacity binding."""
        return self._chain(self.slope_usd)

    def _chain(self, slope_usd: float) -> apps.Chain:
        layers = zip(LAYERS, self.costs_usd, self.firms, strict=True)
        return apps.Chain(
            tuple(apps.Layer(name, cost, firms) for name, cost, firms in layers),
            intercept_usd=self.intercept_usd,
            slope_usd=slope_usd,
        )

    def squeezed(
        self, *, scarce: str = "chips", order: str = "upstream-first", rent_to: str = "scarce"
    ) -> apps.Equilibrium:
        """The chain just after the jump, while one layer can carry no more than before.

        Parameters
        ----------
        scarce : str
            The layer whose plants ran at capacity.
        order, rent_to : str
            As in `supercycle.apps.solve`.

        Examples
        --------
        >>> given = case("default", None)
        >>> [bool(given.squeezed(rent_to=who).rent_usd[2] > 0) for who in ("scarce", "customer")]
        [False, True]
        """
        before = self.chain()
        full = before.with_layer(scarce, capacity=apps.solve(before, order=order).quantity)
        after = replace(full, slope_usd=self.slope_usd / self.demand_jump)
        return apps.solve(after, order=order, rent_to=rent_to)

    def inputs(self) -> dict[str, float]:
        """What the choice of a layer rests on: the case's own jump, else facts with ranges."""
        return {
            **{f"barrier_{name}": facts.value(f"apps/barrier-{name}") for name in LAYERS},
            "foresight": facts.value("apps/order-foresight"),
            "demand_jump": self.demand_jump,
            "chips_delay_years": facts.value("apps/entry-delay-chips"),
            "plant_life_years": facts.value("apps/plant-life"),
            "discount_rate": facts.value("serving/discount-rate"),
        }

    def path(
        self,
        years: float,
        *,
        order: str = "upstream-first",
        delays: bool = True,
        scarce: str | None = "chips",
        **changes: float,
    ) -> apps.Trajectory:
        """What the layers earn from the jump on, in steps of half a year.

        Parameters
        ----------
        years : float
            Length, counted from the jump [yr].
        order : str
            Who commits first, as in `supercycle.apps.solve`.
        delays : bool
            Whether entry takes the years of the table ``apps``, or none.
        scarce : str or None
            Layer whose plants ran at capacity before the jump.
        **changes : float
            Names of `inputs`, to be changed.

        Raises
        ------
        ValueError
            When a change names no input.

        Examples
        --------
        >>> path = case("default", None).path(2.0)
        >>> path.names[int(path.profit_usd_per_year[:, -1].argmax())]
        'chips'
        """
        given = self.inputs()
        for name in changes:
            if name not in given:
                raise ValueError(f"changes name {name!r}: must be one of {', '.join(given)}")
        given = given | changes
        numbers = tuple((name, float(value)) for name, value in given.items())
        return _path(self, float(years), order, delays, scarce, numbers)

    def held_usd(
        self,
        layer: str,
        horizon_years: float,
        *,
        order: str = "upstream-first",
        scarce: str | None = "chips",
        **inputs: float,
    ) -> float:
        """Present value of holding all of one layer from today on, up to a horizon [USD].

        Profit after the annuity of its plants, losses included. The price of the holding, which may
        hold all of this already, is not in it.

        Parameters
        ----------
        layer : str
        horizon_years : float
            From today, at most 5 [yr].
        order, scarce
            As in `path`.
        **inputs : float
            Names of `inputs`, to be changed.

        Raises
        ------
        ValueError
            For an unknown layer or input, or a horizon outside 0 … 5.
        """
        if layer not in LAYERS:
            raise ValueError(f"layer = {layer!r}: must be one of {', '.join(LAYERS)}")
        if not 0 < horizon_years <= _HORIZON_YEARS:
            raise ValueError(
                f"horizon_years = {horizon_years!r}: must be above 0 and at most {_HORIZON_YEARS}"
            )
        path = self.path(
            self.age_years + _HORIZON_YEARS,
            order=order,
            scarce=scarce,
            **inputs,  # type: ignore[arg-type]
        )
        rate = float((self.inputs() | inputs)["discount_rate"])
        today, until = (
            path.present_value_usd(rate, self.age_years + years)[LAYERS.index(layer)]
            for years in (0.0, horizon_years)
        )
        return float((until - today) * math.exp(rate * self.age_years))


@functools.lru_cache(maxsize=256)
def _path(
    given: ProfitCase,
    years: float,
    order: str,
    delays: bool,
    scarce: str | None,
    numbers: tuple[tuple[str, float], ...],
) -> apps.Trajectory:
    """`ProfitCase.path` with everything hashable, so that two horizons share one simulation."""
    n = dict(numbers)
    wait = {name: float(facts.value(f"apps/entry-delay-{name}")) for name in LAYERS}
    wait["chips"] = n["chips_delay_years"]
    chain = given.chain()
    entries = apps.at_rest(
        chain,
        wait if delays else dict.fromkeys(LAYERS, 0.0),
        order=order,
        barrier_share={name: n[f"barrier_{name}"] for name in LAYERS},
        life_years=n["plant_life_years"],
        scarce=scarce,
    )
    return apps.simulate(
        chain,
        entries,
        years=years,
        step_years=_STEP_YEARS,
        market=lambda _: n["demand_jump"],
        order=order,
        foresight=n["foresight"],
    )


def case(code: str, rng: np.random.Generator | None) -> ProfitCase:
    """Draw the case of a code, or the default case without a generator."""
    earned = apps.pool_history("ai").loc[_BEFORE].to_numpy(dtype=float)
    pool = float(np.nansum(np.maximum(earned, 0.0)))
    default = ProfitCase(
        code=code,
        firms=tuple(float(facts.value(f"apps/firms-{name}")) for name in LAYERS),
        costs_usd=(0.4, 1.0, 0.8, 0.3, 0.5),
        intercept_usd=10.0,
        pool_usd_per_year=float(f"{pool:.3g}"),
        demand_jump=float(facts.value("apps/demand-jump")),
        age_years=3.0,
        wrapper_margin_usd_per_year=3e7,
        wrapper_growth=0.2,
        wrapper_price_usd=9e7,
    )
    if rng is None:
        return default
    margin = float(round(rng.uniform(1e7, 8e7), -6))
    return replace(
        default,
        firms=tuple(
            float(rng.integers(low, high + 1))
            for low, high in ((6, 8), (2, 3), (4, 5), (3, 5), (7, 10))
        ),
        costs_usd=tuple(
            float(round(cost * rng.uniform(0.7, 1.3), 2)) for cost in default.costs_usd
        ),
        intercept_usd=float(round(rng.uniform(8, 12), 1)),
        pool_usd_per_year=float(f"{pool * rng.uniform(0.8, 1.2):.3g}"),
        demand_jump=float(round(rng.uniform(2.6, 3.4), 1)),
        age_years=float(rng.choice([2.5, 3.0])),
        wrapper_margin_usd_per_year=margin,
        wrapper_growth=float(round(rng.uniform(0.1, 0.3), 2)),
        wrapper_price_usd=float(round(margin * rng.uniform(2.5, 3.5), -6)),
    )
