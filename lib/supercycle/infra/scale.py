"""Scale economies: what a watt costs at another size of site (lecture, 27:28).

They touch what is built on the site, as a power law, and leave alone what is bought by the chip.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from supercycle._plain import plain
from supercycle._validate import non_negative, positive, share

__all__ = ["scale_cost_ratio", "site_cost_usd"]


def scale_cost_ratio(size_ratio: Any, built_share: Any, exponent: Any) -> Any:
    """Cost per watt at another size over the cost per watt now.

    ``(1 − s) + s · k^(b − 1)`` for a site k times as large, of which the share s follows
    ``cost ∝ power^b``.

    Parameters
    ----------
    size_ratio : float or array of shape (...,)
        New size over the old, above 0 [1].
    built_share : float or array of shape (...,)
        Share of the cost, at the old size, that scale economies touch [1].
    exponent : float or array of shape (...,)
        0 to 1; 1 is no scale economy [1].

    Returns
    -------
    float or array of shape (...,)
        [1].

    Raises
    ------
    ValueError
        When the size is not positive, or a share or the exponent lies outside 0 … 1.

    Notes
    -----
    Source of the power law: Williams (1947), "Six-tenths factor" aids in approximating costs,
    Chemical Engineering 54(12).

    Examples
    --------
    50 MW against 1 GW, three tenths of the cost touched, exponent 0.8:

    >>> round(scale_cost_ratio(50e6 / 1e9, 0.3, 0.8), 2)
    1.25
    """
    positive("size_ratio", size_ratio)
    share("built_share", built_share)
    share("exponent", exponent)
    s = np.asarray(built_share, dtype=float)
    return plain(1 - s + s * np.power(size_ratio, np.subtract(exponent, 1.0)))


def site_cost_usd(
    power_w: Any, *, reference_w: Any, reference_usd: Any, built_share: Any, exponent: Any
) -> Any:
    """Cost of a site scaled from a known one [USD]; linear in power when the exponent is 1.

    Parameters
    ----------
    power_w : float or array of shape (...,)
        Of the new site [W].
    reference_w, reference_usd : float or array of shape (...,)
        Size [W] and cost [USD] of the known site.
    built_share, exponent : float or array of shape (...,)
        As in `scale_cost_ratio`.

    Returns
    -------
    float or array of shape (...,)
        [USD].

    Raises
    ------
    ValueError
        When a size is not positive, a cost negative, or a share outside 0 … 1.

    Examples
    --------
    >>> round(site_cost_usd(5e8, reference_w=1e9, reference_usd=40e9, built_share=0.3,
    ...                     exponent=1.0) / 1e9, 6)
    20.0
    """
    positive("power_w", power_w)
    positive("reference_w", reference_w)
    non_negative("reference_usd", reference_usd)
    ratio = np.divide(power_w, reference_w)
    return plain(reference_usd * ratio * scale_cost_ratio(ratio, built_share, exponent))
