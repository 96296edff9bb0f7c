"""Throttling under a power or a cooling cap, and what one slow chip costs (lecture, 11:23)."""

from __future__ import annotations

from typing import Any

import numpy as np

from supercycle import facts
from supercycle._plain import plain
from supercycle._validate import non_negative, positive, share

__all__ = [
    "cooling_cap_w", "speed_under_cap_share", "sync_steps_hit_share", "sync_throughput_share",
]  # fmt: skip


def cooling_cap_w(coolant_c: Any, *, limit_c: Any, thermal_resistance_k_per_w: Any) -> Any:
    """Power that cooling can carry away at the chip's highest temperature.

    ``P = (T_limit − T_coolant) / R``.

    Parameters
    ----------
    coolant_c : float or array of shape (...,)
        Temperature of the coolant at the inlet [°C].
    limit_c : float or array of shape (...,)
        Temperature at which the chip throttles [°C].
    thermal_resistance_k_per_w : float or array of shape (...,)
        From the chip to the coolant [K/W].

    Returns
    -------
    float or array of shape (...,)
        [W].

    Raises
    ------
    ValueError
        When the resistance is not positive or the coolant is as hot as the limit.

    Notes
    -----
    Steady state; a burst shorter than the thermal time constant may exceed it. Source: Fourier's
    law in lumped form, any heat-transfer textbook.

    Examples
    --------
    >>> cooling_cap_w(40, limit_c=90, thermal_resistance_k_per_w=0.05)
    1000.0
    """
    positive("thermal_resistance_k_per_w", thermal_resistance_k_per_w)
    room_k = np.subtract(limit_c, coolant_c)
    if not np.all(room_k > 0):
        raise ValueError(f"coolant_c = {coolant_c!r}: must be below limit_c = {limit_c!r}")
    return plain(np.divide(room_k, thermal_resistance_k_per_w))


def speed_under_cap_share(
    power_w: Any, *, cap_w: Any, static_w: Any = 0.0, exponent: float | None = None
) -> Any:
    """Clock that a chip keeps under a power cap, as a share of its full clock.

    Dynamic power goes with the clock's power of `exponent` (C·V²·f, voltage with the clock):
    ``f = ((cap − static) / (power − static))^(1/exponent)``, at most 1.

    Parameters
    ----------
    power_w : float or array of shape (...,)
        Power at full clock [W].
    cap_w : float or array of shape (...,)
        What power delivery or cooling allows [W].
    static_w : float or array of shape (...,)
        Power that no clock removes: leakage, memory, links [W]; below `power_w`.
    exponent : float, optional
        3 where voltage follows the clock, 1 where it no longer can; left out,
        ``energy/dynamic-power-exponent``.

    Returns
    -------
    float or array of shape (...,)
        Share of the full clock [1].

    Raises
    ------
    ValueError
        When the cap is not above the static power: no clock satisfies it.

    Notes
    -----
    The speed of work bound by memory falls less than the clock. Source: Chandrakasan, Sheng and
    Brodersen (1992), Low-power CMOS digital design, §II.

    Examples
    --------
    >>> round(speed_under_cap_share(700, cap_w=600, static_w=100), 3)
    0.941
    """
    if exponent is None:
        exponent = float(facts.value("energy/dynamic-power-exponent"))
    positive("exponent", exponent)
    non_negative("static_w", static_w)
    power, cap, static = (np.asarray(x, dtype=float) for x in (power_w, cap_w, static_w))
    if not np.all(power > static):
        raise ValueError(f"power_w = {power_w!r}: must be above static_w = {static_w!r}")
    if not np.all(cap > static):
        raise ValueError(f"cap_w = {cap_w!r}: must be above static_w = {static_w!r}")
    return plain(np.minimum(1.0, ((cap - static) / (power - static)) ** (1 / exponent)))


def sync_steps_hit_share(throttle_probability: Any, chips: Any) -> Any:
    """Share of synchronous steps in which at least one chip throttles: ``1 − (1 − p)^N``.

    Parameters
    ----------
    throttle_probability : float or array of shape (...,)
        Chance that one chip throttles in one step, 0 to 1 [1].
    chips : float or array of shape (...,)
        Chips that wait for each other [1].

    Returns
    -------
    float or array of shape (...,)
        [1].

    Raises
    ------
    ValueError
        When the probability is no share or there is no chip.

    Notes
    -----
    Chips throttle independently here. A warm day or a voltage dip hits many together, which
    makes fewer steps slow for the same p: this is the worst case of a given p.

    Examples
    --------
    >>> round(sync_steps_hit_share(1e-6, 500_000), 3)
    0.393
    """
    share("throttle_probability", throttle_probability)
    positive("chips", chips)
    with np.errstate(divide="ignore"):  # p = 1: log1p(−1) = −inf, and the share is 1
        return plain(-np.expm1(np.multiply(chips, np.log1p(np.negative(throttle_probability)))))


def sync_throughput_share(throttle_probability: Any, chips: Any, *, slow_speed: Any) -> Any:
    """Mean speed of a synchronous job whose steps wait for the slowest chip.

    A step hit takes ``1/slow_speed`` times as long:
    ``1 / (1 + (1 − (1 − p)^N)(1/slow_speed − 1))``.

    Parameters
    ----------
    throttle_probability : float or array of shape (...,)
        [1].
    chips : float or array of shape (...,)
        [1].
    slow_speed : float or array of shape (...,)
        Speed of a throttled chip as a share of full speed, above 0 [1]
        (`speed_under_cap_share`).

    Returns
    -------
    float or array of shape (...,)
        Share of the speed without throttling [1].

    Raises
    ------
    ValueError
        When a probability or speed is outside its range.

    Examples
    --------
    >>> sync_throughput_share(0.0, 500_000, slow_speed=0.5)
    1.0
    >>> round(sync_throughput_share(1e-5, 500_000, slow_speed=0.5), 3)
    0.502
    """
    share("slow_speed", slow_speed)
    positive("slow_speed", slow_speed)
    hit = sync_steps_hit_share(throttle_probability, chips)
    return plain(np.divide(1.0, 1 + hit * (np.divide(1.0, slow_speed) - 1)))
