"""Fit a law to a set of runs, say how far its coefficients could be elsewhere, and test it.

The fit is that of Hoffmann et al.: Huber loss of the residuals of log L, from many starting
points, by L-BFGS with the gradient of log-sum-exp. Intervals come from refits to points, or whole
runs, drawn with replacement. `extrapolate` is the test that a good fit alone does not pass.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from supercycle._validate import positive, share
from supercycle.models.scaling.laws import ScalingLaw

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FittedLaw", "extrapolate", "fit", "huber_misfit"]

HUBER_NATS = 1e-3
"""Residual of the log loss above which a point pulls linearly. Source: Hoffmann et al. (2022),
arXiv:2203.15556, section 3.3."""

MAX_Q = 50.0
NAMES = ("E", "A", "B", "alpha", "beta", "q")

_STARTS = tuple(itertools.product((0.2, 0.5, 0.9), (0.2, 0.5, 0.9), (0.1, 0.5)))
"""Exponents, and the part of the least loss that is shortage, to start from."""


@dataclass(frozen=True)
class FittedLaw(ScalingLaw):
    """A law, how well it tells the points it was fitted to, and its bootstrap.

    Attributes
    ----------
    points : int
    r_squared : float
        Share of the variance of the loss that it tells.
    max_error : float
        Largest ``|fit / measured − 1|``.
    draws : array of shape (bootstrap, 6)
        E, A, B, alpha, beta, q of each refit; no rows without a bootstrap.
    """

    points: int = 0
    r_squared: float = 1.0
    max_error: float = 0.0
    draws: np.ndarray = field(default_factory=lambda: np.empty((0, 6)), repr=False, compare=False)

    def interval(self, name: str, level: float = 0.95) -> tuple[float, float]:
        """Bootstrap interval of a coefficient, or of ``params_exponent``.

        Parameters
        ----------
        name : str
            ``E``, ``A``, ``B``, ``alpha``, ``beta``, ``q`` or ``params_exponent``.
        level : float
            Share of refits inside [1].

        Raises
        ------
        ValueError
            Without a bootstrap, or for another name.
        """
        if name == "params_exponent":
            alpha, beta = self._draws[:, 3], self._draws[:, 4]
            return _middle(beta / (alpha + beta), level)
        if name not in NAMES:
            raise ValueError(f"name = {name!r}: must be one of {', '.join(NAMES)}, params_exponent")
        return _middle(self._draws[:, NAMES.index(name)], level)

    def loss_interval(self, params: Any, tokens: Any, level: float = 0.95) -> tuple[Any, Any]:
        """Bootstrap interval of the loss at N and D, arrays of shape (...,) [nat/token]."""
        laws = (ScalingLaw(*row) for row in self._draws)
        return _middle(np.stack([law.loss(params, tokens) for law in laws]), level)

    @property
    def intervals(self) -> dict[str, tuple[float, float]]:
        """95 % intervals of all coefficients."""
        return {name: self.interval(name) for name in NAMES}

    @property
    def _draws(self) -> np.ndarray:
        if not len(self.draws):
            raise ValueError("bootstrap = 0: fit with bootstrap=200 or so to have intervals")
        return self.draws


def _middle(values: np.ndarray, level: float) -> tuple[Any, Any]:
    share("level", level)
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return (float(low), float(high)) if np.ndim(low) == 0 else (low, high)


def _huber(residual: np.ndarray) -> np.ndarray:
    """Half the square up to one, a line beyond."""
    size = np.abs(residual)
    return np.asarray(np.where(size <= 1, size**2 / 2, size - 0.5))


def huber_misfit(law: ScalingLaw, params: Any, tokens: Any, loss: Any) -> float:
    """What `fit` minimises: the sum of ``huber(log L̂ − log L)`` with δ = 10⁻³ [nat²].

    Parameters
    ----------
    law : ScalingLaw
    params, tokens, loss : array of shape (points,)
        N, D and the measured loss [nat/token].

    Returns
    -------
    float
        0 for losses that are the law's own.

    Examples
    --------
    >>> law = ScalingLaw(E=1.8, A=480, B=2100, alpha=0.35, beta=0.37)
    >>> huber_misfit(law, 1e9, 2e10, law.loss(1e9, 2e10))
    0.0
    """
    positive("loss", loss)
    residual = np.log(law.loss(params, tokens)) - np.log(loss)
    return float(HUBER_NATS**2 * _huber(residual / HUBER_NATS).sum())


def fit(
    params: Any,
    tokens: Any,
    loss: Any,
    bootstrap: int = 0,
    seed: int | None = None,
    *,
    run: Sequence[Any] | None = None,
    entropy: float | None = None,
    generalised: bool = False,
) -> FittedLaw:
    """Fit a law to losses of many models and token budgets.

    Parameters
    ----------
    params, tokens : array of shape (points,)
        N and D.
    loss : array of shape (points,)
        [nat/token].
    bootstrap : int
        Refits to points drawn with replacement; 200 give usable 95 % intervals.
    seed : int, optional
        Of the draws.
    run : sequence of length points, optional
        Which training run each point belongs to. Points of one run share its weights and texts;
        drawing them one by one would count them as news and make intervals too narrow, so whole
        runs are drawn.
    entropy : float, optional
        Hold E at this, the truth where it is known [nat/token].
    generalised : bool
        Fit `ScalingLaw.q` too; otherwise it is 1, the additive law.

    Returns
    -------
    FittedLaw

    Raises
    ------
    ValueError
        For values that are not positive and finite, fewer points than coefficients, fewer than
        three sizes or budgets (two with `entropy` given), or a loss not above `entropy`.

    Notes
    -----
    Minimises ``Σ huber(log L̂ − log L)`` with δ = 10⁻³ over log E, α, β and the logarithms of both
    shortages at the middle of the data, where they hardly depend on the exponents. The Huber sum
    (not its mean) is taken in units of δ²: Besiroglu et al. (2024), arXiv:2404.10102, found that
    the original fit stopped early because its objective was too small for the optimiser's
    tolerance.

    Source: Hoffmann et al. (2022), arXiv:2203.15556, section 3.3 and appendix D.3.

    Examples
    --------
    >>> truth = ScalingLaw(E=1.8, A=480, B=2100, alpha=0.35, beta=0.37)
    >>> N, D = (x.ravel() for x in np.meshgrid([1e8, 4e8, 2e9, 8e9], [2e9, 1e10, 5e10, 2e11]))
    >>> law = fit(N, D, truth.loss(N, D))
    >>> round(law.E, 3), round(law.alpha, 3), round(law.beta, 3), law.r_squared > 0.9999
    (1.8, 0.35, 0.37, True)
    """
    if isinstance(bootstrap, bool) or int(bootstrap) != bootstrap or bootstrap < 0:
        raise ValueError(f"bootstrap = {bootstrap!r}: must be a whole number ≥ 0")
    problem = _Problem(params, tokens, loss, entropy, generalised)
    best = min((problem.solve(start) for start in problem.starts()), key=lambda found: found.fun)
    law = problem.law(best.x)
    error = law.loss(problem.N, problem.D) - problem.L
    spread = ((problem.L - problem.L.mean()) ** 2).sum()
    return FittedLaw(
        **dataclasses.asdict(law),
        points=len(problem.L),
        r_squared=float(1 - (error**2).sum() / spread) if spread else float("nan"),
        max_error=float(np.abs(error / problem.L).max()),
        draws=_bootstrap(problem, best.x, run, int(bootstrap), seed),
    )


class _Problem:
    """Points, and the Huber loss of a law's logarithm with its gradient.

    Coordinates z: log shortage of parameters and of tokens at the middle of the data, alpha,
    beta; log E unless it is held; log q if it is free.
    """

    def __init__(
        self, params: Any, tokens: Any, loss: Any, entropy: float | None, generalised: bool
    ) -> None:
        self.N, self.D, self.L = (
            np.asarray(x, dtype=float).ravel() for x in (params, tokens, loss)
        )
        for name, x in (("params", self.N), ("tokens", self.D), ("loss", self.L)):
            positive(name, x)
            if not np.isfinite(x).all():
                raise ValueError(f"{name}: must be finite")
        sizes = len(self.N), len(self.D), len(self.L)
        if len(set(sizes)) > 1:
            raise ValueError("params, tokens and loss have {}, {} and {} points".format(*sizes))
        self.entropy, self.generalised = entropy, generalised
        self.free = 4 + generalised + (entropy is None)
        if (why := self.too_few()) is not None:
            raise ValueError(why)
        if entropy is not None and not (0 <= entropy < self.L.min()):
            raise ValueError(
                f"entropy = {entropy:g}: must be at least 0 and below every loss, "
                f"the least is {self.L.min():g}"
            )
        self.middle = float(np.log(self.N).mean()), float(np.log(self.D).mean())
        self._take(np.arange(len(self.L)))

    def too_few(self, pick: np.ndarray | slice = slice(None)) -> str | None:
        """Why these points cannot carry a fit; a curve through two has its floor anywhere."""
        each = 3 if self.entropy is None else 2
        N, D = np.unique(self.N[pick]), np.unique(self.D[pick])
        points = len(self.L[pick])
        if points > self.free and len(N) >= each and len(D) >= each:
            return None
        return (
            f"{points} points of {len(N)} sizes and {len(D)} budgets: a law with {self.free} "
            f"coefficients needs more points than that, of {each} sizes and {each} budgets at least"
        )

    def _take(self, pick: np.ndarray) -> None:
        """Fit these points from now on."""
        self.log_n = np.log(self.N[pick]) - self.middle[0]
        self.log_d = np.log(self.D[pick]) - self.middle[1]
        self.log_l = np.log(self.L[pick])

    def starts(self) -> list[np.ndarray]:
        """Points to start from."""
        least = float(self.L.min())
        spread = max(least - (self.entropy or 0), 1e-6)
        return [
            np.array(
                [np.log(spread * part), np.log(spread * part), alpha, beta]
                + [np.log(least * (1 - part))] * (self.entropy is None)
                + [0.5] * self.generalised
            )
            for alpha, beta, part in _STARTS
        ]

    def bounds(self) -> list[tuple[float, float]]:
        floor = float(self.log_l.min())
        return (
            [(-20.0, 10.0)] * 2
            + [(0.01, 3.0)] * 2
            + [(-20.0, floor)] * (self.entropy is None)
            + [(-1.5, float(np.log(MAX_Q)))] * self.generalised
        )

    def law(self, z: np.ndarray) -> ScalingLaw:
        """The law at z."""
        alpha, beta = float(z[2]), float(z[3])
        return ScalingLaw(
            E=float(np.exp(z[4])) if self.entropy is None else self.entropy,
            A=float(np.exp(z[0] + alpha * self.middle[0])),
            B=float(np.exp(z[1] + beta * self.middle[1])),
            alpha=alpha,
            beta=beta,
            q=float(np.exp(z[-1])) if self.generalised else 1.0,
        )

    def objective(self, z: np.ndarray) -> tuple[float, np.ndarray]:
        """Huber sum in units of δ², and its gradient."""
        x, y = z[0] - z[2] * self.log_n, z[1] - z[3] * self.log_d
        q = np.exp(z[-1]) if self.generalised else 1.0
        shortage = np.logaddexp(q * x, q * y) / q
        of_x = np.exp(q * (x - shortage))  # parts of the shortage, which sum to one
        of_y = np.exp(q * (y - shortage))
        if self.entropy is None:
            floor = z[4]
        else:
            floor = np.log(self.entropy) if self.entropy > 0 else -np.inf
        predicted = np.logaddexp(shortage, floor)
        part = np.exp(shortage - predicted)  # of the loss that is shortage

        residual = (predicted - self.log_l) / HUBER_NATS
        value = _huber(residual).sum()
        pull = np.clip(residual, -1, 1) / HUBER_NATS
        gradient = [
            pull @ (part * of_x),
            pull @ (part * of_y),
            -pull @ (part * of_x * self.log_n),
            -pull @ (part * of_y * self.log_d),
        ]
        if self.entropy is None:
            gradient.append(pull @ (1 - part))
        if self.generalised:
            gradient.append(pull @ (part * (of_x * x + of_y * y - shortage)))
        return float(value), np.array(gradient)

    def solve(self, start: np.ndarray) -> Any:
        """Minimise from one start."""
        from scipy.optimize import minimize

        bounds = self.bounds()
        inside = np.clip(
            start, [low + 1e-6 for low, _ in bounds], [high - 1e-6 for _, high in bounds]
        )
        return minimize(
            self.objective,
            inside,
            jac=True,
            method="L-BFGS-B",
            bounds=bounds,
            options={"maxiter": 5000, "maxfun": 10000, "ftol": 1e-12, "gtol": 1e-6, "maxcor": 20},
        )


def _bootstrap(
    problem: _Problem, start: np.ndarray, run: Sequence[Any] | None, draws: int, seed: int | None
) -> np.ndarray:
    """Refit to runs drawn with replacement, from the fit of all; shape (draws, 6)."""
    out = np.empty((draws, len(NAMES)))
    if not draws:
        return out
    label = np.arange(len(problem.L)) if run is None else np.asarray(run)
    if len(label) != len(problem.L):
        raise ValueError(f"run has {len(label)} labels for {len(problem.L)} points")
    members = [np.flatnonzero(label == name) for name in np.unique(label)]
    rng = np.random.default_rng(seed)
    refused = 0
    for i in range(draws):
        while True:
            drawn = [members[j] for j in rng.integers(len(members), size=len(members))]
            pick = np.concatenate(drawn)
            if problem.too_few(pick) is None:
                break
            refused += 1
            if refused > 100 * draws:
                raise ValueError(
                    f"run has {len(members)} runs: too few for draws that still carry a fit"
                )
        problem._take(pick)
        law = problem.law(problem.solve(start).x)
        out[i] = [getattr(law, name) for name in NAMES]
    problem._take(np.arange(len(problem.L)))
    return out


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
        `generalised` and `entropy` of `fit`.

    Returns
    -------
    pandas.DataFrame
        One row a point held back: params, tokens, loss, predicted, error (predicted / loss − 1).
        ``frame.attrs["law"]`` is the `FittedLaw`.
    """
    import pandas as pd

    N, D, L = (np.asarray(x, dtype=float).ravel() for x in (params, tokens, loss))
    small = (up_to_params >= N) & (up_to_tokens >= D)
    if small.all():
        raise ValueError(
            f"up_to_params = {up_to_params:g}, up_to_tokens = {up_to_tokens:g}: "
            "no point is left to predict"
        )
    law = fit(N[small], D[small], L[small], **how)
    predicted = law.loss(N[~small], D[~small])
    frame = pd.DataFrame(
        {"params": N[~small], "tokens": D[~small], "loss": L[~small], "predicted": predicted}
    )
    frame["error"] = frame.predicted / frame.loss - 1
    frame.attrs["law"] = law
    return frame
