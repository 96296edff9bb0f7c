"""Hourly output of sun and wind: clear-sky physics times a seeded weather process.

No measured weather ships with the course. The sun's path and a clear sky come from pvlib; clouds
and wind are drawn from a process with the memory that weather has. The *shape* is therefore made,
the yearly *mean* is published (EIA capacity factors), and a seed gives one possible year.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from supercycle import facts
from supercycle._validate import positive, share

__all__ = ["solar_share", "wind_share"]


_YEAR = 8760
"""Hours over which a profile has its mean."""


def _memory(hours: int, correlation_h: float, seed: int) -> np.ndarray:
    """Standard normal numbers whose correlation fades as exp(−lag/correlation_h), shape (hours,)."""
    from scipy.signal import lfilter

    keep = np.exp(-1 / correlation_h)
    noise = np.random.default_rng(seed).standard_normal(hours)
    noise[1:] *= np.sqrt(1 - keep**2)
    return np.asarray(lfilter([1.0], [1.0, -keep], noise))


def _with_mean(
    output: Callable[[float], np.ndarray], mean: float, low: float, high: float
) -> np.ndarray:
    """Find the setting at which the output has the wanted mean."""
    from scipy.optimize import brentq

    below, above = (float(output(edge)[:_YEAR].mean()) - mean for edge in (low, high))
    if below * above > 0:
        raise ValueError(
            f"mean_share = {mean:g}: must be between {mean + min(below, above):.3g} "
            f"and {mean + max(below, above):.3g}, which this site can reach"
        )
    return output(
        float(brentq(lambda x: float(output(x)[:_YEAR].mean()) - mean, low, high, xtol=1e-10))
    )


def _checked(hours: int, mean: float | None, row: str) -> float:
    if int(hours) != hours or hours < 24:
        raise ValueError(f"hours = {hours!r}: must be a whole number of at least 24")
    mean = float(facts.value(f"energy/{row}")) if mean is None else float(mean)
    share("mean_share", mean)
    positive("mean_share", mean)
    return mean


def _clear_sky_share(
    hours: int, latitude_deg: float, longitude_deg: float, start: str
) -> np.ndarray:
    """Output of the tracking plant without a cloud, shape (hours,)."""
    try:
        import pandas as pd
        import pvlib  # type: ignore[import-untyped]
    except ModuleNotFoundError as missing:
        raise ModuleNotFoundError(
            f"solar profiles need {missing.name}: pip install pvlib pandas"
        ) from None

    # Middle of each hour in mean solar time of the site, said to pvlib in UTC.
    utc = pd.date_range(start, periods=hours, freq="h", tz="UTC") + pd.Timedelta(
        minutes=30 - 4 * longitude_deg
    )
    sun = pvlib.solarposition.get_solarposition(utc, latitude_deg, longitude_deg)
    zenith = sun["apparent_zenith"].to_numpy()
    level = pvlib.clearsky.haurwitz(sun["apparent_zenith"])["ghi"].to_numpy()
    parts = pvlib.irradiance.erbs(level, zenith, utc.day_of_year.to_numpy())
    track = pvlib.tracking.singleaxis(sun["apparent_zenith"], sun["azimuth"], gcr=0.35)
    plane = pvlib.irradiance.get_total_irradiance(
        track["surface_tilt"].fillna(0).to_numpy(), track["surface_azimuth"].fillna(180).to_numpy(),
        zenith, sun["azimuth"].to_numpy(), parts["dni"], level, parts["dhi"],
    )["poa_global"]  # fmt: skip
    clear = np.nan_to_num(np.asarray(plane, dtype=float)) / 1000.0  # rated at 1000 W/m²
    clear[zenith >= 90] = 0.0
    # Conversion and soiling take 14 % (PVWatts' default) before the inverter's cut.
    return np.clip(0.86 * clear, 0, 1)


def solar_share(
    hours: int = 8760,
    *,
    latitude_deg: float = 32.4,
    longitude_deg: float = -99.7,
    mean_share: float | None = None,
    cloud_memory_h: float = 18.0,
    seed: int = 0,
    start: str = "2025-01-01",
) -> np.ndarray:
    """Output of a tracking solar plant, hour by hour, as a share of its rated power.

    Clear sky: Haurwitz's model of the light on a horizontal plane at pvlib's solar position;
    split into beam and diffuse by Erbs's relation, and put on a single north-south axis that
    follows the sun. Clouds: each hour's share of clear light is ``1 − c·Φ(z)²``, with z a
    Gaussian process whose correlation fades over `cloud_memory_h` hours and c chosen so that the
    mean is `mean_share`. Output is cut at the rated power.

    Parameters
    ----------
    hours : int
        From `start`, at least 24.
    latitude_deg, longitude_deg : float
        Of the site; left out, Abilene, Texas.
    mean_share : float, optional
        Mean over the first year [1]; left out, the published US capacity factor,
        ``energy/us-capacity-factor-solar-pv-2021``. A shorter horizon is cut from that year and
        has its season's mean.
    cloud_memory_h : float
        [h]; assumption: fronts pass within a day or two.
    seed : int
        Draws the clouds.
    start : str
        First hour, solar time near the site's longitude.

    Returns
    -------
    array of shape (hours,)
        Shares between 0 and 1; zero at night.

    Raises
    ------
    ValueError
        When the site cannot have that mean, or hours or position are out of range.
    ModuleNotFoundError
        When pvlib is missing.

    Notes
    -----
    Good for teaching the order of magnitude of storage; a real plan takes measured years.
    Sources: Haurwitz (1945), J. Meteorology 2, 154; Erbs et al. (1982), Solar Energy 28, 293;
    Anderson et al. (2023), pvlib python, JOSS 8(92), 5994.

    Examples
    --------
    >>> solar = solar_share(mean_share=0.2)
    >>> round(float(solar.mean()), 6), float(solar[0]), bool(solar.max() <= 1)
    (0.2, 0.0, True)
    """
    mean = _checked(hours, mean_share, "us-capacity-factor-solar-pv-2021")
    positive("cloud_memory_h", cloud_memory_h)
    if not -66 <= latitude_deg <= 66:
        raise ValueError(f"latitude_deg = {latitude_deg}: must be between −66 and 66")
    if not -180 <= longitude_deg <= 180:
        raise ValueError(f"longitude_deg = {longitude_deg}: must be between −180 and 180")
    from scipy.special import ndtr

    length = max(int(hours), _YEAR)
    clear = _clear_sky_share(length, latitude_deg, longitude_deg, start)
    cloud = ndtr(_memory(length, cloud_memory_h, seed)) ** 2
    return _with_mean(lambda depth: clear * np.clip(1 - depth * cloud, 0.05, 1), mean, 0, 12)[
        : int(hours)
    ]


def _turbine_share(speed_m_per_s: np.ndarray) -> np.ndarray:
    """Power curve: cubic between 3 and 12 m/s, full to 25 m/s, none beyond."""
    power = np.clip((speed_m_per_s**3 - 3.0**3) / (12.0**3 - 3.0**3), 0, 1)
    return np.where(speed_m_per_s > 25.0, 0.0, power)


def wind_share(
    hours: int = 8760,
    *,
    mean_share: float | None = None,
    weather_memory_h: float = 30.0,
    seed: int = 0,
) -> np.ndarray:
    """Output of a wind farm, hour by hour, as a share of its rated power.

    A Gaussian process whose correlation fades over `weather_memory_h` hours becomes a wind speed
    with a Rayleigh distribution (Weibull of shape 2), and that a power by the cubic curve
    ``(v³ − v_in³)/(v_rated³ − v_in³)`` between 3 and 12 m/s, full to 25 m/s. The scale of the
    wind is chosen so that the mean is `mean_share`.

    Parameters
    ----------
    hours : int
        At least 24.
    mean_share : float, optional
        Mean over the first year [1]; left out, the published US capacity factor,
        ``energy/us-capacity-factor-wind-2020``.
    weather_memory_h : float
        [h]; assumption: weather systems pass in a day or two.
    seed : int
        Draws the weather.

    Returns
    -------
    array of shape (hours,)
        Shares between 0 and 1.

    Raises
    ------
    ValueError
        When no wind gives that mean, or an argument is out of range.

    Notes
    -----
    One turbine's curve stands for a farm; seasons and daily rhythm are left out. Source of the
    form: Burton et al. (2011), Wind Energy Handbook, §2 and §3.

    Examples
    --------
    >>> wind = wind_share(mean_share=0.35, seed=3)
    >>> round(float(wind.mean()), 6), bool(wind.min() >= 0), bool(wind.max() <= 1)
    (0.35, True, True)
    """
    mean = _checked(hours, mean_share, "us-capacity-factor-wind-2020")
    positive("weather_memory_h", weather_memory_h)
    from scipy.special import log_ndtr

    length = max(int(hours), _YEAR)
    # Rayleigh by its inverse distribution: v = scale · √(−ln(1 − Φ(z))).
    shape = np.sqrt(-log_ndtr(-_memory(length, weather_memory_h, seed)))

    return _with_mean(lambda scale: _turbine_share(scale * shape), mean, 1.0, 14.0)[: int(hours)]
