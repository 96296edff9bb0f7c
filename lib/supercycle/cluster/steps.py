"""How long one step of an engine takes: straight lines, so that many steps sum in closed form.

A decode step of B sequences whose caches hold S tokens together takes ``a(B) + c(B)·S``. While
nobody joins or leaves, each step adds B tokens to S, so k steps take
``k·(a + c·S) + c·B·k(k − 1)/2``: the simulation need not walk through them.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from supercycle._validate import non_negative, positive

if TYPE_CHECKING:
    from supercycle.chips import Accelerator
    from supercycle.models import TransformerConfig
    from supercycle.models.inference import Calibration

__all__ = ["EngineStep", "StepTime", "Steps"]


class Steps(Protocol):
    """What the simulation asks of an engine's clock."""

    def __hash__(self) -> int: ...

    def decode_line(self, batch: int) -> tuple[float, float]:
        """Constant [s] and slope [s/token] of a decode step in the tokens attended to."""
        ...

    def mixed_s(
        self, batch: int, context_tokens: int, new_tokens: int, pairs: float, past_tokens: int
    ) -> float:
        """Time of a step that decodes a batch and reads a piece of prompts beside it [s]."""
        ...


@dataclass(frozen=True)
class StepTime:
    """A step's time from coefficients that you measured: constant plus a sum of products.

    ``t = base + sequence·B + context·S + prefill·T + pair·P`` for B decoding sequences that
    attend to S tokens, T prompt tokens read in the step and their P query–key pairs.

    Attributes
    ----------
    base_s : float
        Time of a step whatever is in it: weights, launches [s]; above zero.
    sequence_s : float
        For each sequence that decodes [s].
    context_s : float
        For each token that decoding sequences attend to [s/token].
    prefill_s : float
        For each prompt token [s/token].
    pair_s : float
        For each query–key pair of the prompt [s].

    Examples
    --------
    >>> StepTime(base_s=0.01, sequence_s=0.001).decode_line(8)
    (0.018000000000000002, 0.0)
    """

    base_s: float
    sequence_s: float = 0.0
    context_s: float = 0.0
    prefill_s: float = 0.0
    pair_s: float = 0.0

    def __post_init__(self) -> None:
        positive("base_s", self.base_s)
        for name in ("sequence_s", "context_s", "prefill_s", "pair_s"):
            non_negative(name, getattr(self, name))

    def decode_line(self, batch: int) -> tuple[float, float]:
        """Constant [s] and slope [s/token] of a decode step in the tokens attended to."""
        return self.base_s + self.sequence_s * batch, self.context_s

    def mixed_s(
        self, batch: int, context_tokens: int, new_tokens: int, pairs: float, past_tokens: int
    ) -> float:
        """Time of a step that decodes a batch and reads a piece of prompts beside it [s]."""
        return (
            self.base_s
            + self.sequence_s * batch
            + self.context_s * context_tokens
            + self.prefill_s * new_tokens
            + self.pair_s * pairs
        )


@dataclass(frozen=True)
class EngineStep:
    """A step's time from the calibrated roofline of `supercycle.models.inference`.

    Decode steps are, for each batch, the straight line that meets the roofline at the Chebyshev
    nodes between an empty and a full cache of `kv_tokens`; steps that read prompts are the
    roofline itself.

    Attributes
    ----------
    config : TransformerConfig
    accelerator : Accelerator
    kv_tokens : int
        Tokens at which the cache is full [tokens]; the far end of the line.
    tp : int
        Chips that share each layer [1].
    weight_bits, kv_bits : float
        Bits of a weight and of a cached value [bit].
    engine : Calibration
    math_dtype : str, optional
        Format of the matrix products, as in `inference.predict`.

    Notes
    -----
    The line errs by less than 1.7 per cent anywhere between its ends (see the tests). Models
    with sliding windows are refused: their cache does not grow in a straight line.
    """

    config: TransformerConfig
    accelerator: Accelerator
    kv_tokens: int
    tp: int
    weight_bits: float
    kv_bits: float
    engine: Calibration
    math_dtype: str | None = None

    def __post_init__(self) -> None:
        if self.config.window is not None:
            raise ValueError(
                f"{self.config.name} has sliding windows, so its cache does not grow in a straight "
                "line: give a StepTime with your own coefficients"
            )

    def decode_line(self, batch: int) -> tuple[float, float]:
        """Constant [s] and slope [s/token] of a decode step in the tokens attended to."""
        near, far = batch, max(self.kv_tokens, 2 * batch)
        middle, reach = (near + far) / 2, (far - near) / 2 * math.sqrt(0.5)
        low = self.mixed_s(batch, middle - reach, 0, 0.0, 0)
        high = self.mixed_s(batch, middle + reach, 0, 0.0, 0)
        slope = (high - low) / (2 * reach)
        return low - slope * (middle - reach), slope

    def mixed_s(
        self, batch: int, context_tokens: float, new_tokens: int, pairs: float, past_tokens: int
    ) -> float:
        """Time of a step that decodes a batch and reads a piece of prompts beside it [s]."""
        from supercycle.models import inference

        return float(
            inference.step(
                self.config,
                self.accelerator,
                batch=batch,
                context_tokens=context_tokens,
                new_tokens=new_tokens,
                pairs=pairs,
                past_tokens=past_tokens,
                tp=self.tp,
                weight_bits=self.weight_bits,
                kv_bits=self.kv_bits,
                engine=self.engine,
                math_dtype=self.math_dtype,
            ).total_s
        )


@functools.lru_cache(maxsize=64)
def lines(
    steps: Steps, max_batch: int, ticks_per_s: int, speed: float = 1.0
) -> tuple[list[int], list[int]]:
    """Constants and slopes of all batches up to `max_batch` at a speed, in whole ticks."""
    constants, slopes = [0], [0]
    for batch in range(1, max_batch + 1):
        constant, slope = steps.decode_line(batch)
        constants.append(max(1, round(constant / speed * ticks_per_s)))
        slopes.append(max(0, round(slope / speed * ticks_per_s)))
    return constants, slopes
