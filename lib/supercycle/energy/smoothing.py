"""Keep a swinging load's ramp under a limit: a battery, a dump load, or both (S6).

Behind the meter the grid sees ``grid = load + charge − discharge + dump``. A battery must supply
the difference between load and grid at once (its *power*) and carry it until the grid has caught
up (its *energy*); a dump load burns power in the valleys instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from supercycle import facts
from supercycle._plain import plain
from supercycle._validate import non_negative, positive, share
from supercycle.finance import capital_recovery_factor
from supercycle.units import HOUR_S, MEGAWATT, MWH_J, YEAR_S

__all__ = [
    "Battery", "Smoothing", "battery_periodic", "battery_step", "burn_usd_per_year", "smooth",
]  # fmt: skip


@dataclass(frozen=True)
class Battery:
    """Size of a battery.

    Attributes
    ----------
    power_w : float or array
        Of the converter, either way [W].
    energy_j : float or array
        Usable [J].
    """

    power_w: Any
    energy_j: Any


def battery_periodic(swing_w: Any, period_s: Any, ramp_limit_w_per_s: Any) -> Battery:
    """Smallest lossless battery for a square wave of duty ½, known ahead (S6).

    Power ``ΔP/2`` whatever the limit r. Energy ``ΔP²/4r`` where ``r ≥ 2ΔP/T`` (the grid reaches
    both levels), else ``ΔP·T/4 − r·T²/16`` (the grid moves in a triangle).

    Parameters
    ----------
    swing_w : float or array of shape (...,)
        High less low power, ΔP [W].
    period_s : float or array of shape (...,)
        T [s].
    ramp_limit_w_per_s : float or array of shape (...,)
        r [W/s]; 0 asks for a flat grid.

    Returns
    -------
    Battery
        Arrays where the input has them.

    Raises
    ------
    ValueError
        When the swing or limit is negative or the period is not positive.

    Notes
    -----
    The load jumps at once while the grid cannot, so at each edge the battery's power changes by
    ΔP and one side of the edge carries at least half of it. The grid's best path crosses the
    middle at the edge. As r → ∞ energy vanishes and power does not. Losses and a duty other than
    ½ need `smooth`.

    Examples
    --------
    300 MW every two seconds under 10 MW a minute:

    >>> battery = battery_periodic(300e6, 2.0, 10e6 / 60)
    >>> battery.power_w / 1e6, round(battery.energy_j / 3.6e6)
    (150.0, 42)
    """
    non_negative("swing_w", swing_w)
    positive("period_s", period_s)
    non_negative("ramp_limit_w_per_s", ramp_limit_w_per_s)
    dp, t, r = np.broadcast_arrays(
        *(np.asarray(x, dtype=float) for x in (swing_w, period_s, ramp_limit_w_per_s))
    )
    reaches = r >= 2 * dp / t
    fast = dp**2 / (4 * np.where(reaches & (r > 0), r, 1.0))
    slow = dp * t / 4 - np.where(reaches, 0.0, r) * t**2 / 16
    return Battery(plain(dp / 2), plain(np.where(reaches, fast, slow)))


def battery_step(swing_w: Any, ramp_limit_w_per_s: Any) -> Battery:
    """Smallest lossless battery for a start or a stop that nobody foresaw (S6).

    Power ``ΔP``, energy ``ΔP²/2r``: the whole step, and the triangle until the grid is there.

    Parameters
    ----------
    swing_w : float or array of shape (...,)
        Size of the step, ΔP [W].
    ramp_limit_w_per_s : float or array of shape (...,)
        r, above 0 [W/s].

    Returns
    -------
    Battery

    Raises
    ------
    ValueError
        When the swing is negative or the limit is not positive: without any ramp the battery
        would have to carry the load for ever.

    Examples
    --------
    >>> battery = battery_step(300e6, 10e6 / 60)
    >>> battery.power_w / 1e6, round(battery.energy_j / 3.6e9)
    (300.0, 75)
    """
    non_negative("swing_w", swing_w)
    positive("ramp_limit_w_per_s", ramp_limit_w_per_s)
    return Battery(
        plain(swing_w),
        plain(np.divide(np.square(swing_w), np.multiply(2.0, ramp_limit_w_per_s))),
    )


def burn_usd_per_year(swing_w: Any, duty: Any, price_usd_per_mwh: Any) -> Any:
    """Price of filling every valley with burnt power, so that the grid sees a flat load.

    ``ΔP · (1 − duty) · 8760 h · price``.

    Parameters
    ----------
    swing_w : float or array of shape (...,)
        [W].
    duty : float or array of shape (...,)
        Share of time at high power [1].
    price_usd_per_mwh : float or array of shape (...,)
        [USD/MWh].

    Returns
    -------
    float or array of shape (...,)
        [USD/yr].

    Raises
    ------
    ValueError
        When the swing or price is negative, or the duty is no share.

    Examples
    --------
    >>> round(burn_usd_per_year(300e6, 0.5, 86) / 1e6)
    113
    """
    non_negative("swing_w", swing_w)
    share("duty", duty)
    non_negative("price_usd_per_mwh", price_usd_per_mwh)
    megawatts = np.multiply(swing_w, np.subtract(1.0, duty)) / MEGAWATT
    return plain(megawatts * (YEAR_S / HOUR_S) * price_usd_per_mwh)


@dataclass(frozen=True)
class Smoothing:
    """The cheapest way to keep a ramp under its limit.

    Attributes
    ----------
    battery : Battery
    grid_w, charge_w, discharge_w, dump_w : array of shape (n,)
        Paths [W]; ``grid = load + charge − discharge + dump``.
    stored_j : array of shape (n,)
        Energy in the battery at the start of each step [J].
    battery_usd_per_year, burnt_usd_per_year : float
        Yearly cost of the battery, and of the energy dumped or lost in it [USD/yr].
    """

    battery: Battery
    grid_w: np.ndarray
    charge_w: np.ndarray
    discharge_w: np.ndarray
    dump_w: np.ndarray
    stored_j: np.ndarray
    battery_usd_per_year: float
    burnt_usd_per_year: float

    @property
    def cost_usd_per_year(self) -> float:
        """Battery and burnt energy together [USD/yr]."""
        return self.battery_usd_per_year + self.burnt_usd_per_year


def smooth(
    load_w: Any,
    step_s: float,
    ramp_limit_w_per_s: float,
    *,
    periodic: bool = True,
    initial_w: float | None = None,
    round_trip_efficiency: float | None = None,
    power_usd_per_w: float | None = None,
    energy_usd_per_wh: float | None = None,
    energy_price_usd_per_mwh: float | None = None,
    repeats_per_year: float | None = None,
    rate: float | None = None,
    life_years: float | None = None,
    dump: bool = True,
) -> Smoothing:
    """Size a battery and plan a dump load so that the grid's ramp stays under a limit.

    A linear programme: minimise the yearly cost of battery power P and energy E plus the energy
    burnt, subject to ``grid = load + charge − discharge + dump ≥ 0``,
    ``|grid(t+1) − grid(t)| ≤ r·Δt``, ``stored(t+1) = stored(t) + (√η·charge − discharge/√η)·Δt``,
    ``0 ≤ stored ≤ E`` and ``charge + discharge ≤ P``. What is burnt is what is dumped and what
    the battery loses: ``dump + (1 − √η)·charge + (1/√η − 1)·discharge``. Solved by HiGHS through
    SciPy.

    Parameters
    ----------
    load_w : array of shape (n,)
        Power at equal steps [W].
    step_s : float
        Δt [s].
    ramp_limit_w_per_s : float
        r [W/s]; 0 asks for a flat grid, and so does less than a millionth of the load a step.
    periodic : bool
        The trace repeats: grid and store end where they begin. Otherwise the store may begin
        and end at any level, chosen by the plan.
    initial_w : float, optional
        Grid power just before the trace [W], for a start or stop nobody foresaw
        (``periodic=False`` only).
    round_trip_efficiency : float, optional
        η of the battery, in (0, 1] [1]; left out, ``energy/battery-round-trip-efficiency-2025``.
    power_usd_per_w, energy_usd_per_wh : float, optional
        Cost of the battery; left out, ``energy/battery-capex-power-2025`` and
        ``-energy-2025`` [USD/W], [USD/Wh].
    energy_price_usd_per_mwh : float, optional
        Price of burnt energy; left out, ``energy/us-industrial-price-2025`` [USD/MWh].
    repeats_per_year : float, optional
        How often the trace happens in a year [1/yr]; left out, back to back if periodic, else
        once.
    rate, life_years : float, optional
        Of the battery's annuity; left out, ``energy/discount-rate-energy``, ``energy/life-battery``.
    dump : bool
        Whether power may be burnt in the valleys.

    Returns
    -------
    Smoothing

    Raises
    ------
    ValueError
        When the load is not finite and non-negative, an argument is out of range, or
        ``initial_w`` comes with ``periodic``.

    Notes
    -----
    The plan knows the whole trace. The solution of a step Δt is within ``r·Δt/2`` in power of
    the continuous one, because the grid moves by ``r·Δt`` during the jump. The battery's wear by
    cycling is not priced: compare the number of cycles with its warranty.

    Examples
    --------
    >>> import numpy as np
    >>> load = np.where(np.arange(40) < 20, 300e6, 0.0)
    >>> plan = smooth(load, 0.05, 10e6 / 60, round_trip_efficiency=1.0, dump=False)
    >>> round(plan.battery.power_w / 1e6), round(plan.battery.energy_j / 3.6e6)
    (150, 42)
    """
    load = np.asarray(load_w, dtype=float)
    if load.ndim != 1 or load.size < 2 or not np.isfinite(load).all():
        raise ValueError("load_w: must be a one-dimensional array of at least two finite watts")
    non_negative("load_w", load)
    positive("step_s", step_s)
    non_negative("ramp_limit_w_per_s", ramp_limit_w_per_s)
    if initial_w is not None:
        if periodic:
            raise ValueError(f"initial_w = {initial_w}: give it with periodic=False only")
        non_negative("initial_w", initial_w)

    def or_fact(name: str, given: float | None, row: str) -> float:
        number = float(facts.value(f"energy/{row}") if given is None else given)
        non_negative(name, number)
        return number

    eta = or_fact("round_trip_efficiency", round_trip_efficiency,
                  "battery-round-trip-efficiency-2025")  # fmt: skip
    share("round_trip_efficiency", eta)
    positive("round_trip_efficiency", eta)
    crf = float(capital_recovery_factor(
        or_fact("rate", rate, "discount-rate-energy"),
        or_fact("life_years", life_years, "life-battery"),
    ))  # fmt: skip
    if repeats_per_year is None:
        repeats_per_year = YEAR_S / (load.size * step_s) if periodic else 1.0
    non_negative("repeats_per_year", repeats_per_year)

    # Watts in units of the load's size, joules in that times a step: numbers near one.
    size_w = max(float(load.max()), float(initial_w or 0.0), 1.0)
    size_j = size_w * step_s
    ramp = ramp_limit_w_per_s * step_s / size_w
    price = or_fact(
        "energy_price_usd_per_mwh", energy_price_usd_per_mwh, "us-industrial-price-2025"
    )
    power_usd = crf * size_w * or_fact(
        "power_usd_per_w", power_usd_per_w, "battery-capex-power-2025"
    )  # fmt: skip
    energy_usd = crf * size_j / HOUR_S * or_fact(
        "energy_usd_per_wh", energy_usd_per_wh, "battery-capex-energy-2025"
    )  # fmt: skip
    burn_usd = price / MWH_J * size_j * repeats_per_year
    answer = _least_cost(
        load / size_w, 0.0 if ramp < _FLAT else ramp, eta, burn_usd, power_usd, energy_usd,
        periodic=periodic, dump=dump, initial=None if initial_w is None else initial_w / size_w,
    )  # fmt: skip
    charge, discharge, burnt, grid, stored = answer[:-2].reshape(5, load.size)
    power, energy = np.maximum(answer[-2:], 0.0)
    return Smoothing(
        battery=Battery(float(power * size_w), float(energy * size_j)),
        grid_w=grid * size_w,
        charge_w=charge * size_w,
        discharge_w=discharge * size_w,
        dump_w=burnt * size_w,
        stored_j=stored * size_j,
        battery_usd_per_year=float(power_usd * power + energy_usd * energy),
        burnt_usd_per_year=float(
            burn_usd * (burnt + (1 - eta**0.5) * charge + (eta**-0.5 - 1) * discharge).sum()
        ),
    )


_FLAT = 1e-6
"""A ramp per step, as a share of the load, that the solver's tolerance cannot tell from zero."""


