"""When text runs out: what repeated tokens and surplus weights are still worth (S2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from supercycle import facts
from supercycle._plain import plain
from supercycle._validate import positive
from supercycle.models.scaling.laws import TRAIN_FLOP, Optimum, ScalingLaw, published

__all__ = ["DataConstrainedLaw", "published_data_constrained"]


@dataclass(frozen=True)
class DataConstrainedLaw:
    """A law for text that is read more than once: each repetition teaches less.

    U unique tokens read 1 + r times count as ``D' = U + U·R_D·(1 − e^(−r/R_D))``. Weights beyond
    those that U tokens ask for fade in the same way, with R_N. The loss is ``law.loss(N', D')``.

    Attributes
    ----------
    law : ScalingLaw
        For unique text.
    repeated_tokens : float
        R_D: after so many repetitions a token has lost all but 1/e of its worth [1].
    surplus_params : float
        R_N, the same for surplus weights [1].

    Notes
    -----
    Source: Muennighoff et al. (2023), Scaling Data-Constrained Language Models,
    arXiv:2305.16264, section 3.1.
    """

    law: ScalingLaw
    repeated_tokens: float
    surplus_params: float

    def __post_init__(self) -> None:
        positive("repeated_tokens", self.repeated_tokens)
        positive("surplus_params", self.surplus_params)

    def effective_tokens(self, tokens: Any, unique_tokens: Any) -> Any:
        """D': unique tokens that would teach as much [token].

        Examples
        --------
        Four passes are worth nearly four times the text, forty are not worth forty:

        >>> law = published_data_constrained("muennighoff-2023")
        >>> [round(law.effective_tokens(n * 1e9, 1e9) / 1e9, 1) for n in (1, 4, 40)]
        [1.0, 3.7, 15.2]
        """
        positive("tokens", tokens)
        positive("unique_tokens", unique_tokens)
        return plain(_faded(tokens, np.minimum(tokens, unique_tokens), self.repeated_tokens))

    def effective_params(self, params: Any, unique_tokens: Any) -> Any:
        """N': weights that count, given the text there is [1]."""
        positive("params", params)
        asked = np.minimum(params, self.law.params_for(unique_tokens))
        return plain(_faded(params, asked, self.surplus_params))

    def loss(self, params: Any, tokens: Any, unique_tokens: Any) -> Any:
        """Loss of `params` weights after `tokens` drawn from `unique_tokens` [nat/token].

        Parameters
        ----------
        params, tokens, unique_tokens : float or array of shape (...,)
            Tokens count repetitions; up to `unique_tokens` nothing is repeated.

        Returns
        -------
        float or array of shape (...,)
        """
        return self.law.loss(
            self.effective_params(params, unique_tokens),
            self.effective_tokens(tokens, unique_tokens),
        )

    def optimal(self, flop: Any, unique_tokens: Any) -> Optimum:
        """Spend a training budget when only so much text exists.

        Parameters
        ----------
        flop, unique_tokens : float or array of shape (...,)
            [FLOP], [token].

        Returns
        -------
        Optimum
            `Optimum.tokens` counts repetitions.

        Notes
        -----
        Found numerically along ``6 N D = C``, from the optimum of endless text.

        Examples
        --------
        9.3e21 FLOP and 25 billion tokens of text are best spent on nine passes:

        >>> best = published_data_constrained("muennighoff-2023").optimal(9.3e21, 25e9)
        >>> round(best.params / 1e9, 1), round(best.tokens / 1e9)
        (6.8, 227)
        """
        from scipy.optimize import elementwise

        positive("unique_tokens", unique_tokens)
        free = self.law.optimal(flop)
        start, work, unique = np.broadcast_arrays(
            np.log(free.params), np.asarray(flop, dtype=float) / TRAIN_FLOP, unique_tokens
        )

        def loss_at(log_params: Any, work: Any, unique: Any) -> Any:
            params = np.exp(log_params)
            return self.loss(params, work / params, unique)

        around = elementwise.bracket_minimum(loss_at, start, args=(work, unique))
        found = elementwise.find_minimum(loss_at, around.bracket, args=(work, unique))
        params = np.exp(found.x)
        return Optimum(
            params=plain(params),
            tokens=plain(work / params),
            loss=plain(found.f_x),
            train_flop=plain(TRAIN_FLOP * work),
        )


def _faded(amount: Any, unique: Any, scale: float) -> Any:
    """What repetition leaves of an amount: 1 + r passes count as 1 + R(1 − e^(−r/R))."""
    repetitions = np.asarray(amount, dtype=float) / unique - 1
    return unique * (1 - scale * np.expm1(-repetitions / scale))


def published_data_constrained(name: str) -> DataConstrainedLaw:
    """Return a published law for repeated text; a row of ``scaling-laws`` that has both scales."""
    cells = facts.row("scaling-laws", name)
    scales = cells["repeated_tokens"], cells["surplus_params"]
    if None in scales:
        have = [r for r in facts.ids("scaling-laws")
                if facts.row("scaling-laws", r)["repeated_tokens"] is not None]  # fmt: skip
        raise ValueError(f"name = {name!r}: says nothing of repeated text; {', '.join(have)} do")
    return DataConstrainedLaw(published(name), *map(float, scales))  # type: ignore[arg-type]
