"""What a measured grid of losses shows, and what it does not: laws, intervals, extrapolation.

A grid from `supercycle.transformer.train` has what published runs lack: the true entropy of its
language is known. So a fit can be marked: is its floor the floor, and does a law fitted to small
models tell the loss of large ones?
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from supercycle._validate import positive

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["GridFit", "GridLaw", "bootstrap_by_run", "extrapolate", "fit_grid"]

HUBER_NATS = 1e-3
"""Residual of the log loss above which a point pulls linearly. Source: Hoffmann et al. (2022),
arXiv:2203.15556, section 3.3."""

MAX_Q = 50.0


@dataclass(frozen=True)
class GridLaw:
    """``L = E + ((A·N^−α)^q + (B·D^−β)^q)^(1/q)``.

    With ``q = 1`` the additive law of Hoffmann et al.; as ``q → ∞`` the larger of the two
    shortages alone decides, as when a word is lost either for want of weights or for want of text.

    Attributes
    ----------
    entropy : float
        E, the loss of endless weights and text [nat/token].
    a, alpha : float
        Shortage of parameters.
    b, beta : float
        Shortage of tokens.
    q : float
        How the two add.
    """

    entropy: float
    a: float
    alpha: float
    b: float
    beta: float
    q: float = 1.0

    def loss(self, params: Any, tokens: Any) -> Any:
        """Loss of `params` weights after `tokens` [nat/token]; both broadcast.

        Examples
        --------
        >>> law = GridLaw(entropy=0.5, a=10.0, alpha=0.5, b=100.0, beta=0.5)
        >>> round(float(law.loss(1e4, 1e6)), 6)
        0.7
        """
        positive("params", params)
        positive("tokens", tokens)
        x = np.log(self.a) - self.alpha * np.log(params)
        y = np.log(self.b) - self.beta * np.log(tokens)
        return self.entropy + np.exp(np.logaddexp(self.q * x, self.q * y) / self.q)


@dataclass(frozen=True)
class GridFit:
    """A law, and how well it tells the points it was fitted to.

    Attributes
    ----------
    law : GridLaw
    r_squared : float
        Share of the variance of the loss that it tells.
    max_error : float
        Largest |fit / measured − 1|.
    points : int
    """

    law: GridLaw
    r_squared: float
    max_error: float
    points: int


def fit_grid(
    params: Any,
    tokens: Any,
    loss: Any,
    *,
    generalised: bool = False,
    entropy: float | None = None,
) -> GridFit:
    """Fit a law to a grid of losses.

    Parameters
    ----------
    params, tokens : array of shape (points,)
    loss : array of shape (points,)
        [nat/token].
    generalised : bool
        Fit `GridLaw.q` too; otherwise it is 1, the additive law.
    entropy : float, optional
        Hold E at this, the truth where it is known; otherwise it is fitted [nat/token].

    Returns
    -------
    GridFit

    Raises
    ------
    ValueError
        When there are fewer points than coefficients, fewer than three sizes or budgets (two
        with `entropy` given), or a loss is not above that entropy.

    Notes
    -----
    Huber loss of the residuals of log L, from several starting points, as Hoffmann et al. (2022),
    arXiv:2203.15556, section 3.3.

    Examples
    --------
    >>> law = GridLaw(entropy=0.5, a=10.0, alpha=0.5, b=100.0, beta=0.5)
    >>> N, D = (x.ravel() for x in np.meshgrid([1e3, 1e4, 1e5], [1e5, 1e6, 1e7]))
    >>> fit = fit_grid(N, D, law.loss(N, D))
    >>> round(fit.law.entropy, 4), round(fit.law.alpha, 4), fit.r_squared > 0.9999
    (0.5, 0.5, True)
    """
    return _fit(params, tokens, loss, generalised, entropy, _STARTS)[0]


_CENTRE = (12.0, 14.0)
"""Log of parameters and tokens at which shortages are expressed while fitting, so that a
coefficient and its exponent can move on their own."""

_STARTS = tuple(itertools.product((0.3, 0.8), (0.3, 0.8), (0.1, 0.5)))
"""Exponents, and the part of the least loss that is shortage, to start from."""


def _fit(
    params: Any,
    tokens: Any,
    loss: Any,
    generalised: bool,
    entropy: float | None,
    starts: Sequence[Any],
) -> tuple[GridFit, np.ndarray]:
    """Fit from each start; return the best fit and its coordinates, a start for the next."""
    from scipy.optimize import least_squares

    N, D, L = (np.asarray(x, dtype=float).ravel() for x in (params, tokens, loss))
    for name, x in (("params", N), ("tokens", D), ("loss", L)):
        positive(name, x)
    if not len(N) == len(D) == len(L):
        raise ValueError(f"params, tokens and loss have {len(N)}, {len(D)} and {len(L)} points")
    free = 4 + generalised + (entropy is None)
    each = 2 if entropy is not None else 3  # a curve through two points has its floor anywhere
    if len(L) <= free or len(np.unique(N)) < each or len(np.unique(D)) < each:
        raise ValueError(
            f"{len(L)} points of {len(np.unique(N))} sizes and {len(np.unique(D))} budgets: "
            f"a law with {free} coefficients needs more points than that, of {each} sizes and "
            f"{each} budgets at least"
        )
    if entropy is not None and L.min() <= entropy:
        raise ValueError(
            f"entropy = {entropy:g}: must be below every loss, the least is {L.min():g}"
        )
    n, d = _CENTRE

    def law_of(z: np.ndarray) -> GridLaw:
        x, alpha, y, beta = z[:4]
        floor = float(np.exp(z[4])) if entropy is None else entropy
        q = float(np.exp(z[-1])) if generalised else 1.0
        a, b = float(np.exp(x + alpha * n)), float(np.exp(y + beta * d))
        return GridLaw(floor, a, float(alpha), b, float(beta), q)

    def residuals(z: np.ndarray) -> np.ndarray:
        return np.log(law_of(z).loss(N, D)) - np.log(L)

    low = [-20.0, 0.01, -20.0, 0.01] + [-20.0] * (free - 4)
    high = [10.0, 3.0, 10.0, 3.0] + [float(np.log(L.min()))] * (entropy is None)
    if generalised:
        low[-1], high = -1.5, [*high, float(np.log(MAX_Q))]
    best = None
    spread = max(float(L.min() - (entropy or 0)), 1e-6)
    for start in starts:
        if len(start) == 3:
            alpha, beta, part = start
            start = [np.log(spread * part), alpha, np.log(spread * part), beta]
            start += [np.log(L.min() * (1 - part))] * (entropy is None) + [0.5] * generalised
        start = np.clip(start, np.add(low, 1e-6), np.subtract(high, 1e-6))
        found = least_squares(
            residuals, start, bounds=(low, high), loss="huber", f_scale=HUBER_NATS
        )
        if best is None or found.cost < best.cost:
            best = found
    assert best is not None
    law = law_of(best.x)
    error = law.loss(N, D) - L
    fit = GridFit(
        law=law,
        r_squared=float(1 - (error**2).sum() / ((L - L.mean()) ** 2).sum()),
        max_error=float(np.abs(error / L).max()),
        points=len(L),
    )
    return fit, best.x


def bootstrap_by_run(
    params: Any,
    tokens: Any,
    loss: Any,
    run: Sequence[Any],
    *,
    draws: int = 200,
    seed: int = 0,
    generalised: bool = False,
    entropy: float | None = None,
) -> pd.DataFrame:
    """Refit to runs drawn with replacement: how far the coefficients could be elsewhere.

    The points of one run share its weights and its texts. Drawing points would count them as news
    and make intervals too narrow; whole runs are drawn.

    Parameters
    ----------
    params, tokens, loss : array of shape (points,)
    run : sequence of length points
        Which run each point belongs to.
    draws : int
    seed : int
    generalised, entropy
        As in `fit_grid`.

    Returns
    -------
    pandas.DataFrame
        One row a draw: entropy, a, alpha, b, beta, q. Draws of fewer than three sizes are drawn
        again; each fit starts from that of all points.
    """
    import dataclasses

    import pandas as pd

    positive("draws", draws)
    N, D, L = (np.asarray(x, dtype=float).ravel() for x in (params, tokens, loss))
    label = np.asarray(run)
    points_of = {name: np.flatnonzero(label == name) for name in np.unique(label)}
    names = list(points_of)
    if len({N[points[0]] for points in points_of.values()}) < 3:
        raise ValueError(f"run has {len(names)} runs: draws need runs of at least 3 sizes")
    rng = np.random.default_rng(seed)
    laws: list[dict[str, float]] = []
    _, start = _fit(N, D, L, generalised, entropy, _STARTS)
    while len(laws) < draws:
        drawn = [points_of[names[i]] for i in rng.integers(len(names), size=len(names))]
        if len({N[points[0]] for points in drawn}) < 3:
            continue
        pick = np.concatenate(drawn)
        fit, _ = _fit(N[pick], D[pick], L[pick], generalised, entropy, [start])
        laws.append(dataclasses.asdict(fit.law))
    return pd.DataFrame(laws)


def extrapolate(
    params: Any, tokens: Any, loss: Any, *, up_to_params: float, up_to_tokens: float, **how: Any
) -> pd.DataFrame:
    """Fit the small corner of a grid and predict the rest of it.

    Parameters
    ----------
    params, tokens, loss : array of shape (points,)
    up_to_params, up_to_tokens : float
        Points with no more of either are fitted.
    **how
        `generalised` and `entropy` of `fit_grid`.

    Returns
    -------
    pandas.DataFrame
        One row a point held back: params, tokens, loss, predicted, error (predicted / loss − 1).
        ``frame.attrs["fit"]`` is the `GridFit`.
    """
    import pandas as pd

    N, D, L = (np.asarray(x, dtype=float).ravel() for x in (params, tokens, loss))
    small = (up_to_params >= N) & (up_to_tokens >= D)
    if small.all():
        raise ValueError(
            f"up_to_params = {up_to_params:g}, up_to_tokens = {up_to_tokens:g}: "
            "no point is left to predict"
        )
    fit = fit_grid(N[small], D[small], L[small], **how)
    predicted = fit.law.loss(N[~small], D[~small])
    frame = pd.DataFrame(
        {"params": N[~small], "tokens": D[~small], "loss": L[~small], "predicted": predicted}
    )
    frame["error"] = frame.predicted / frame.loss - 1
    frame.attrs["fit"] = fit
    return frame
