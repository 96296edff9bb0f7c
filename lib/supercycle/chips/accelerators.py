"""Accelerators and their roofline: where compute ends and memory begins."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np

from supercycle import facts
from supercycle._validate import non_negative, positive
from supercycle.units import HOUR_S, YEAR_S

__all__ = ["DTYPES", "Accelerator", "accelerator", "accelerators"]

DTYPES = ("bf16", "fp8", "fp4", "int8")

_COLUMNS = {
    "bf16": "bf16_dense_flops_per_s",
    "fp8": "fp8_dense_flops_per_s",
    "fp4": "fp4_dense_flops_per_s",
    "int8": "int8_dense_ops_per_s",
}


@dataclass(frozen=True)
class Accelerator:
    """One accelerator as its maker sells it; a number nobody published is None.

    Attributes
    ----------
    id, name, vendor : str
    memory_bytes : float
        Main memory [B].
    bandwidth_bytes_per_s : float
        Main-memory bandwidth [B/s].
    bf16_dense_flops_per_s, fp8_dense_flops_per_s, fp4_dense_flops_per_s : float or None
        Peak of dense matrix products [FLOP/s]; headline numbers with sparsity are twice as high.
    int8_dense_ops_per_s : float or None
        The same for 8-bit integers [op/s].
    scaleup_bytes_per_s : float or None
        Scale-up network, one direction [B/s].
    tdp_w, server_power_w, it_power_w : float or None
        Power of the unit alone, with its share of the server, with network and storage [W].
    price_low_usd, price_high_usd : float or None
        Price range of one unit [USD].
    rent_usd_per_hour : float or None
        Rent of one unit [USD/h].
    """

    id: str
    name: str
    vendor: str
    memory_bytes: float
    bandwidth_bytes_per_s: float
    bf16_dense_flops_per_s: float | None = None
    fp8_dense_flops_per_s: float | None = None
    fp4_dense_flops_per_s: float | None = None
    int8_dense_ops_per_s: float | None = None
    scaleup_bytes_per_s: float | None = None
    tdp_w: float | None = None
    server_power_w: float | None = None
    it_power_w: float | None = None
    price_low_usd: float | None = None
    price_high_usd: float | None = None
    rent_usd_per_hour: float | None = None

    def __post_init__(self) -> None:
        for field in self.__dataclass_fields__:
            number = getattr(self, field)
            if field not in ("id", "name", "vendor") and number is not None:
                positive(field, number)

    def peak_flops_per_s(self, dtype: str = "bf16") -> float:
        """Peak of dense matrix products [FLOP/s] in the given number format.

        Raises
        ------
        ValueError
            For an unknown format, and where no peak is published: nothing is guessed.

        Examples
        --------
        >>> accelerator("a100-80gb").peak_flops_per_s("fp8")
        Traceback (most recent call last):
        ...
        ValueError: a100-80gb has no fp8 peak: it has bf16, int8
        """
        if dtype not in _COLUMNS:
            raise ValueError(f"dtype = {dtype!r}: must be one of {', '.join(DTYPES)}")
        peak: float | None = getattr(self, _COLUMNS[dtype])
        if peak is None:
            has = [d for d, column in _COLUMNS.items() if getattr(self, column) is not None]
            raise ValueError(
                f"{self.id} has no {dtype} peak: it has {', '.join(has) or 'none published'}"
            )
        return peak

    def ridge_point(self, dtype: str = "bf16") -> float:
        """Arithmetic intensity at which compute and memory take equally long [FLOP/B].

        Work with fewer FLOPs for each byte it moves is limited by bandwidth, work with more by
        compute. Source: Williams, Waterman and Patterson (2009), Roofline, CACM 52(4).

        Examples
        --------
        >>> round(accelerator("h100-sxm").ridge_point("bf16"))
        295
        """
        return self.peak_flops_per_s(dtype) / self.bandwidth_bytes_per_s

    def attainable_flops_per_s(self, intensity_flop_per_byte: Any, dtype: str = "bf16") -> Any:
        """The roofline: ``min(peak, intensity · bandwidth)`` [FLOP/s].

        Parameters
        ----------
        intensity_flop_per_byte : float or array of shape (...,)
            FLOPs done for each byte moved [FLOP/B].
        dtype : str

        Examples
        --------
        >>> h100 = accelerator("h100-sxm")
        >>> h100.attainable_flops_per_s(1.0) == h100.bandwidth_bytes_per_s
        True
        """
        positive("intensity_flop_per_byte", intensity_flop_per_byte)
        limit = np.minimum(
            self.peak_flops_per_s(dtype), intensity_flop_per_byte * self.bandwidth_bytes_per_s
        )
        return float(limit) if np.ndim(limit) == 0 else limit

    def roofline_time_s(self, flop: Any, bytes_moved: Any, dtype: str = "bf16") -> Any:
        """Least time for a piece of work: ``max(flop / peak, bytes / bandwidth)`` [s].

        Parameters
        ----------
        flop : float or array of shape (...,)
            [FLOP]
        bytes_moved : float or array of shape (...,)
            To and from main memory [B].
        dtype : str

        Examples
        --------
        Reading all of an H100's memory takes as long as 23.6 TFLOP:

        >>> h100 = accelerator("h100-sxm")
        >>> round(1e3 * h100.roofline_time_s(23.6e12, 80e9), 1)
        23.9
        """
        non_negative("flop", flop)
        non_negative("bytes_moved", bytes_moved)
        time = np.maximum(
            np.divide(flop, self.peak_flops_per_s(dtype)),
            np.divide(bytes_moved, self.bandwidth_bytes_per_s),
        )
        return float(time) if np.ndim(time) == 0 else time

    def flop_per_joule(self, dtype: str = "bf16", *, power: str = "tdp_w") -> float:
        """Peak FLOPs for each joule [FLOP/J].

        Parameters
        ----------
        dtype : str
        power : str
            ``tdp_w`` (the chip), ``server_power_w`` or ``it_power_w`` (with network and storage).

        Raises
        ------
        ValueError
            When that power is not published for the chip, or `power` is none of the three.

        Examples
        --------
        >>> h100 = accelerator("h100-sxm")
        >>> round(h100.flop_per_joule() / 1e12, 2), round(h100.flop_per_joule(power="it_power_w") / 1e12, 2)
        (1.41, 0.68)
        """
        if power not in (kinds := ("tdp_w", "server_power_w", "it_power_w")):
            raise ValueError(f"power = {power!r}: must be one of {', '.join(kinds)}")
        return self.peak_flops_per_s(dtype) / self._known(power)

    def flop_per_usd(self, dtype: str = "bf16", *, life_years: float = 5.0) -> float:
        """Peak FLOPs over a working life for each dollar of the mid price [FLOP/USD].

        Utilisation is 1 and energy is free here: an upper bound that ranks chips, not a cost.

        Raises
        ------
        ValueError
            When no price is published, or the life is not positive.

        Examples
        --------
        >>> f"{accelerator('h100-sxm').flop_per_usd():.1e}"
        '6.6e+18'
        """
        positive("life_years", life_years)
        price_usd = (self._known("price_low_usd") + self._known("price_high_usd")) / 2
        return self.peak_flops_per_s(dtype) * life_years * YEAR_S / price_usd

    def flop_per_usd_rented(self, dtype: str = "bf16") -> float:
        """Peak FLOPs for each dollar of rent [FLOP/USD].

        Raises
        ------
        ValueError
            When no rent is published.

        Examples
        --------
        >>> h100 = accelerator("h100-sxm")
        >>> h100.flop_per_usd_rented() < h100.flop_per_usd()
        True
        """
        return self.peak_flops_per_s(dtype) * HOUR_S / self._known("rent_usd_per_hour")

    def _known(self, field: str) -> float:
        number: float | None = getattr(self, field)
        if number is None:
            raise ValueError(f"{self.id} has no {field}: no source in datasets/chips.csv gives it")
        return number


@functools.cache
def accelerator(chip: str) -> Accelerator:
    """Return one accelerator from the table ``chips``.

    Raises
    ------
    ValueError
        For an unknown chip; the nearest names are given.

    Examples
    --------
    >>> accelerator("h200").memory_bytes / accelerator("h100-sxm").memory_bytes
    1.7625
    """
    cells = facts.row("chips", chip)
    return Accelerator(**{f: cells[f] for f in Accelerator.__dataclass_fields__})  # type: ignore[arg-type]


def accelerators() -> list[str]:
    """Ids of the chips in the table."""
    return facts.ids("chips")
