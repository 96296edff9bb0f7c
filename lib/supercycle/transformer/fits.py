"""The lines that time follows: a parabola in the prompt, a plane in batch and context."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["DecodeFit", "PrefillFit", "fit_decode", "fit_prefill"]


@dataclass(frozen=True)
class PrefillFit:
    """``t = c0 + B · (c1 · T + c2 · T²)``: overhead, weights, attention.

    Attributes
    ----------
    c0_s, c1_s_per_token, c2_s_per_token2 : float
    max_error : float
        Largest ``|fit / measured − 1|`` of the points fitted.
    """

    c0_s: float
    c1_s_per_token: float
    c2_s_per_token2: float
    max_error: float

    def __call__(self, tokens: Any, batch: Any = 1) -> Any:
        """Seconds to read `tokens` in each of `batch` sequences."""
        per_sequence = self.c1_s_per_token * tokens + self.c2_s_per_token2 * tokens**2
        return self.c0_s + batch * per_sequence


@dataclass(frozen=True)
class DecodeFit:
    """``t = w + a · B + b · B · context``: weights, work a sequence, cache.

    Attributes
    ----------
    w_s, a_s_per_sequence, b_s_per_token : float
    max_error : float
        Largest ``|fit / measured − 1|`` of the points fitted.
    """

    w_s: float
    a_s_per_sequence: float
    b_s_per_token: float
    max_error: float

    def __call__(self, context: Any, batch: Any = 1) -> Any:
        """Seconds of one step of `batch` sequences with `context` tokens each."""
        return self.w_s + batch * (self.a_s_per_sequence + self.b_s_per_token * context)


def fit_prefill(timings: Any, *, statistic: str = "min_s") -> PrefillFit:
    """Fit the time of prefill: a constant, a line and a parabola, none negative.

    Parameters
    ----------
    timings : Bench, sequence of Timing, or DataFrame
        Only rows of kind ``prefill`` are used; at least three different prompt lengths.
    statistic : str
        ``min_s`` (a neighbour on the machine can only add time), ``p50_s`` or ``p90_s``.

    Returns
    -------
    PrefillFit

    Notes
    -----
    Least squares of relative errors, so a short prompt counts as much as a long one.

    Examples
    --------
    >>> import pandas as pd
    >>> T = np.array([64.0, 128, 512, 2048])
    >>> rows = pd.DataFrame({"kind": "prefill", "batch": 1, "tokens": T, "context": 0,
    ...                      "min_s": 1e-3 + 1e-5 * T + 1e-8 * T**2})
    >>> fit = fit_prefill(rows)
    >>> round(fit.c2_s_per_token2, 12), fit.max_error < 1e-6
    (1e-08, True)
    """
    batch, tokens, _, seconds = _columns(timings, "prefill", statistic)
    if len(np.unique(tokens)) < 3:
        raise ValueError(
            f"timings have {len(np.unique(tokens))} different prompt lengths: "
            "a parabola needs at least 3"
        )
    terms = np.stack([np.ones_like(tokens), batch * tokens, batch * tokens**2], axis=1)
    return PrefillFit(*_relative_fit(terms, seconds))


def fit_decode(timings: Any, *, statistic: str = "min_s") -> DecodeFit:
    """Fit the time of a decode step: a plane in batch and in batch × context, none negative.

    Parameters
    ----------
    timings : Bench, sequence of Timing, or DataFrame
        Only rows of kind ``decode`` are used; at least two batches and two contexts.
    statistic : str
        ``min_s``, ``p50_s`` or ``p90_s``.

    Returns
    -------
    DecodeFit

    Notes
    -----
    On a CPU the slope `b_s_per_token` grows a little where the cache no longer fits the near
    memory; the fit gives one slope for all.

    Examples
    --------
    >>> import pandas as pd
    >>> B, S = (a.ravel() for a in np.meshgrid([1.0, 4, 16], [0.0, 512, 2048]))
    >>> rows = pd.DataFrame({"kind": "decode", "batch": B, "tokens": 1, "context": S,
    ...                      "p50_s": 1e-3 + 5e-5 * B + 6e-7 * B * S})
    >>> fit = fit_decode(rows, statistic="p50_s")
    >>> round(fit(context=1000, batch=2), 6)
    0.0023
    """
    batch, _, context, seconds = _columns(timings, "decode", statistic)
    if len(np.unique(batch)) < 2 or len(np.unique(context)) < 2:
        raise ValueError(
            f"timings have {len(np.unique(batch))} different batches and "
            f"{len(np.unique(context))} contexts: the fit needs at least 2 of each"
        )
    terms = np.stack([np.ones_like(batch), batch, batch * context], axis=1)
    return DecodeFit(*_relative_fit(terms, seconds))


def _columns(timings: Any, kind: str, statistic: str) -> tuple[np.ndarray, ...]:
    if statistic not in ("min_s", "p50_s", "p90_s"):
        raise ValueError(f"statistic = {statistic!r}: must be 'min_s', 'p50_s' or 'p90_s'")
    rows = timings.to_dict("records") if hasattr(timings, "to_dict") else [vars(t) for t in timings]
    mine = [row for row in rows if row["kind"] == kind]
    if not mine:
        raise ValueError(f"timings hold no case of kind {kind!r}")
    names = ("batch", "tokens", "context", statistic)
    return tuple(np.array([row[name] for row in mine], dtype=float) for name in names)


def _relative_fit(terms: np.ndarray, seconds: np.ndarray) -> tuple[float, float, float, float]:
    """Non-negative coefficients that minimise the relative errors, and the largest of these."""
    from scipy.optimize import nnls

    relative = terms / seconds[:, None]
    scale = np.linalg.norm(relative, axis=0)  # columns differ by 1e7: bring them to one size
    found = nnls(relative / scale, np.ones_like(seconds))[0] / scale
    return *map(float, found), float(np.abs(relative @ found - 1).max())  # type: ignore[return-value]
