"""What may go wrong, and what we do not know: output as a distribution.

Two kinds of spread are kept apart. *Outages* are events: a firm, or a whole country, stops for a
while, and every stage it runs stops with it. *Doubt* is about our own table: most capacities are
press estimates with a range, so which stage binds is a matter of odds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from supercycle import facts
from supercycle._validate import non_negative, positive, share
from supercycle.chips.supply import SupplyNetwork, network, plan, programme

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Disruption", "choke_odds", "disrupt"]


@dataclass(frozen=True)
class Disruption:
    """A year's output under outages, drawn many times.

    Attributes
    ----------
    output : array of shape (draws,)
        Measure made in each year drawn [W/yr] or [USD/yr].
    undisturbed : float
        The same when nothing goes wrong.
    lost_to : mapping from firm or country to float
        Mean share of output lost in the years in which it stopped, less the mean in the others.
    """

    output: np.ndarray
    undisturbed: float
    lost_to: Mapping[str, float]

    def quantile(self, q: float | np.ndarray) -> float | np.ndarray:
        """Output that is not reached with probability `q`."""
        share("q", q)
        level = np.quantile(self.output, q)
        return float(level) if np.ndim(level) == 0 else level

    @property
    def expected_loss_share(self) -> float:
        """Mean share of the undisturbed output that is lost [1]."""
        return float(1 - self.output.mean() / self.undisturbed)

    def shortfall_share(self, worst: float = 0.05) -> float:
        """Mean share lost in the worst years, the share `worst` of all of them [1]."""
        share("worst", worst)
        positive("worst", worst)
        count = max(1, round(worst * self.output.size))
        return float(1 - np.sort(self.output)[:count].mean() / self.undisturbed)


def disrupt(
    net: SupplyNetwork,
    *,
    outages_per_year: float | Mapping[str, float] | None = None,
    outage_years: float | None = None,
    draws: int = 1000,
    seed: int = 0,
    measure: str = "power_w",
) -> Disruption:
    """Draw years in which makers stop and start again, and solve for the output of each.

    Outages of each firm or country come as a Poisson process and last exponentially long; a year
    loses the share of it that they cover. A country's outage stops all its firms at once.

    Parameters
    ----------
    net : SupplyNetwork
    outages_per_year : float or mapping from firm or country to float, optional
        Rate of each firm [1/yr]; a mapping names the firms and countries that may stop, the others
        do not. Left out: ``supply-assumptions/outage-rate`` for every firm.
    outage_years : float, optional
        Mean length [yr]; left out, ``supply-assumptions/outage-length``.
    draws : int
        Years drawn.
    seed : int
    measure : str
        One of `chips.MEASURES`.

    Returns
    -------
    Disruption

    Raises
    ------
    ValueError
        When a rate or length is out of range, a name is unknown, the network makes nothing even
        undisturbed, or `draws` is not a whole number ≥ 1.

    Notes
    -----
    Firms fail independently unless they share a country's outage. No stock, no substitute and no
    overtime softens a loss, so it is an upper bound. Toolmakers do not count within a year.

    Examples
    --------
    >>> year = disrupt(network(), seed=1)
    >>> bool(year.quantile(0.05) <= year.quantile(0.5) <= year.undisturbed)
    True
    """
    if draws != int(draws) or draws < 1:
        raise ValueError(f"draws = {draws}: must be a whole number of at least 1")
    firms = sorted({f for stage in net.stages.values() for f in stage.makers})
    if outages_per_year is None:
        outages_per_year = float(facts.value("supply-assumptions/outage-rate"))
    if outage_years is None:
        outage_years = float(facts.value("supply-assumptions/outage-length"))
    rates = (
        dict(outages_per_year)
        if isinstance(outages_per_year, Mapping)
        else dict.fromkeys(firms, outages_per_year)
    )
    positive("outage_years", outage_years)
    places = sorted({net.countries[f] for f in firms if f in net.countries})
    for name, rate in rates.items():
        if name not in firms and name not in places:
            raise ValueError(
                f"outages_per_year names {name!r}: must be a maker or its country, one of "
                + ", ".join([*firms, *places])
            )
        non_negative(f"outages_per_year[{name!r}]", rate)

    rng = np.random.default_rng(seed)
    stopped = {}
    for name, rate in rates.items():
        count = rng.poisson(rate, draws)
        # A sum of exponential lengths is a gamma variate; shape 0 gives 0.
        stopped[name] = np.minimum(1.0, rng.gamma(np.maximum(count, 1), outage_years) * (count > 0))
    running = {
        firm: (1 - stopped.get(firm, 0.0)) * (1 - stopped.get(net.countries.get(firm, ""), 0.0))
        for firm in firms
    }
    factors = np.ones((draws, len(net.stages)))
    for column, stage in enumerate(net.stages.values()):
        if stage.makers:
            factors[:, column] = sum(part * running[f] for f, part in stage.makers.items())
    best = getattr(plan(net, measure), measure)
    if best <= 0:
        raise ValueError("the network makes nothing: some stage on the way has no capacity")
    output = np.minimum(_outputs(net, factors, measure), best)  # without the solver's dust
    lost = 1 - output / best
    hit = {name: gone > 0 for name, gone in stopped.items()}
    return Disruption(
        output=output,
        undisturbed=best,
        lost_to={
            name: float(lost[h].mean() - lost[~h].mean())
            for name, h in hit.items()
            if h.any() and not h.all()
        },
    )


def _outputs(net: SupplyNetwork, factors: np.ndarray, measure: str) -> np.ndarray:
    """Largest output for each row of capacity factors: one programme, for the rows do not interact."""
    from scipy.optimize import linprog
    from scipy.sparse import csr_array, eye_array, kron

    rows, size, gain, _ = programme(net, measure)
    limited = np.isfinite(net.capacities)
    solved = linprog(
        -np.tile(gain / gain.max(), len(factors)),
        A_ub=kron(eye_array(len(factors)), csr_array(rows), format="csr"),
        b_ub=(factors[:, limited] * (net.capacities[limited] / size)).ravel(),
        method="highs",
    )
    if not solved.success:
        raise ValueError(f"the network has no plan: {solved.message}")
    return np.asarray(solved.x.reshape(len(factors), -1) @ gain)


def choke_odds(
    draws: int = 300, *, seed: int = 0, measure: str = "power_w"
) -> tuple[pd.Series, np.ndarray]:
    """How sure we are which stage binds: draw the whole table from its published ranges.

    Every number of ``supply-network`` that has a range is drawn from a triangle between its low
    and high end, peaked at its value, independently of the others.

    Parameters
    ----------
    draws, seed
        Number of networks drawn, and the seed.
    measure : str
        One of `chips.MEASURES`.

    Returns
    -------
    odds : pandas.Series
        Share of networks in which each stage binds, highest first; they sum to 1 (ties do not
        happen to drawn numbers).
    output : array of shape (draws,)
        Measure made a year in each [W/yr] or [USD/yr].

    Raises
    ------
    ValueError
        When `draws` is not a whole number ≥ 1.

    Examples
    --------
    >>> odds, output = choke_odds(40)
    >>> round(float(odds.sum()), 6), output.shape
    (1.0, (40,))
    """
    import pandas as pd

    if draws != int(draws) or draws < 1:
        raise ValueError(f"draws = {draws}: must be a whole number of at least 1")
    rng = np.random.default_rng(seed)

    def draw(fact: facts.Fact) -> float:
        if fact.low is None or fact.high is None or fact.low == fact.high:
            return float(fact)
        return float(rng.triangular(fact.low, float(fact), fact.high))

    binding: dict[str, int] = {}
    output = np.empty(draws)
    for k in range(draws):
        best = plan(network(draw), measure)
        output[k] = getattr(best, measure)
        stage = max(best.shadow_price, key=lambda s: best.shadow_price[s] > 0)
        binding[stage] = binding.get(stage, 0) + 1
    odds = pd.Series(binding, dtype=float, name="odds").sort_values(ascending=False) / draws
    return odds.rename_axis("stage"), output
