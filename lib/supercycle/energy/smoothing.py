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
from supercycle._validate import non_negative, positive, share
from supercycle.energy._plain import plain
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
        Yearly cost of the battery, and of the energy dumped or lost in it, as if the trace
        repeated all year [USD/yr].
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
    rate: float | None = None,
    life_years: float | None = None,
    dump: bool = True,
) -> Smoothing:
    """Size a battery and plan a dump load so that the grid's ramp stays under a limit.

    A linear programme: minimise the yearly cost of battery power P and energy E plus the energy
    burnt, subject to ``grid = load + charge − discharge + dump ≥ 0``,
    ``|grid(t+1) − grid(t)| ≤ r·Δt``, ``stored(t+1) = stored(t) + (√η·charge − discharge/√η)·Δt``,
    ``0 ≤ stored ≤ E`` and ``charge + discharge ≤ P``. Solved by HiGHS through SciPy.

    Parameters
    ----------
    load_w : array of shape (n,)
        Power at equal steps [W].
    step_s : float
        Δt [s].
    ramp_limit_w_per_s : float
        r [W/s]; 0 asks for a flat grid.
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
    the continuous one, because the grid moves by ``r·Δt`` during the jump.

    Examples
    --------
    >>> import numpy as np
    >>> load = np.where(np.arange(40) < 20, 300e6, 0.0)
    >>> plan = smooth(load, 0.05, 10e6 / 60, round_trip_efficiency=1.0, dump=False)
    >>> round(plan.battery.power_w / 1e6), round(plan.battery.energy_j / 3.6e6)
    (150, 42)
    """
    from scipy.optimize import linprog
    from scipy.sparse import bmat, coo_array, csr_array, diags_array, eye_array

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

    def or_fact(given: float | None, row: str) -> float:
        return float(facts.value(f"energy/{row}") if given is None else given)

    eta = or_fact(round_trip_efficiency, "battery-round-trip-efficiency-2025")
    usd_per_w = or_fact(power_usd_per_w, "battery-capex-power-2025")
    usd_per_wh = or_fact(energy_usd_per_wh, "battery-capex-energy-2025")
    price = or_fact(energy_price_usd_per_mwh, "us-industrial-price-2025")
    share("round_trip_efficiency", eta)
    positive("round_trip_efficiency", eta)
    non_negative("power_usd_per_w", usd_per_w)
    non_negative("energy_usd_per_wh", usd_per_wh)
    non_negative("energy_price_usd_per_mwh", price)
    crf = float(capital_recovery_factor(or_fact(rate, "discount-rate-energy"),
                                        or_fact(life_years, "life-battery")))  # fmt: skip

    # Watts in units of the load's size, joules in that times a step: numbers near one.
    n, scale = load.size, max(float(load.max()), float(initial_w or 0.0), 1.0)
    joules = scale * step_s
    ramp = ramp_limit_w_per_s * step_s / scale
    one = eye_array(n, format="csr")
    zero = csr_array((n, n))
    column = csr_array((n, 1))
    ones = csr_array(np.ones((n, 1)))
    # Variables: charge, discharge, dump, stored (n each), then P and E.
    grid = [one, -one, one, zero, column, column]  # less the load
    after = diags_array([np.ones(n - 1)], offsets=[1], shape=(n, n), format="csr")
    if periodic:
        after = csr_array(after + coo_array(([1.0], ([n - 1], [0])), shape=(n, n)))
        steps = np.arange(n)
    else:
        steps = np.arange(n - 1)
    change = csr_array(after - one)[steps]

    balance = bmat(
        [[-np.sqrt(eta) * one[steps], one[steps] / np.sqrt(eta), zero[steps], change,
          column[steps], column[steps]]], format="csr")  # fmt: skip
    grid_rows = bmat([grid], format="csr")
    ramps = change @ grid_rows
    load_change = change @ (load / scale)
    rows = [ramps, -ramps,
            bmat([[one, one, zero, zero, -ones, column]], format="csr"),
            bmat([[zero, zero, zero, one, column, -ones]], format="csr"),
            -grid_rows]  # fmt: skip
    limits = [ramp - load_change, ramp + load_change, np.zeros(n), np.zeros(n), load / scale]
    if initial_w is not None:
        first = grid_rows[[0]]
        gap = np.array([(load[0] - initial_w) / scale])
        rows += [first, -first]
        limits += [ramp - gap, ramp + gap]
    from scipy.sparse import vstack

    yearly_w = usd_per_w * crf * scale
    yearly_j = usd_per_wh / HOUR_S * crf * joules
    # One joule burnt in the trace is burnt YEAR_S / (n · Δt) times a year.
    burn = price / MWH_J * joules * YEAR_S / (n * step_s)
    # A plan for an unforeseen start happens rarely: it is sized, and its energy is not billed yearly.
    if not periodic:
        burn *= n * step_s / YEAR_S
    cost = np.concatenate(
        [np.full(n, burn), np.full(n, -burn), np.full(n, burn), np.zeros(n), [yearly_w, yearly_j]]
    )
    # Charge less discharge is what the battery burns over a whole cycle. Outside a cycle what is
    # left in the store is not burnt, so there only the loss itself counts.
    if not periodic:
        cost[:n] = burn * (1 - np.sqrt(eta))
        cost[n : 2 * n] = burn * (1 / np.sqrt(eta) - 1)
    bounds = [(0, None)] * (2 * n) + [(0, None if dump else 0)] * n + [(0, None)] * (n + 2)
    size = max(yearly_w, yearly_j, burn) or 1.0
    answer = linprog(
        cost / size, A_ub=vstack(rows, format="csr"), b_ub=np.concatenate(limits),
        A_eq=balance, b_eq=np.zeros(len(steps)), bounds=bounds, method="highs",
    )  # fmt: skip
    if not answer.success:
        raise ValueError(
            f"no plan keeps ramp_limit_w_per_s = {ramp_limit_w_per_s}: {answer.message}"
        )
    charge, discharge, burnt, stored = answer.x[: 4 * n].reshape(4, n)
    power, energy = answer.x[4 * n :]
    return Smoothing(
        battery=Battery(max(0.0, power * scale), max(0.0, energy * joules)),
        grid_w=load + (charge - discharge + burnt) * scale,
        charge_w=charge * scale,
        discharge_w=discharge * scale,
        dump_w=burnt * scale,
        stored_j=stored * joules,
        battery_usd_per_year=float(yearly_w * power + yearly_j * energy),
        burnt_usd_per_year=float(cost[: 3 * n] @ answer.x[: 3 * n]),
    )
