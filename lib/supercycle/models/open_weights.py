"""What a lead of some months is worth in loss, and what closes it (S24).

A follower who trains the same way some months later has the compute, and perhaps the algorithms,
that the leader had then. Growth turns months into a ratio of compute; the scaling law turns the
ratio into nats; distillation gives a part of them back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from supercycle import facts
from supercycle._plain import plain
from supercycle._validate import at_least, non_negative, positive, share
from supercycle.models.scaling.laws import ScalingLaw

__all__ = ["Lead", "lead", "months_behind"]


@dataclass(frozen=True)
class Lead:
    """A leader and a follower on the same day; fields of shape (...,).

    Attributes
    ----------
    compute_ratio : float or array
        Training compute of the leader over the follower's [1].
    effective_ratio : float or array
        The same with better algorithms counted as compute [1].
    leader_loss, follower_loss : float or array
        [nat/token].
    """

    compute_ratio: Any
    effective_ratio: Any
    leader_loss: Any
    follower_loss: Any

    @property
    def nats(self) -> Any:
        """Loss that the follower is behind [nat/token]."""
        return self.follower_loss - self.leader_loss


def _growth(compute_per_year: Any, algorithms_per_year: Any, spread: Any) -> Any:
    """Logarithm of the yearly growth of compute and of the progress that stays secret."""
    at_least("compute_growth_per_year", compute_per_year, 1)
    at_least("algorithm_growth_per_year", algorithms_per_year, 1)
    share("algorithms_shared", spread)
    kept = 1 - np.asarray(spread, dtype=float)
    return np.log(compute_per_year), kept * np.log(algorithms_per_year)


def lead(
    law: ScalingLaw,
    flop: Any,
    months: Any,
    *,
    compute_growth_per_year: Any = None,
    algorithm_growth_per_year: Any = 1.0,
    algorithms_shared: Any = 0.0,
    distilled_share: Any = 0.0,
) -> Lead:
    """Turn a lead in months into a lead in loss.

    ``ratio = g^(m/12)``; both train compute-optimally, so the follower's loss is
    ``law.optimal(flop / ratio).loss``, less the part of the gap that distillation closes.

    Parameters
    ----------
    law : ScalingLaw
    flop : float or array of shape (...,)
        Training compute of the leader [FLOP].
    months : float or array of shape (...,)
        m, by which the follower trails.
    compute_growth_per_year : float or array of shape (...,), optional
        g, yearly growth of training compute; left out, that of the lecture's fleet
        (``model-assumptions/fleet-growth``) [1/yr].
    algorithm_growth_per_year : float or array of shape (...,)
        Yearly growth of what the same compute achieves; 1 for none
        (``model-assumptions/algorithm-growth`` has a published one) [1/yr].
    algorithms_shared : float or array of shape (...,)
        Share of that progress which the follower has at once: it is published, or people move [1].
    distilled_share : float or array of shape (...,)
        Share of the remaining gap that training on the leader's answers closes [1].

    Returns
    -------
    Lead

    Raises
    ------
    ValueError
        For negative months, growth below 1 or shares outside 0..1.

    Notes
    -----
    Nats of loss on one text are no measure of usefulness: a small gap in loss can decide whether
    a long task succeeds. What the law says is that compute alone does not explain a large lead.

    Examples
    --------
    Half a year at threefold growth, at 10²⁶ FLOP:

    >>> from supercycle.models import scaling
    >>> gap = lead(scaling.published("hoffmann-2022"), 1e26, 6)
    >>> round(gap.compute_ratio, 2), round(gap.nats, 3)
    (1.73, 0.009)
    """
    positive("flop", flop)
    non_negative("months", months)
    share("distilled_share", distilled_share)
    if compute_growth_per_year is None:
        compute_growth_per_year = facts.value("model-assumptions/fleet-growth")
    compute, algorithms = _growth(
        compute_growth_per_year, algorithm_growth_per_year, algorithms_shared
    )
    years = np.asarray(months, dtype=float) / 12
    effective = np.exp(years * (compute + algorithms))
    leader = law.optimal(flop).loss
    alone = law.optimal(np.asarray(flop, dtype=float) / effective).loss
    return Lead(
        compute_ratio=plain(np.exp(years * compute)),
        effective_ratio=plain(effective),
        leader_loss=leader,
        follower_loss=plain(leader + (1 - np.asarray(distilled_share)) * (alone - leader)),
    )


def months_behind(
    law: ScalingLaw,
    leader_loss: Any,
    follower_loss: Any,
    *,
    compute_growth_per_year: Any = None,
    algorithm_growth_per_year: Any = 1.0,
    algorithms_shared: Any = 0.0,
) -> Any:
    """Months of growth that lie between two losses: `lead` read backwards, without distillation.

    Along the compute optimum ``L − E ∝ C^(−γ)`` with ``γ = αβ/(α + β)``, so the follower needs
    ``((L_f − E)/(L_l − E))^(1/γ)`` times its effective compute.

    Parameters
    ----------
    law : ScalingLaw
    leader_loss, follower_loss : float or array of shape (...,)
        Above E; the follower's is not below the leader's [nat/token].
    compute_growth_per_year, algorithm_growth_per_year, algorithms_shared
        As in `lead`.

    Returns
    -------
    float or array of shape (...,)
        Months.

    Raises
    ------
    ValueError
        When a loss is not above E, the follower is ahead, or nothing grows.

    Examples
    --------
    >>> from supercycle.models import scaling
    >>> law = scaling.published("hoffmann-2022")
    >>> gap = lead(law, 1e26, 6)
    >>> round(months_behind(law, gap.leader_loss, gap.follower_loss), 6)
    6.0
    """
    leader = np.asarray(leader_loss, dtype=float) - law.E
    follower = np.asarray(follower_loss, dtype=float) - law.E
    positive(f"leader_loss − E (E = {law.E:g})", leader)
    at_least("follower_loss − leader_loss", follower - leader, 0)
    if compute_growth_per_year is None:
        compute_growth_per_year = facts.value("model-assumptions/fleet-growth")
    compute, algorithms = _growth(
        compute_growth_per_year, algorithm_growth_per_year, algorithms_shared
    )
    positive("logarithm of the yearly growth of effective compute", compute + algorithms)
    return plain(12 * np.log(follower / leader) / law.compute_exponent / (compute + algorithms))
