"""Laws of loss: what more weights and more text buy, and where a budget is spent best (S2).

``L(N, D) = E + (x^q + y^q)^(1/q)`` with the shortages ``x = A·N^−α`` and ``y = B·D^−β``. With
q = 1 it is the law of Hoffmann et al.; with E = 0 and q = 1/α_D that of Kaplan et al.; as q → ∞
the larger shortage alone decides.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np

from supercycle import facts
from supercycle._plain import plain
from supercycle._validate import non_negative, positive

__all__ = ["SERVE_FLOP", "TRAIN_FLOP", "Optimum", "ScalingLaw", "published", "published_names"]

TRAIN_FLOP = 6.0
"""FLOP for each parameter and token trained on. Kaplan et al. (2020), arXiv:2001.08361, sec. 2.1."""

SERVE_FLOP = 2.0
"""FLOP for each parameter and token read or written in inference (the same source)."""


@dataclass(frozen=True)
class Optimum:
    """A model and its training; fields of shape (...,).

    Attributes
    ----------
    params, tokens : float or array
        N and D.
    loss : float or array
        [nat/token].
    train_flop, serve_flop : float or array
        ``6 N D`` and ``2 N T`` [FLOP].
    """

    params: Any
    tokens: Any
    loss: Any
    train_flop: Any
    serve_flop: Any = 0.0

    @property
    def flop(self) -> Any:
        """Training and serving together [FLOP]."""
        return self.train_flop + self.serve_flop

    @property
    def tokens_per_param(self) -> Any:
        """D/N; about 20 at the compute optimum of Hoffmann et al. [token]."""
        return self.tokens / self.params


@dataclass(frozen=True)
class ScalingLaw:
    """``L = E + ((A·N^−α)^q + (B·D^−β)^q)^(1/q)``.

    Attributes
    ----------
    E : float
        Loss of endless weights and text: the entropy of the language [nat/token].
    A, alpha : float
        Shortage of parameters.
    B, beta : float
        Shortage of tokens.
    q : float
        How the two shortages add; 1 for the usual additive law.

    Raises
    ------
    ValueError
        When E is negative or another coefficient is not positive and finite.
    """

    E: float
    A: float
    B: float
    alpha: float
    beta: float
    q: float = 1.0

    def __post_init__(self) -> None:
        non_negative("E", self.E)
        for name in ("A", "B", "alpha", "beta", "q"):
            positive(name, getattr(self, name))
        if not np.isfinite([self.E, self.A, self.B, self.alpha, self.beta, self.q]).all():
            raise ValueError(f"{self}: every coefficient must be finite")

    def loss(self, params: Any, tokens: Any) -> Any:
        """Loss of `params` weights after `tokens` [nat/token]; both broadcast, infinity allowed.

        Examples
        --------
        Chinchilla, 70 billion weights and 1.4 trillion tokens:

        >>> round(published("hoffmann-2022").loss(70e9, 1.4e12), 2)
        1.92
        """
        positive("params", params)
        positive("tokens", tokens)
        x = np.log(self.A) - self.alpha * np.log(params)
        y = np.log(self.B) - self.beta * np.log(tokens)
        with np.errstate(invalid="ignore"):  # both shortages zero: −inf − −inf inside logaddexp
            shortage = np.logaddexp(self.q * x, self.q * y) / self.q
        return plain(self.E + np.exp(shortage))

    @property
    def params_exponent(self) -> float:
        """Exponent a in N ∝ C^a along the compute optimum, ``β/(α + β)``; tokens grow with 1 − a."""
        return self.beta / (self.alpha + self.beta)

    @property
    def compute_exponent(self) -> float:
        """Exponent γ in ``L − E ∝ C^−γ`` along the compute optimum, ``αβ/(α + β)``."""
        return self.alpha * self.beta / (self.alpha + self.beta)

    def optimal(self, flop: Any) -> Optimum:
        """Spend a training budget: the N and D with ``6 N D = C`` of least loss.

        ``N = G·(C/6)^(β/(α+β))`` and ``D = (C/6)/N`` with ``G = ((α/β)^(1/q)·A/B)^(1/(α+β))``.

        Parameters
        ----------
        flop : float or array of shape (...,)
            C [FLOP].

        Returns
        -------
        Optimum

        Notes
        -----
        Source: Hoffmann et al. (2022), arXiv:2203.15556, equation 4, for q = 1; raising both
        shortages to the power q leaves the argument as it is.

        Examples
        --------
        >>> best = published("hoffmann-2022").optimal(5.76e23)  # Chinchilla's budget
        >>> round(best.params / 1e9, 1), round(best.tokens / 1e12, 2)
        (40.4, 2.38)
        """
        positive("flop", flop)
        work = np.asarray(flop, dtype=float) / TRAIN_FLOP
        ratio = (self.alpha / self.beta) ** (1 / self.q) * self.A / self.B
        params = ratio ** (1 / (self.alpha + self.beta)) * work**self.params_exponent
        tokens = work / params
        return Optimum(
            params=plain(params),
            tokens=plain(tokens),
            loss=self.loss(params, tokens),
            train_flop=plain(TRAIN_FLOP * work),
        )

    def params_for(self, tokens: Any) -> Any:
        """N whose compute optimum trains on `tokens`: ``N = G·(G·D)^(β/α)``, G as in `optimal`.

        Examples
        --------
        >>> law = published("besiroglu-2024")
        >>> best = law.optimal(1e24)
        >>> round(law.params_for(best.tokens) / best.params, 9)
        1.0
        """
        positive("tokens", tokens)
        ratio = (self.alpha / self.beta) ** (1 / self.q) * self.A / self.B
        scale = ratio ** (1 / (self.alpha + self.beta))
        return plain(scale * (scale * np.asarray(tokens)) ** (self.beta / self.alpha))

    def optimal_for_inference(
        self, loss: Any, tokens_served: Any, *, training_to_serving_mfu: Any = 1.0
    ) -> Optimum:
        """Reach a loss at the least work of training *and* serving: minimise ``6ND + 2NT``.

        Along the curve of equal loss let v be the tokens' part of the shortage (to the power q).
        A little less v costs ``1/(βv)`` of D and saves ``1/(α(1 − v))`` of N, so at the optimum
        ``α·(1 − v)·s = β·v``, where ``s = 6D/(6D + 2T)`` is training's part of the work.

        Parameters
        ----------
        loss : float or array of shape (...,)
            To be reached, above E [nat/token].
        tokens_served : float or array of shape (...,)
            T over the life of the model; 0 gives the compute optimum of that loss [token].
        training_to_serving_mfu : float or array of shape (...,)
            MFU of training over that of serving [1]: minimises chip time where they differ.

        Returns
        -------
        Optimum
            `Optimum.serve_flop` is ``2NT``, whatever its MFU.

        Raises
        ------
        ValueError
            When a loss is not above E, which no model reaches, or tokens are negative.

        Notes
        -----
        Source: Sardana et al. (2024), Beyond Chinchilla-Optimal, arXiv:2401.00448, equation 2.

        Examples
        --------
        The quality of a 13-billion-parameter Chinchilla, served 2 trillion tokens:

        >>> law = published("hoffmann-2022")
        >>> target = law.optimal(6 * 13e9**2 * 20).loss
        >>> for served in (0, 2e12):
        ...     best = law.optimal_for_inference(target, served)
        ...     print(f"{best.params / 1e9:.1f} bn, {best.tokens / 1e12:.2f} tn, {best.flop:.2g} FLOP")
        8.8 bn, 0.39 tn, 2e+22 FLOP
        4.2 bn, 0.99 tn, 4.2e+22 FLOP
        """
        from scipy.optimize import elementwise

        above = np.asarray(loss, dtype=float) - self.E
        if not (np.isfinite(above) & (above > 0)).all():
            raise ValueError(f"loss = {loss!r}: must be a finite number > E = {self.E:g}")
        non_negative("tokens_served", tokens_served)
        positive("training_to_serving_mfu", training_to_serving_mfu)
        served = np.asarray(tokens_served, dtype=float)
        if not np.isfinite(served).all():
            raise ValueError(f"tokens_served = {tokens_served!r}: must be finite")
        weighed = served * np.asarray(training_to_serving_mfu, dtype=float)
        above, served, weighed = np.broadcast_arrays(above, served, weighed)
        alpha, beta, q = self.alpha, self.beta, self.q

        def tokens_at(v: Any, above: Any) -> Any:
            return (self.B / above) ** (1 / beta) * v ** (-1 / (q * beta))

        def balance(log_v: Any, above: Any, weighed: Any) -> Any:
            v = np.exp(log_v)
            trained = TRAIN_FLOP * tokens_at(v, above)
            part = trained / (trained + SERVE_FLOP * weighed)
            return alpha * (1 - v) * part - beta * v

        highest = np.log(alpha / (alpha + beta))  # the compute optimum, T = 0
        # balance > 0 once v is small enough: here training is at least half of the work
        half = (self.B / above) ** q * (TRAIN_FLOP / (SERVE_FLOP * np.maximum(weighed, 1))) ** (
            q * beta
        )
        lowest = np.minimum(np.log(half), np.log(alpha / (alpha + beta) / 4))
        found = elementwise.find_root(
            balance,
            (np.broadcast_to(lowest, above.shape), np.broadcast_to(highest + 1e-9, above.shape)),
            args=(above, weighed),
        )
        v = np.exp(np.where(weighed > 0, found.x, highest))
        tokens = tokens_at(v, above)
        params = (self.A / above) ** (1 / alpha) * (1 - v) ** (-1 / (q * alpha))
        return Optimum(
            params=plain(params),
            tokens=plain(tokens),
            loss=plain(above + self.E),
            train_flop=plain(TRAIN_FLOP * params * tokens),
            serve_flop=plain(SERVE_FLOP * params * served),
        )


def published_names() -> list[str]:
    """Names of the complete laws of the table ``scaling-laws``."""
    return [row for row in facts.ids("scaling-laws") if _complete(row)]


def _complete(row: str) -> bool:
    cells = facts.row("scaling-laws", row)
    return all(cells[name] is not None for name in _COEFFICIENTS)


_COEFFICIENTS = tuple(field.name for field in dataclasses.fields(ScalingLaw) if field.name != "q")


def published(name: str) -> ScalingLaw:
    """Return a published law.

    Parameters
    ----------
    name : str
        Row of the table ``scaling-laws``: ``hoffmann-2022``, ``besiroglu-2024``,
        ``kaplan-2020``, ``muennighoff-2023``, …

    Raises
    ------
    ValueError
        For an unknown name, and for rows that give an exponent but no whole law.

    Notes
    -----
    Laws count parameters in their own way (Kaplan et al. without embeddings) and losses on their
    own text and tokeniser: the losses of two laws cannot be compared.

    Examples
    --------
    >>> published("besiroglu-2024").alpha
    0.34781
    """
    cells = facts.row("scaling-laws", name)
    if not _complete(name):
        raise ValueError(
            f"name = {name!r}: the source gives no whole law, only exponents; "
            f"whole laws: {', '.join(published_names())}"
        )
    q = cells["q"]
    return ScalingLaw(
        **{c: float(cells[c]) for c in _COEFFICIENTS},  # type: ignore[arg-type]
        q=1.0 if q is None else float(q),
    )
