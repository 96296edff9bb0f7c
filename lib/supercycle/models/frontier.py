"""Throughput against latency: what a chip earns when a reader waits less (S14, S16).

A larger batch shares the reading of the weights, so each chip writes more tokens and each reader
sees them more slowly. A point of the frontier is a layout (tp, pp, ep) and a batch that no other
layout and batch beat in both.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from supercycle._plain import plain
from supercycle._validate import non_negative, positive, share
from supercycle.models import inference
from supercycle.models.engines import Calibration

if TYPE_CHECKING:
    import pandas as pd

    from supercycle.chips import Accelerator
    from supercycle.models.architecture import TransformerConfig

__all__ = ["Frontier", "sweep", "usd_per_mtok"]


def usd_per_mtok(
    tokens_per_s: Any, n_chips: Any, usd_per_chip_hour: Any, *, utilisation: Any = 1.0
) -> Any:
    """Cost of a million tokens: chips' rent over what they write.

    ``price · chips / (3600 · tokens_per_s · utilisation) · 10⁶``.

    Parameters
    ----------
    tokens_per_s : float or array of shape (...,)
        Of all chips together while they work [token/s].
    n_chips : float or array of shape (...,)
    usd_per_chip_hour : float or array of shape (...,)
        Rent or full cost of a chip [USD/h].
    utilisation : float or array of shape (...,)
        Share of paid hours in which they work so [1].

    Returns
    -------
    float or array of shape (...,)
        [USD/Mtoken].

    Examples
    --------
    >>> round(usd_per_mtok(10_000, 8, 2.0), 3)
    0.444
    """
    positive("tokens_per_s", tokens_per_s)
    positive("n_chips", n_chips)
    non_negative("usd_per_chip_hour", usd_per_chip_hour)
    share("utilisation", utilisation)
    positive("utilisation", utilisation)
    tokens_per_hour = np.multiply(tokens_per_s, utilisation) * 3600
    cost = 1e6 * np.multiply(n_chips, usd_per_chip_hour) / tokens_per_hour
    return plain(cost)


@dataclass(frozen=True)
class Frontier:
    """Layouts and batches with what they give; arrays of shape (points,).

    Attributes
    ----------
    tp, pp, ep, batch, n_chips : array
        Layout, requests together, chips of the group.
    ttft_s : array
        Until the whole batch has its first token [s].
    tokens_per_s_per_user : array
        Speed at which each reader sees tokens, ``1/TPOT`` [token/s].
    tokens_per_s_per_chip : array
        Output tokens of the group over its chips, prefill included [token/s].
    usd_per_mtok : array
        Cost of a million output tokens, their prompts included [USD/Mtoken].
    input_usd_per_mtok, output_usd_per_mtok : array
        The same split by phase: a million prompt tokens computed, a million tokens decoded.
    memory_share : array
        Of the fullest chip [1].
    """

    tp: np.ndarray
    pp: np.ndarray
    ep: np.ndarray
    batch: np.ndarray
    n_chips: np.ndarray
    ttft_s: np.ndarray
    tokens_per_s_per_user: np.ndarray
    tokens_per_s_per_chip: np.ndarray
    usd_per_mtok: np.ndarray
    input_usd_per_mtok: np.ndarray
    output_usd_per_mtok: np.ndarray
    memory_share: np.ndarray

    def __len__(self) -> int:
        return len(self.batch)

    def take(self, keep: Any) -> Frontier:
        """The chosen points: a mask or indices."""
        return Frontier(**{f.name: getattr(self, f.name)[keep] for f in dataclasses.fields(self)})

    def pareto(self) -> Frontier:
        """Points no other beats in both speeds, from the slowest reader to the fastest."""
        order = np.lexsort((-self.tokens_per_s_per_chip, -self.tokens_per_s_per_user))
        per_chip = self.tokens_per_s_per_chip[order]
        best_so_far = np.maximum.accumulate(np.concatenate([[-np.inf], per_chip[:-1]]))
        return self.take(order[per_chip > best_so_far][::-1])

    def cheapest(
        self, *, least_tokens_per_s_per_user: float = 0.0, most_ttft_s: float = np.inf
    ) -> Frontier:
        """The one point of least cost that is fast enough.

        Raises
        ------
        ValueError
            When none is; the fastest that there is is named.
        """
        enough = (self.tokens_per_s_per_user >= least_tokens_per_s_per_user) & (
            self.ttft_s <= most_ttft_s
        )
        if not enough.any():
            raise ValueError(
                f"least_tokens_per_s_per_user = {least_tokens_per_s_per_user:g}, most_ttft_s = "
                f"{most_ttft_s:g}: no point is fast enough, the extremes are "
                f"{self.tokens_per_s_per_user.max():.3g} tokens/s and {self.ttft_s.min():.3g} s"
            )
        return self.take([np.flatnonzero(enough)[np.argmin(self.usd_per_mtok[enough])]])

    def frame(self) -> pd.DataFrame:
        """A table, one row a point."""
        import pandas as pd

        return pd.DataFrame({f.name: getattr(self, f.name) for f in dataclasses.fields(self)})


_BATCHES = tuple(2**k for k in range(11))


def sweep(
    config: TransformerConfig,
    accelerator: Accelerator,
    *,
    usd_per_chip_hour: float,
    input_tokens: int,
    output_tokens: int,
    batch: Sequence[int] = _BATCHES,
    tp: Sequence[int] = (1, 2, 4, 8),
    pp: Sequence[int] = (1,),
    ep: Sequence[int] = (1,),
    cached_tokens: int = 0,
    weight_bits: float = 16,
    kv_bits: float = 16,
    engine: str | Calibration | None = None,
    utilisation: float = 1.0,
) -> Frontier:
    """Try every layout and batch and keep what fits the memory.

    Parameters
    ----------
    config : TransformerConfig
    accelerator : Accelerator
    usd_per_chip_hour : float
        Rent or full cost of a chip [USD/h].
    input_tokens, output_tokens, cached_tokens : int
        Of each request, as in `inference.predict` [tokens].
    batch, tp, pp, ep : sequence of int
        All combinations are tried; expert parallelism only where it is 1 or a multiple of tp.
    weight_bits, kv_bits, engine
        As in `inference.predict`.
    utilisation : float
        Share of paid hours in which the group works so [1].

    Returns
    -------
    Frontier
        All points that fit; `Frontier.pareto` keeps the best.

    Raises
    ------
    ValueError
        When nothing fits the memory, and as in `inference.predict`.

    Notes
    -----
    Requests of a batch start and end together, and their prefill stops nobody: the mean over a
    continuously batched engine lies near it, readers' worst gaps do not. Queueing is not in it
    (`supercycle.cluster`).

    Examples
    --------
    >>> from supercycle import chips, models
    >>> points = sweep(models.get("llama-3.1-70b"), chips.accelerator("h100-sxm"),
    ...     usd_per_chip_hour=2.0, input_tokens=1000, output_tokens=500, weight_bits=8)
    >>> fast, cheap = points.pareto().take([-1]), points.cheapest()
    >>> [int(fast.batch[0]), int(fast.tp[0])], int(cheap.batch[0]) > 64
    ([1, 8], True)
    >>> bool(fast.usd_per_mtok[0] > 10 * cheap.usd_per_mtok[0])
    True
    """
    batches = np.asarray(batch, dtype=float)
    layouts = [(t, s, e) for t, s, e in itertools.product(tp, pp, ep) if e == 1 or e % t == 0]
    if not layouts or not batches.size:
        raise ValueError(
            f"batch = {batch!r}, tp = {tp!r}, pp = {pp!r}, ep = {ep!r}: leave nothing to try"
        )
    every = _join(
        [
            _points(
                inference.predict(
                    config,
                    accelerator,
                    tp=t,
                    pp=s,
                    ep=e,
                    batch=batches,
                    input_tokens=input_tokens,
                    output_tokens=output_tokens,
                    cached_tokens=cached_tokens,
                    weight_bits=weight_bits,
                    kv_bits=kv_bits,
                    engine=engine,
                ),
                (t, s, e),
                batches,
                new_tokens=input_tokens - cached_tokens,
                usd_per_chip_hour=usd_per_chip_hour,
                utilisation=utilisation,
            )
            for t, s, e in layouts
        ]
    )
    if not (every.memory_share <= 1).any():
        raise ValueError(
            f"nothing fits: the least that any layout and batch needs is "
            f"{every.memory_share.min():.2f} times the memory of {accelerator.id}"
        )
    return every.take(every.memory_share <= 1)


def _points(
    p: inference.Prediction,
    layout: tuple[int, int, int],
    batch: np.ndarray,
    *,
    new_tokens: int,
    usd_per_chip_hour: float,
    utilisation: float,
) -> Frontier:
    tp, pp, ep = (np.full(batch.shape, n) for n in layout)
    n_chips = np.maximum(tp, ep) * pp
    cost = functools.partial(
        usd_per_mtok,
        n_chips=n_chips,
        usd_per_chip_hour=usd_per_chip_hour,
        utilisation=utilisation,
    )
    return Frontier(
        tp=tp,
        pp=pp,
        ep=ep,
        batch=batch,
        n_chips=n_chips,
        ttft_s=p.ttft_s,
        tokens_per_s_per_user=1 / p.decode_s_per_token,
        tokens_per_s_per_chip=p.tokens_per_s / n_chips,
        usd_per_mtok=cost(p.tokens_per_s),
        input_usd_per_mtok=cost(batch * new_tokens / p.prefill_s),
        output_usd_per_mtok=cost(batch / p.decode_s_per_token),
        memory_share=p.memory_share,
    )


def _join(parts: Sequence[Frontier]) -> Frontier:
    names = [f.name for f in dataclasses.fields(Frontier)]
    return Frontier(**{n: np.concatenate([getattr(part, n) for part in parts]) for n in names})
