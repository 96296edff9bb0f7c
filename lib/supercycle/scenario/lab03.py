"""The case of lab03: one product, its model, its node and its long prompts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from supercycle import apps, chips, facts, finance, models

__all__ = ["RequestPath", "case"]


@dataclass(frozen=True)
class RequestPath:
    """The case of lab03: one product, its model, its node and its long prompts.

    Attributes
    ----------
    code : str
        The code the case was drawn from.
    model, chip : str
        Row ids of the tables ``models`` and ``chips``.
    chips_count : int
        Accelerators in the node that serves one prompt.
    context_tokens : int
        Length of the whole prompt [tokens].
    hit_rate : float
        Share of the prompt whose keys and values are kept from earlier turns [1].
    target_s : float
        Time to first token that the product promises [s].
    revenue_usd_per_year : float
        Revenue of the product [USD/yr].
    """

    code: str
    model: str
    chip: str
    chips_count: int
    context_tokens: int
    hit_rate: float
    target_s: float
    revenue_usd_per_year: float

    def sustained_flops_per_s(self) -> float:
        """FLOPs a second that the whole node sustains in prefill [FLOP/s]."""
        peak = chips.accelerator(self.chip).peak_flops_per_s("bf16")
        return self.chips_count * peak * facts.value("serving/prefill-mfu")

    def link_bytes_per_s(self) -> float:
        """Bandwidth over which the node pages a cache in: one PCIe link an accelerator [B/s]."""
        return self.chips_count * facts.value("serving/link-pcie-gen5-x16")

    def wait_parts_s(
        self,
        *,
        hit_rate: float | None = None,
        path_share: float = 1.0,
        decode_speedup: float = 1.0,
        screen_tokens: float = 1.0,
    ) -> dict[str, float]:
        """The wait, part by part, in the order in which a request lives through it [s].

        The reference the lab's checkpoints rest on, so that no student's earlier answer decides a
        later one.

        Parameters
        ----------
        hit_rate : float, optional
            Share of the prompt found in the cache [1]; the case's own without it.
        path_share : float
            What is left of app, network, balancing, tokenising and queue [1].
        decode_speedup : float
            How much faster each decode step is [1].
        screen_tokens : float
            Tokens the reader waits for; 1 gives the time to first token [tokens].

        Examples
        --------
        >>> parts = case("default", None).wait_parts_s(hit_rate=0.0)
        >>> max(parts, key=parts.get), parts["page the cache in"]
        ('prefill', 0.0)
        """
        bandwidth = chips.accelerator(self.chip).bandwidth_bytes_per_s
        wait = models.ttft.budget(
            models.get(self.model),
            input_tokens=self.context_tokens,
            cached_tokens=self.context_tokens * (self.hit_rate if hit_rate is None else hit_rate),
            flops_per_s=self.sustained_flops_per_s(),
            bandwidth_bytes_per_s=self.chips_count * bandwidth,
            reload_bytes_per_s=self.link_bytes_per_s(),
        )
        path = ("app", "network", "balance", "tokenise", "queue")
        return {
            **{name: path_share * wait.parts_s[name] for name in path},
            "page the cache in": wait.reload_s,
            "prefill": wait.prefill_s,
            "decode": screen_tokens * wait.decode_s / decode_speedup,
        }

    def net_usd_per_year(
        self,
        option: str,
        *,
        loss_per_s: float,
        revenue_usd_per_year: float,
        screen_tokens: float,
        decode_speedup: float,
        fast_chips: float,
        fast_chip_usd: float,
        kept_hit_rate: float,
        live_sessions: float,
        dram_usd_per_byte: float,
        engineers: float,
        engineer_usd_per_year: float,
        rebuild_saves: float,
        discount_rate: float,
    ) -> float:
        """Yearly gain of one way to shorten the wait, less its yearly cost [USD/yr].

        The wait is the time to a screenful. Its fall in seconds lifts revenue by
        ``exp(loss_per_s · seconds) − 1``; hardware is paid by annuity over the life of a server.

        Parameters
        ----------
        option : str
            ``"fast chip"``, ``"cache"`` or ``"rebuild"``.
        **inputs : float
            The facts of the choice, each named with its unit; see the table ``serving``.

        Raises
        ------
        ValueError
            For an unknown option.
        """
        life_years = facts.value("serving/memory-life")
        per_year = finance.capital_recovery_factor(discount_rate, life_years)
        cache_bytes = models.get(self.model).kv_bytes(self.context_tokens)
        options: dict[str, tuple[dict[str, float], float]] = {
            "fast chip": (
                {"decode_speedup": decode_speedup},
                per_year * fast_chips * fast_chip_usd,
            ),
            "cache": (
                {"hit_rate": kept_hit_rate},
                per_year * live_sessions * cache_bytes * dram_usd_per_byte,
            ),
            "rebuild": ({"path_share": 1 - rebuild_saves}, engineers * engineer_usd_per_year),
        }
        if option not in options:
            raise ValueError(f"option = {option!r}: must be one of {', '.join(options)}")
        change, cost_usd_per_year = options[option]
        before_s = sum(self.wait_parts_s(screen_tokens=screen_tokens).values())
        after_s = sum(self.wait_parts_s(screen_tokens=screen_tokens, **change).values())
        factor = apps.demand_factor(after_s, baseline_s=before_s, semi_elasticity_per_s=loss_per_s)
        gain = revenue_usd_per_year * (float(factor) - 1)
        return gain - cost_usd_per_year


def case(code: str, rng: np.random.Generator | None) -> RequestPath:
    """Draw the case of a code, or the default case without a generator."""
    quoted = facts.value
    context = int(quoted("serving/lecture-context"))
    target_s = float(quoted("serving/lecture-ttft"))
    revenue = float(quoted("compute-revenue/openai-recognised-revenue-2025"))
    if rng is None:
        return RequestPath(code, "llama-3.1-70b", "h200", 8, context, 0.95, target_s, revenue)
    return RequestPath(
        code=code,
        model=str(rng.choice(["llama-3.1-70b", "llama-2-70b", "qwen2.5-72b"])),
        chip=str(rng.choice(["h100-sxm", "h200", "mi300x", "b200"])),
        chips_count=8,
        context_tokens=int(round(context * rng.uniform(0.8, 1.2), -3)),
        hit_rate=float(round(rng.uniform(0.92, 0.97), 3)),
        target_s=target_s,
        revenue_usd_per_year=float(f"{revenue * rng.uniform(0.5, 1.5):.2g}"),
    )
