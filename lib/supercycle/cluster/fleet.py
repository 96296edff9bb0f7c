"""What a fleet is made of: replicas of a model, stations for tools, pools of them, a network."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from supercycle import facts
from supercycle._validate import at_least, non_negative, positive, share
from supercycle.cluster.control import Autoscale, RateLimit
from supercycle.cluster.failures import Failures, Throttle, speed_under_cap
from supercycle.cluster.steps import EngineStep, Steps

if TYPE_CHECKING:
    from supercycle.chips import Accelerator
    from supercycle.cluster.routing import Router
    from supercycle.models import TransformerConfig
    from supercycle.models.inference import Calibration

__all__ = ["Fleet", "Network", "Pool", "Replica", "Station", "Tier"]


def _whole(name: str, value: object, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ValueError(f"{name} = {value!r}: must be a whole number ≥ {least}")


@dataclass(frozen=True)
class Tier:
    """A layer of memory below the accelerator's, where prefixes that fall out of it go.

    Attributes
    ----------
    name : str
        ``dram``, ``flash``, …
    memory_bytes : float
        Room for caches [B].
    bandwidth_bytes_per_s : float
        At which a prefix comes back [B/s].
    """

    name: str
    memory_bytes: float
    bandwidth_bytes_per_s: float

    def __post_init__(self) -> None:
        non_negative("memory_bytes", self.memory_bytes)
        positive("bandwidth_bytes_per_s", self.bandwidth_bytes_per_s)


@dataclass(frozen=True)
class Replica:
    """One copy of a model on its accelerators, with continuous batching.

    Attributes
    ----------
    steps : StepTime or EngineStep
        How long a step takes.
    kv_tokens : int
        Tokens that the cache can hold [tokens].
    max_batch : int
        Most requests in the batch [1].
    token_budget : int
        Most tokens in a step, decoding sequences included; longer prompts are read in chunks
        [tokens]. At least `max_batch`.
    block_tokens : int
        Tokens of a page of the cache [tokens].
    kv_bytes_per_token : float
        Bytes that a token adds to the cache [B/token]; needed where caches move.
    watermark_share : float
        Share of the pages that admission leaves free, so that whoever decodes can grow [1].
    preemption : str
        What happens to the youngest request when the pages run out: ``recompute`` drops its
        cache and reads it anew later, ``swap`` moves it to the host and back.
    host_bytes_per_s : float
        Bandwidth between accelerators and host [B/s].
    prefix_block_tokens : int
        Tokens that one of a request's ``hash_ids`` stands for [tokens]; a multiple of
        `block_tokens`.
    tiers : tuple of Tier
        Memory below, fastest first.
    idle_w, prefill_w, decode_w : float
        Power of the whole replica when idle, in steps that read prompts, and in others [W];
        0 where power is of no interest.
    usd_per_hour : float, optional
        Cost of the whole replica [USD/h]; left out, costs are unknown (NaN in results).
    name : str

    Examples
    --------
    >>> from supercycle import chips, models
    >>> llama, h100 = models.get("llama-3.1-70b"), chips.accelerator("h100-sxm")
    >>> replica = Replica.of(llama, h100, tp=4)
    >>> replica.kv_tokens  # what the weights leave
    448280
    """

    steps: Steps
    kv_tokens: int
    max_batch: int = 256
    token_budget: int = 2048
    block_tokens: int = 16
    kv_bytes_per_token: float = 0.0
    watermark_share: float = 0.01
    preemption: str = "recompute"
    host_bytes_per_s: float = math.inf
    prefix_block_tokens: int = 512
    tiers: tuple[Tier, ...] = ()
    idle_w: float = 0.0
    prefill_w: float = 0.0
    decode_w: float = 0.0
    usd_per_hour: float | None = None
    name: str = "replica"

    def __post_init__(self) -> None:
        for name in ("kv_tokens", "max_batch", "token_budget", "block_tokens"):
            _whole(name, getattr(self, name), 1)
        _whole("prefix_block_tokens", self.prefix_block_tokens, 1)
        if self.token_budget < self.max_batch:
            raise ValueError(
                f"token_budget = {self.token_budget}: must be at least max_batch = {self.max_batch}"
            )
        if self.prefix_block_tokens % self.block_tokens:
            raise ValueError(
                f"prefix_block_tokens = {self.prefix_block_tokens}: must be a multiple of "
                f"block_tokens = {self.block_tokens}"
            )
        if self.kv_tokens < self.block_tokens:
            raise ValueError(
                f"kv_tokens = {self.kv_tokens}: must be at least a page of {self.block_tokens}"
            )
        if self.preemption not in ("recompute", "swap"):
            raise ValueError(f"preemption = {self.preemption!r}: must be 'recompute' or 'swap'")
        share("watermark_share", self.watermark_share)
        positive("host_bytes_per_s", self.host_bytes_per_s)
        non_negative("kv_bytes_per_token", self.kv_bytes_per_token)
        if (self.tiers or self.preemption == "swap") and not self.kv_bytes_per_token:
            raise ValueError("kv_bytes_per_token = 0: must be > 0 where caches move between tiers")
        for name in ("prefill_w", "decode_w"):
            at_least(name, getattr(self, name), self.idle_w)
        non_negative("idle_w", self.idle_w)
        if self.usd_per_hour is not None:
            non_negative("usd_per_hour", self.usd_per_hour)

    @property
    def busy_w(self) -> float:
        """Highest power of the replica [W]."""
        return max(self.prefill_w, self.decode_w)

    @property
    def pages(self) -> int:
        """Pages of the cache."""
        return self.kv_tokens // self.block_tokens

    @classmethod
    def of(
        cls,
        config: TransformerConfig,
        accelerator: Accelerator,
        *,
        tp: int = 1,
        weight_bits: float = 16,
        kv_bits: float = 16,
        engine: str | Calibration | None = None,
        math_dtype: str | None = None,
        memory_share: float = 0.9,
        max_batch: int = 256,
        token_budget: int = 2048,
        block_tokens: int = 16,
        preemption: str = "recompute",
        host_bytes_per_s: float | None = None,
        prefix_block_tokens: int = 512,
        tiers: tuple[Tier, ...] = (),
        busy_w: float | None = None,
        usd_per_hour: float | None = None,
    ) -> Replica:
        """A published model on a published accelerator, timed by the calibrated roofline.

        The cache takes what the weights leave of `memory_share` of the memory. Idle power is
        ``energy/gpu-idle-share`` of the power in steps, and decoding draws what prefill draws:
        an upper bound.

        Parameters
        ----------
        config, accelerator, tp, weight_bits, kv_bits, engine, math_dtype
            As in `supercycle.models.inference.predict`.
        memory_share : float
            Share of the memory that weights and cache may fill [1]; vLLM's default.
        host_bytes_per_s : float, optional
            Host link of the whole replica [B/s]; left out, PCI Express 5.0 for each accelerator
            (``serving/link-pcie-gen5-x16``).
        max_batch, token_budget, block_tokens, preemption, prefix_block_tokens, tiers
            As in the class.

        busy_w : float, optional
            Power of the whole replica at work [W]; left out, the published power of each
            accelerator's share of its server, or of the accelerator alone where no server is
            published.
        usd_per_hour : float, optional
            Cost of the whole replica [USD/h]; left out, the published rent of its accelerators,
            or unknown.

        Raises
        ------
        ValueError
            When the weights leave no room for a cache, or nobody published a power.
        """
        from supercycle.models import inference

        _whole("tp", tp, 1)
        share("memory_share", memory_share)
        fit = engine
        if not isinstance(fit, inference.Calibration):
            fit = inference.calibration(fit, accelerator.id)
        per_token = float(config.kv_bytes_per_token(kv_bits))
        splits = tp if config.latent is None else 1
        if config.latent is None and tp > config.kv_heads:
            splits = config.kv_heads
        room = memory_share * accelerator.memory_bytes - config.weight_bytes(weight_bits) / tp
        kv_tokens = math.floor(room * splits / per_token)
        if kv_tokens < block_tokens:
            raise ValueError(
                f"tp = {tp}: {config.name} needs {config.weight_bytes(weight_bits) / tp / 1e9:.0f} GB "
                f"of weights on each {accelerator.id}, which leaves no room for a cache"
            )
        if busy_w is None:
            each_w = accelerator.server_power_w or accelerator.tdp_w
            if each_w is None:
                raise ValueError(f"{accelerator.id} has no published power: give busy_w")
            busy_w = tp * each_w
        if usd_per_hour is None and accelerator.rent_usd_per_hour is not None:
            usd_per_hour = tp * accelerator.rent_usd_per_hour
        if host_bytes_per_s is None:
            host_bytes_per_s = tp * float(facts.value("serving/link-pcie-gen5-x16"))
        return cls(
            steps=EngineStep(
                config, accelerator, kv_tokens, tp, weight_bits, kv_bits, fit, math_dtype
            ),
            kv_tokens=kv_tokens,
            max_batch=max_batch,
            token_budget=token_budget,
            block_tokens=block_tokens,
            kv_bytes_per_token=per_token,
            preemption=preemption,
            host_bytes_per_s=host_bytes_per_s,
            prefix_block_tokens=prefix_block_tokens,
            tiers=tiers,
            idle_w=busy_w * float(facts.value("energy/gpu-idle-share")),
            prefill_w=busy_w,
            decode_w=busy_w,
            usd_per_hour=usd_per_hour,
            name=f"{config.name} on {tp} × {accelerator.id}",
        )


@dataclass(frozen=True)
class Station:
    """Machines that serve one job each for a given time: tools, sandboxes, or a plain queue.

    A job's time stands in the column ``service_s`` of the requests, or in the task of a graph.

    Attributes
    ----------
    slots : int
        Jobs that run at once [1].
    idle_w : float
        Power of the whole station when nothing runs [W].
    slot_w : float
        Power that each running job adds [W].
    usd_per_hour : float, optional
        Cost of the whole station [USD/h]; left out, costs are unknown (NaN in results).
    name : str
    """

    slots: int = 1
    idle_w: float = 0.0
    slot_w: float = 0.0
    usd_per_hour: float | None = None
    name: str = "station"

    def __post_init__(self) -> None:
        _whole("slots", self.slots, 1)
        for name in ("idle_w", "slot_w", "usd_per_hour"):
            if getattr(self, name) is not None:
                non_negative(name, getattr(self, name))


@dataclass(frozen=True)
class Pool:
    """Equal machines behind one router.

    Attributes
    ----------
    name : str
    machine : Replica or Station
    count : int
        Machines at the start [1].
    role : str
        ``both`` reads prompts and writes answers; ``prefill`` hands the cache to a ``decode``
        pool over the fleet's network.
    router : str or function, optional
        See `supercycle.cluster.routing`; left out, the simulation's.
    queue : str
        Order of waiting requests: ``fifo``, ``priority`` (lower numbers first) or ``fair``
        (priority, then the ``session`` that has been served the fewest tokens).
    autoscale : Autoscale, optional
        How many machines run; left out, always `count`.
    failures : Failures, optional
        How machines break; left out, they do not.
    throttles : tuple of Throttle
        Caps on the power of each machine, one after the other.
    """

    name: str
    machine: Replica | Station
    count: int = 1
    role: str = "both"
    router: str | Router | None = None
    queue: str = "fifo"
    autoscale: Autoscale | None = None
    failures: Failures | None = None
    throttles: tuple[Throttle, ...] = ()

    def __post_init__(self) -> None:
        _whole(f"count of pool {self.name!r}", self.count, 1)
        if self.role not in ("both", "prefill", "decode"):
            raise ValueError(f"role = {self.role!r}: must be 'both', 'prefill' or 'decode'")
        if self.queue not in ("fifo", "priority", "fair"):
            raise ValueError(f"queue = {self.queue!r}: must be 'fifo', 'priority' or 'fair'")
        if isinstance(self.machine, Station) and (self.role != "both" or self.throttles):
            raise ValueError(f"pool {self.name!r}: stations have no role and no throttles")
        if self.autoscale and not self.autoscale.least <= self.count <= self.autoscale.most:
            raise ValueError(
                f"count = {self.count} of pool {self.name!r}: must be between "
                f"least = {self.autoscale.least} and most = {self.autoscale.most}"
            )
        for earlier, later in itertools.pairwise(self.throttles):
            if later.start_s < earlier.end_s:
                raise ValueError(
                    f"throttle at {later.start_s} s starts before the one before ends "
                    f"at {earlier.end_s} s"
                )
        for throttle in self.throttles:
            speed_under_cap(self.machine, throttle.cap_w)  # refuses what no clock can meet


@dataclass(frozen=True)
class Network:
    """Links between pools: each machine sends one cache after another.

    Attributes
    ----------
    bandwidth_bytes_per_s : float
        Of each machine's link [B/s]; infinite for none.
    latency_s : float
        Before the first byte [s].

    Examples
    --------
    >>> from supercycle.cluster import StepTime
    >>> replica = Replica(StepTime(0.01), kv_tokens=100_000, kv_bytes_per_token=131_072.0)
    >>> fleet = Fleet(
    ...     (Pool("read", replica, 2, role="prefill"), Pool("write", replica, role="decode")),
    ...     network=Network(bandwidth_bytes_per_s=5e10),
    ... )
    >>> fleet.pools[fleet.entry].name
    'read'
    """

    bandwidth_bytes_per_s: float = math.inf
    latency_s: float = 0.0

    def __post_init__(self) -> None:
        positive("bandwidth_bytes_per_s", self.bandwidth_bytes_per_s)
        non_negative("latency_s", self.latency_s)


@dataclass(frozen=True)
class Fleet:
    """Pools, the network between them, and what the whole shares.

    Requests enter the first pool of replicas that is not a ``decode`` pool (the first pool where
    there are only stations), unless they name another.

    Attributes
    ----------
    pools : tuple of Pool
    network : Network
        Between pools.
    rate_limit : RateLimit, optional
        Of each user of the fleet.
    power_cap_w : float
        Of all replicas and training jobs together [W]. Jobs take their peak first; replicas
        share the rest in proportion to their power, and slow down.

    Examples
    --------
    >>> from supercycle.cluster import StepTime
    >>> fleet = Fleet.of(Replica(StepTime(0.01), kv_tokens=10_000), 4)
    >>> fleet.pools[0].count
    4
    """

    pools: tuple[Pool, ...]
    network: Network = Network()
    rate_limit: RateLimit | None = None
    power_cap_w: float = math.inf

    def __post_init__(self) -> None:
        if not self.pools:
            raise ValueError("fleet has no pool: must have at least one")
        names = [pool.name for pool in self.pools]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"pool {name!r} appears {names.count(name)} times: must be once")
        roles = {pool.role for pool in self.pools}
        if ("prefill" in roles) != ("decode" in roles):
            raise ValueError("a fleet with a prefill pool needs a decode pool, and the reverse")
        positive("power_cap_w", self.power_cap_w)
        if math.isfinite(self.network.bandwidth_bytes_per_s):
            for pool in self.pools:
                if pool.role == "prefill" and not pool.machine.kv_bytes_per_token:  # type: ignore[union-attr]
                    raise ValueError(
                        f"kv_bytes_per_token = 0 of pool {pool.name!r}: must be > 0 where caches "
                        "travel over the network"
                    )

    @property
    def entry(self) -> int:
        """Place of the pool that requests enter."""
        replicas = [
            i
            for i, pool in enumerate(self.pools)
            if isinstance(pool.machine, Replica) and pool.role != "decode"
        ]
        return replicas[0] if replicas else 0

    @classmethod
    def of(cls, machine: Replica | Station, count: int = 1) -> Fleet:
        """A fleet of one pool."""
        return cls((Pool("main", machine, count),))
