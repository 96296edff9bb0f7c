"""How long one prediction of an inference time takes, beside a public roofline tool."""

from __future__ import annotations

import contextlib
import io
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np

from supercycle import chips, models
from supercycle.models import inference

MANY = 1_000_000


def call_s(run: Callable[[], Any], *, seconds: float = 2.0, least: int = 3) -> float:
    """Median wall time of a call, over as many as fit the time."""
    run()
    samples: list[float] = []
    end = time.perf_counter() + seconds
    while len(samples) < least or time.perf_counter() < end:
        start = time.perf_counter()
        run()
        samples.append(time.perf_counter() - start)
    return median(samples)


def main() -> None:
    """Print the time of one call, of a million cases in one call, and of the other tool's call."""
    config, chip = models.get("llama-3.1-8b"), chips.accelerator("h100-sxm")
    rng = np.random.default_rng(0)
    prompts, batches = rng.integers(1, 8192, MANY), rng.integers(1, 128, MANY)

    def one() -> Any:
        return inference.predict(config, chip, batch=8, input_tokens=1024, output_tokens=128)

    def many() -> Any:
        return inference.predict(
            config, chip, batch=batches, input_tokens=prompts, output_tokens=128
        )

    one_s, many_s = call_s(one), call_s(many, least=5)
    print(f"one case                    {1e6 * one_s:10.1f} µs")
    print(f"{MANY:,} cases, one call  {many_s:10.2f} s  ({1e6 * many_s / MANY:.2f} µs each)")
    try:
        from GenZ import decode_moddeling, prefill_moddeling
    except ModuleNotFoundError:
        print("no comparison: genz-llm is not installed")
        return
    how = {"model": "meta-llama/Llama-3.1-8B", "batch_size": 8, "input_tokens": 1024,
           "system_name": "H100_GPU", "bits": "bf16", "tensor_parallel": 1}  # fmt: skip

    def theirs() -> Any:
        with contextlib.redirect_stdout(io.StringIO()):
            prefill_moddeling(**how)
            decode_moddeling(**how, output_tokens=128)

    theirs_s = call_s(theirs)
    print(f"genz-llm, the same case     {1e6 * theirs_s:10.1f} µs  ({theirs_s / one_s:.0f} × ours)")


if __name__ == "__main__":
    main()