def _least_cost(
    load: np.ndarray, ramp: float, eta: float, burn: float, power_cost: float, energy_cost: float,
    *, periodic: bool, dump: bool, initial: float | None,
) -> np.ndarray:  # fmt: skip
    """Solve the programme in units of the load and the step.

    Returns charge, discharge, dump, grid and stored one after the other, then P and E:
    shape (5 n + 2,).
    """
    from scipy.optimize import linprog
    from scipy.sparse import block_array, csr_array, eye_array

    n = load.size
    one = eye_array(n, format="csr")
    ones, column = csr_array(np.ones((n, 1))), csr_array((n, 1))
    # Change from each step to the next; only a periodic trace goes on from its last step.
    follows = np.roll(np.arange(n), -1)
    change = (csr_array(one[follows]) - one)[: n if periodic else n - 1]
    inside, limits = change.shape[0], np.full(change.shape[0], ramp)
    way = eta**0.5
    equal = block_array([
        [-one, one, -one, one, None, column, column],
        [-way * one[:inside], one[:inside] / way, None, None, change, None, None],
    ])  # fmt: skip
    at_most = block_array([
        [None, None, None, change, None, None, None],
        [None, None, None, -change, None, None, None],
        [one, one, None, None, None, -ones, None],
        [None, None, 0 * one, None, one, None, -ones],
    ])  # fmt: skip
    bounds = np.zeros((5 * n + 2, 2))
    bounds[:, 1] = np.inf
    if not dump:
        bounds[2 * n : 3 * n, 1] = 0.0
    if initial is not None:
        bounds[3 * n] = max(0.0, initial - ramp), initial + ramp
    losses = np.repeat([1 - way, 1 / way - 1, 1.0, 0.0, 0.0], n)
    cost = np.concatenate([burn * losses, [power_cost, energy_cost]])
    answer = linprog(
        cost / (cost.max() or 1.0), A_ub=at_most.tocsr(), b_ub=np.r_[limits, limits, np.zeros(2 * n)],
        A_eq=equal.tocsr(), b_eq=np.r_[load, np.zeros(inside)], bounds=bounds, method="highs",
    )  # fmt: skip
    if not answer.success:
        raise ValueError(f"ramp_limit_w_per_s: the solver found no plan ({answer.message})")
    return np.asarray(answer.x)
