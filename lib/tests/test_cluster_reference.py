"""One replica against a simulator written from the rules alone: token by token, nothing clever."""

from collections import deque
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supercycle import cluster


@dataclass
class Sequence:
    """A request with its cache as a plain count of tokens."""

    row: int
    prompt: int
    answer: int
    written: int = 0
    read: int = 0
    cached: int = 0
    first_s: float = np.nan
    preemptions: int = 0
    end_s: float = field(default=np.nan)

    @property
    def target(self) -> int:
        """Tokens to read before it can write: after a preemption its own words too."""
        return self.prompt + self.written


def reference(frame: pd.DataFrame, machine: cluster.Replica) -> list[Sequence]:
    """Serve requests step by step with continuous batching, chunks, pages and recompute."""
    steps, block, total = machine.steps, machine.block_tokens, machine.pages
    watermark = np.ceil(machine.watermark_share * total)
    coming = deque(
        (moment, Sequence(i, prompt, answer))
        for i, (moment, prompt, answer) in enumerate(frame.itertuples(index=False))
    )
    everyone = [sequence for _, sequence in coming]
    queue: deque[Sequence] = deque()
    reading: list[Sequence] = []
    writing: list[Sequence] = []
    admitted: list[Sequence] = []  # in order
    now = 0.0

    def pages(tokens: int) -> int:
        return int(np.ceil(tokens / block))

    def free() -> int:
        return total - sum(pages(s.target) for s in reading) - sum(pages(s.cached) for s in writing)

    while coming or queue or admitted:
        while coming and coming[0][0] <= now:
            queue.append(coming.popleft()[1])
        if not queue and not admitted:
            now = coming[0][0]
            continue
        if sum(s.cached % block == 0 for s in writing) > free():
            while sum(s.cached % block == 0 for s in writing) > free():
                victim = admitted.pop()
                (writing if victim in writing else reading).remove(victim)
                victim.preemptions += 1
                victim.read = victim.cached = 0
                queue.appendleft(victim)
        else:
            while queue and len(admitted) < machine.max_batch:
                taken = len(writing) + sum(s.target - s.read for s in reading)
                left = free() - sum(s.cached % block == 0 for s in writing)
                keep = watermark if admitted else 0
                if taken >= machine.token_budget or left - pages(queue[0].target) < keep:
                    break
                admitted.append(queue[0])
                reading.append(queue.popleft())
        budget = machine.token_budget - len(writing)
        new, pairs, chunks = 0, 0.0, []
        for s in reading:
            take = min(budget, s.target - s.read)
            chunks.append((s, take))
            budget -= take
            new += take
            pairs += sum(range(s.read + 1, s.read + take + 1))
        context = sum(s.cached + 1 for s in writing)
        now += (
            steps.base_s
            + steps.sequence_s * len(writing)
            + steps.context_s * context
            + steps.prefill_s * new
            + steps.pair_s * pairs
        )
        for s in list(writing):
            s.cached += 1
            s.written += 1
        for s, take in chunks:
            s.read += take
            if s.read == s.target:
                reading.remove(s)
                writing.append(s)
                s.cached = s.target
                s.written += 1
                s.first_s = now if s.written == 1 else s.first_s
        for s in list(writing):
            if s.written == s.answer:
                s.end_s = now
                writing.remove(s)
                admitted.remove(s)
    return everyone


@settings(max_examples=60)
@given(
    st.integers(0, 2**31),
    st.integers(1, 25),
    st.integers(60, 400),
    st.integers(1, 8),
    st.integers(8, 80),
    st.sampled_from([1, 4, 16]),
    st.sampled_from([0.0, 0.05, 0.2]),
    st.sampled_from([0.002, 0.02, 0.3]),
)
def test_a_replica_does_what_its_rules_say(
    seed, n, kv_tokens, max_batch, token_budget, block, watermark, gap
):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "arrival_s": rng.exponential(gap, n).cumsum(),
            "input_tokens": rng.integers(1, 30, n),
            "output_tokens": rng.integers(1, 25, n),
        }
    )
    machine = cluster.Replica(
        cluster.StepTime(0.01, 1e-4, 1e-6, 1e-4, 1e-7), kv_tokens=kv_tokens, max_batch=max_batch,
        token_budget=token_budget, block_tokens=block, watermark_share=watermark,
    )  # fmt: skip
    table = cluster.simulate(frame, cluster.Fleet.of(machine)).requests
    expected = reference(frame, machine)
    first = frame["arrival_s"] + table["ttft_s"]
    assert first.tolist() == pytest.approx([s.first_s for s in expected], abs=1e-9)
    assert table["finish_s"].tolist() == pytest.approx([s.end_s for s in expected], abs=1e-9)
    assert table["preemptions"].tolist() == [s.preemptions for s in expected]
