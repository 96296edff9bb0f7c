"""The case of lab02: one product, the budget its model is trained on, and the traffic it expects."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from supercycle import apps, chips, facts, models
from supercycle.models.scaling import SERVE_FLOP, TRAIN_FLOP, Optimum, ScalingLaw
from supercycle.units import HOUR_S, MTOK

__all__ = ["ModelRelease", "case"]

RENTS = {
    "h100-sxm": "rent-h100-2026-09",
    "b200": "rent-b200-2026-09",
    "gb200": "rent-gb200-2026-09",
}
"""Accelerators a case may have, and the row of ``prices`` that says what an hour of one costs."""


@dataclass(frozen=True)
class ModelRelease:
    """The case of lab02: one product, the budget its model is trained on, its expected traffic.

    Attributes
    ----------
    code : str
        The code the case was drawn from.
    law : ScalingLaw
        What the laboratory's own runs have shown: a published law stands in for it.
    law_name, chip : str
        Row ids of the tables ``scaling-laws`` and ``chips``.
    flop : float
        Training budget [FLOP].
    served_tokens : float
        Read and written by the product over the model's life, at today's price [token].
    vocab : int
        Tokens of the tokeniser.
    grid_seed : int
        Seed of the weights and texts of the small models trained in the notebook.
    """

    code: str
    law: ScalingLaw
    law_name: str
    chip: str
    flop: float
    served_tokens: float
    vocab: int
    grid_seed: int

    @property
    def peak_flops_per_s(self) -> float:
        """16-bit peak of one accelerator [FLOP/s]."""
        return chips.accelerator(self.chip).peak_flops_per_s("bf16")

    @property
    def rent_usd_per_h(self) -> float:
        """Rent of one accelerator [USD/h]."""
        return facts.value(f"prices/{RENTS[self.chip]}/rent_usd_per_gpu_hour")

    @property
    def mfu_training(self) -> float:
        """Share of the peak that training uses [1]."""
        return facts.value("training-runs/llama-3.1-405b/mfu")

    @property
    def mfu_serving(self) -> float:
        """Share of the peak that serving uses [1]."""
        return facts.value("model-assumptions/serving-mfu")

    def plan(self, name: str) -> Optimum:
        """The model and its training text under one plan; both plans reach the same loss.

        Parameters
        ----------
        name : str
            ``"compute-optimal"`` spends the budget where the loss is least; ``"overtrained"``
            reaches that loss with the fewest chip-hours of training and serving together.

        Raises
        ------
        ValueError
            For an unknown plan.

        Examples
        --------
        >>> default = case("default", None)
        >>> small, best = default.plan("overtrained"), default.plan("compute-optimal")
        >>> small.params < best.params / 2, small.tokens > 5 * best.tokens
        (True, True)
        """
        best = self.law.optimal(self.flop)
        if name == "compute-optimal":
            return best
        if name == "overtrained":
            return self.law.optimal_for_inference(
                best.loss,
                self.served_tokens,
                training_to_serving_mfu=self.mfu_training / self.mfu_serving,
            )
        raise ValueError(f"name = {name!r}: must be one of compute-optimal, overtrained")

    def net_usd(
        self,
        option: str,
        *,
        served_tokens: float,
        price_ahead_usd_per_mtok: float,
        price_matched_usd_per_mtok: float,
        lead_months: float,
        life_months: float,
        kept_share: float,
        elasticity: float,
        complement_usd_per_mtok: float,
        rent_usd_per_h: float,
        mfu_training: float,
        mfu_serving: float,
    ) -> float:
        """What a model earns over its life, less training and serving [USD].

        While nobody has its equal, a closed model sells at the price ahead. After the lead, or
        from the first day if its weights are open, the price is that of open models: demand
        grows with the elasticity, the maker keeps a share of the traffic and serves it only if
        the price covers the cost. With open weights each token that others serve is worth the
        complement to the maker.

        Parameters
        ----------
        option : str
            ``"compute-optimal, closed"``, ``"overtrained, closed"`` or ``"overtrained, open"``.
            The plan was made for the case's own traffic; `served_tokens` is what came.
        **inputs : float
            The facts of the choice, each named with its unit.

        Raises
        ------
        ValueError
            For an unknown option.
        """
        options = {
            "compute-optimal, closed": ("compute-optimal", False),
            "overtrained, closed": ("overtrained", False),
            "overtrained, open": ("overtrained", True),
        }
        if option not in options:
            raise ValueError(f"option = {option!r}: must be one of {'; '.join(options)}")
        plan, is_open = options[option]
        model = self.plan(plan)
        usd_per_peak_flop = rent_usd_per_h / HOUR_S / self.peak_flops_per_s
        training_usd = TRAIN_FLOP * model.params * model.tokens * usd_per_peak_flop / mfu_training
        cost_usd_per_mtok = MTOK * SERVE_FLOP * model.params * usd_per_peak_flop / mfu_serving

        ahead = 0.0 if is_open else min(lead_months / life_months, 1.0)
        growth = apps.levers.quantity_ratio(
            price_matched_usd_per_mtok / price_ahead_usd_per_mtok, elasticity
        )
        ahead_mtok = served_tokens / MTOK * ahead
        matched_mtok = served_tokens / MTOK * (1 - ahead) * float(growth)
        return (
            ahead_mtok * max(price_ahead_usd_per_mtok - cost_usd_per_mtok, 0.0)
            + kept_share * matched_mtok * max(price_matched_usd_per_mtok - cost_usd_per_mtok, 0.0)
            + is_open * (1 - kept_share) * matched_mtok * complement_usd_per_mtok
            - training_usd
        )


def case(code: str, rng: np.random.Generator | None) -> ModelRelease:
    """Draw the case of a code, or the default case without a generator."""
    name, chip, flop, served, vocab, seed = "besiroglu-2024", "h100-sxm", 1e25, 3e14, 50_304, 0
    if rng is not None:
        name = str(rng.choice(["besiroglu-2024", "muennighoff-2023"]))
        chip = str(rng.choice(list(RENTS)))
        flop = float(f"{rng.uniform(0.7, 2.0) * 1e25:.2g}")
        served = float(f"{rng.uniform(2, 5) * 1e14:.2g}")
        vocab = int(rng.choice([32_768, 50_304, 65_536]))
        seed = int(rng.integers(1, 10_000))
    return ModelRelease(code, models.scaling.published(name), name, chip, flop, served, vocab, seed)
