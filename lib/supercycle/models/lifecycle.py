"""Where a model's compute goes over its life: pre-training, synthetic text, RL, serving (S2).

Training costs ``6 N D`` FLOP, everything that only reads and writes tokens ``2 N T``: synthetic
text, the rollouts of reinforcement learning, and the product. So all but pre-training and the
updates of RL is inference work.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from supercycle._plain import plain
from supercycle._validate import non_negative, positive, share
from supercycle.models.scaling.laws import SERVE_FLOP, TRAIN_FLOP

__all__ = ["LifeCycle", "crossover_tokens", "life_cycle", "lifetime_flop", "tokens_for_share"]

_PHASES = ("pretraining", "synthetic", "rollouts", "updates", "serving")
_INFERENCE = ("synthetic", "rollouts", "serving")


@dataclass(frozen=True)
class LifeCycle:
    """Compute of a model's life by phase; fields of shape (...,).

    Attributes
    ----------
    pretraining_flop, synthetic_flop, rollouts_flop, updates_flop, serving_flop : float or array
        First training; text written by a teacher; answers written for RL; training on those
        kept; the product [FLOP].
    mfu_training, mfu_inference : float or array
        Share of the peak in training and in inference work [1].
    """

    pretraining_flop: Any
    synthetic_flop: Any
    rollouts_flop: Any
    updates_flop: Any
    serving_flop: Any
    mfu_training: Any = 1.0
    mfu_inference: Any = 1.0

    @property
    def flop(self) -> Any:
        """All phases [FLOP]."""
        return sum(getattr(self, f"{phase}_flop") for phase in _PHASES)

    def chip_hours(self, peak_flops_per_s: Any) -> dict[str, Any]:
        """Chip-hours by phase on a chip of that peak [h]: FLOP over peak times MFU."""
        positive("peak_flops_per_s", peak_flops_per_s)
        return {phase: self._work(phase) / peak_flops_per_s / 3600 for phase in _PHASES}

    def shares(self, *, of: str = "flop") -> dict[str, Any]:
        """Each phase's share of the whole [1].

        Parameters
        ----------
        of : str
            ``flop``, or ``chip-hours``, in which a phase of low MFU weighs more.

        Raises
        ------
        ValueError
            For another name.
        """
        if of not in ("flop", "chip-hours"):
            raise ValueError(f"of = {of!r}: must be 'flop' or 'chip-hours'")
        parts = {
            phase: getattr(self, f"{phase}_flop") if of == "flop" else self._work(phase)
            for phase in _PHASES
        }
        whole = sum(parts.values())
        return {phase: part / whole for phase, part in parts.items()}

    def inference_share(self, *, of: str = "flop") -> Any:
        """Share of synthetic text, rollouts and serving [1]."""
        parts = self.shares(of=of)
        return sum(parts[phase] for phase in _INFERENCE)

    def _work(self, phase: str) -> Any:
        mfu = self.mfu_inference if phase in _INFERENCE else self.mfu_training
        return getattr(self, f"{phase}_flop") / mfu


def life_cycle(
    params: Any,
    tokens: Any,
    *,
    tokens_served: Any = 0.0,
    rollout_tokens: Any = 0.0,
    kept_share: Any = 1.0,
    synthetic_tokens: Any = 0.0,
    teacher_params: Any = None,
    mfu_training: Any = 1.0,
    mfu_inference: Any = 1.0,
) -> LifeCycle:
    """Add up the compute of a model's life.

    Parameters
    ----------
    params, tokens : float or array of shape (...,)
        N, the (active) parameters, and D, the tokens of pre-training.
    tokens_served : float or array of shape (...,)
        T, read or written by the product over the model's life [token].
    rollout_tokens : float or array of shape (...,)
        Written by the model in RL [token].
    kept_share : float or array of shape (...,)
        Share of the rollouts that the model is then trained on [1].
    synthetic_tokens : float or array of shape (...,)
        Text written for training by a teacher [token]; training on it is part of `tokens`.
    teacher_params : float or array of shape (...,), optional
        Parameters of the teacher; the model's own size without it.
    mfu_training, mfu_inference : float or array of shape (...,)
        Equal without further knowledge [1].

    Returns
    -------
    LifeCycle

    Raises
    ------
    ValueError
        For parameters or pre-training tokens that are not positive, negative tokens, and shares
        outside 0..1.

    Notes
    -----
    Attention to long contexts is left out, as in 6ND: `training.train_flops` and
    `TransformerConfig.prefill_flops` count it.

    Examples
    --------
    A model served for twelve times the tokens it was trained on:

    >>> life = life_cycle(70e9, 15e12, tokens_served=12 * 15e12)
    >>> round(life.inference_share(), 3)
    0.8
    >>> life = life_cycle(70e9, 15e12, tokens_served=12 * 15e12, mfu_training=0.4, mfu_inference=0.1)
    >>> round(life.inference_share(of="chip-hours"), 3)
    0.941
    """
    positive("params", params)
    positive("tokens", tokens)
    non_negative("tokens_served", tokens_served)
    non_negative("rollout_tokens", rollout_tokens)
    non_negative("synthetic_tokens", synthetic_tokens)
    share("kept_share", kept_share)
    teacher = params if teacher_params is None else teacher_params
    positive("teacher_params", teacher)
    _mfus(mfu_training, mfu_inference)
    read = SERVE_FLOP * np.asarray(params, dtype=float)
    learnt = TRAIN_FLOP * np.asarray(params, dtype=float)
    return LifeCycle(
        pretraining_flop=plain(learnt * tokens),
        synthetic_flop=plain(SERVE_FLOP * np.asarray(teacher, dtype=float) * synthetic_tokens),
        rollouts_flop=plain(read * rollout_tokens),
        updates_flop=plain(learnt * rollout_tokens * kept_share),
        serving_flop=plain(read * tokens_served),
        mfu_training=mfu_training,
        mfu_inference=mfu_inference,
    )


def lifetime_flop(params: Any, tokens: Any, tokens_served: Any) -> Any:
    """Training and serving together: ``6 N D + 2 N T`` [FLOP].

    Examples
    --------
    >>> lifetime_flop(1e9, 20e9, 0) == 6 * 1e9 * 20e9
    True
    """
    return life_cycle(params, tokens, tokens_served=tokens_served).flop


def tokens_for_share(
    tokens: Any, inference_share: Any, *, mfu_training: Any = 1.0, mfu_inference: Any = 1.0
) -> Any:
    """Tokens a model must serve until serving is a given share of training and serving.

    ``T = 3 D · s/(1 − s) · MFU_inference/MFU_training``: with equal MFU, FLOP; with those of the
    phases, chip-hours.

    Parameters
    ----------
    tokens : float or array of shape (...,)
        D of training [token].
    inference_share : float or array of shape (...,)
        s, from 0 to below 1 [1].
    mfu_training, mfu_inference : float or array of shape (...,)
        [1].

    Returns
    -------
    float or array of shape (...,)
        T [token].

    Raises
    ------
    ValueError
        For a share of 1: training never vanishes.

    Examples
    --------
    The 80 per cent of the lecture (S2) asks for twelve times the training tokens:

    >>> round(tokens_for_share(1.0, 0.8), 9)
    12.0
    """
    positive("tokens", tokens)
    share("inference_share", inference_share)
    part = np.asarray(inference_share, dtype=float)
    if (part == 1).any():
        raise ValueError(f"inference_share = {inference_share!r}: must be below 1")
    _mfus(mfu_training, mfu_inference)
    ratio = np.divide(mfu_inference, mfu_training)
    return plain(TRAIN_FLOP / SERVE_FLOP * np.asarray(tokens) * part / (1 - part) * ratio)


def crossover_tokens(tokens: Any, *, mfu_training: Any = 1.0, mfu_inference: Any = 1.0) -> Any:
    """Tokens after which serving has cost as much as training: 3D with equal MFU [token].

    Examples
    --------
    >>> crossover_tokens(1e12)
    3000000000000.0
    """
    return tokens_for_share(tokens, 0.5, mfu_training=mfu_training, mfu_inference=mfu_inference)


def _mfus(mfu_training: Any, mfu_inference: Any) -> None:
    for name, mfu in (("mfu_training", mfu_training), ("mfu_inference", mfu_inference)):
        share(name, mfu)
        positive(name, mfu)
