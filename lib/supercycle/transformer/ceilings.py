"""The machine's own ceilings, measured in the process that measures the model, and shares of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch

from supercycle._validate import positive
from supercycle.transformer._check import known_dtype, usable_device, whole
from supercycle.transformer.cases import Case
from supercycle.transformer.clock import quiet, sample_s

__all__ = ["Roof", "mbu", "mfu", "roof"]


@dataclass(frozen=True)
class Roof:
    """The ceilings of this machine, measured in this process.

    Attributes
    ----------
    flops_per_s : float
        Best of a large square matrix product on random data [FLOP/s].
    bytes_per_s : float
        Best of a large copy, bytes read plus bytes written [B/s].
    launch_s : float
        Least time of the smallest operation: what Python and the driver take [s].
    device, dtype : str
    threads : int
        CPU threads.
    """

    flops_per_s: float
    bytes_per_s: float
    launch_s: float
    device: str
    dtype: str
    threads: int

    @property
    def ridge_point(self) -> float:
        """Arithmetic intensity at which both ceilings meet [FLOP/B]."""
        return self.flops_per_s / self.bytes_per_s

    def best_with(self, other: Roof) -> Roof:
        """Return the better of two measurements of the same ceilings: noise only lowers them.

        Examples
        --------
        >>> early = Roof(3e10, 2e10, 1e-6, "cpu", "float32", 1)
        >>> early.best_with(Roof(9e10, 1e10, 2e-6, "cpu", "float32", 1)).ridge_point
        4.5
        """
        if (self.device, self.dtype, self.threads) != (other.device, other.dtype, other.threads):
            raise ValueError(
                f"ceilings of {self.device} in {self.dtype} on {self.threads} threads cannot be "
                f"compared with {other.device} in {other.dtype} on {other.threads}"
            )
        return replace(
            self,
            flops_per_s=max(self.flops_per_s, other.flops_per_s),
            bytes_per_s=max(self.bytes_per_s, other.bytes_per_s),
            launch_s=min(self.launch_s, other.launch_s),
        )


def roof(
    device: str | torch.device = "cpu",
    dtype: torch.dtype | None = None,
    *,
    threads: int | None = 1,
    side: int | None = None,
    copy_bytes: int | None = None,
    budget_s: float = 2.0,
) -> Roof:
    """Measure what this machine can do at best, in the process that measures the model.

    Parameters
    ----------
    device : str or torch.device
    dtype : torch.dtype, optional
        float32 on a CPU and bfloat16 on a GPU unless given.
    threads : int or None
        CPU threads, restored afterwards.
    side : int, optional
        Rows of the square matrices: 1024 on a CPU and 8192 on a GPU unless given.
    copy_bytes : int, optional
        Size of the block copied: 256 MiB on a CPU and 2 GiB on a GPU unless given [B].
    budget_s : float
        Seconds, shared by the three.

    Returns
    -------
    Roof

    Notes
    -----
    Source: Williams, Waterman and Patterson (2009), Roofline, Communications of the ACM 52(4).

    Examples
    --------
    >>> ceilings = roof(side=128, copy_bytes=2**20, budget_s=0.1)
    >>> ceilings.ridge_point == ceilings.flops_per_s / ceilings.bytes_per_s
    True
    """
    positive("budget_s", budget_s)
    device = usable_device(device)
    if device.type == "meta":
        raise ValueError("device = 'meta': nothing runs there; must be 'cpu' or 'cuda'")
    on_gpu = device.type == "cuda"
    dtype = dtype or (torch.bfloat16 if on_gpu else torch.float32)
    known_dtype(dtype)
    side = side or (8192 if on_gpu else 1024)
    copy_bytes = copy_bytes or (2**31 if on_gpu else 2**28)
    whole("side", side)
    whole("copy_bytes", copy_bytes)
    draw = torch.Generator(device=device).manual_seed(0)
    kind: dict[str, Any] = {"device": device, "dtype": dtype}
    a = torch.empty(side, side, **kind).normal_(generator=draw)
    b = torch.empty(side, side, **kind).normal_(generator=draw)
    product = torch.empty(side, side, **kind)
    source = torch.empty(copy_bytes, dtype=torch.uint8, device=device).random_(generator=draw)
    target = torch.empty_like(source)
    one = torch.zeros(1, **kind)

    def best_s(run: Callable[[], Any]) -> float:
        case = Case("roof", 1, 1, 0, 0.0, 0.0, device, dtype, run)
        end = time.perf_counter() + budget_s / 3
        for _ in range(3):
            best = sample_s(case)
        while time.perf_counter() < end:
            best = min(best, sample_s(case))
        return best

    with quiet(threads), torch.inference_mode():
        return Roof(
            flops_per_s=2 * side**3 / best_s(lambda: torch.mm(a, b, out=product)),
            bytes_per_s=2 * copy_bytes / best_s(lambda: target.copy_(source)),
            launch_s=best_s(lambda: one.add_(1)),
            device=str(device),
            dtype=str(dtype).removeprefix("torch."),
            threads=torch.get_num_threads(),
        )


def mfu(flops: Any, seconds: Any, flops_per_s: Any) -> Any:
    """Model FLOP utilisation: useful FLOP per second over the ceiling, a share.

    ``flops / seconds / flops_per_s``; all three broadcast.

    Source: Chowdhery et al. (2022), arXiv:2204.02311, appendix B.

    Examples
    --------
    >>> mfu(flops=2e12, seconds=4.0, flops_per_s=1e12)
    0.5
    """
    positive("seconds", seconds)
    positive("flops_per_s", flops_per_s)
    return flops / seconds / flops_per_s


def mbu(bytes: Any, seconds: Any, bytes_per_s: Any) -> Any:
    """Model bandwidth utilisation: bytes that must move per second over the ceiling, a share.

    ``bytes / seconds / bytes_per_s``; all three broadcast. Above 1 the data sat in a cache nearer
    than the memory whose ceiling was measured.

    Examples
    --------
    >>> mbu(bytes=16e9, seconds=8e-3, bytes_per_s=4e12)
    0.5
    """
    positive("seconds", seconds)
    positive("bytes_per_s", bytes_per_s)
    return bytes / seconds / bytes_per_s
