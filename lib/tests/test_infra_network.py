"""Collectives: a machine that passes real messages, the published formulas, published bandwidth."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from supercycle import chips, facts, infra
from supercycle.infra import Link

LINK = Link(3e-6, 50e9)
POWERS = st.sampled_from([1, 2, 4, 8, 16, 64, 1024])
RANKS = st.integers(1, 4096)
SIZES = st.floats(0, 1e12)


class Machine:
    """Ranks with vectors that pass messages in rounds, and count steps and bytes per port."""

    def __init__(self, ranks, seed=0):
        self.p = ranks
        self.blocks = np.random.default_rng(seed).integers(0, 100, (ranks, ranks, 4)).astype(float)
        self.total = self.blocks.sum(axis=0)
        self.steps = 0
        self.blocks_through_a_port = 0

    def round(self, messages):
        """Pass (source, target, blocks, add) at once; each rank sends and gets at most one."""
        sources = [m[0] for m in messages]
        targets = [m[1] for m in messages]
        assert len(set(sources)) == len(sources)
        assert len(set(targets)) == len(targets)
        carried = [self.blocks[source, blocks].copy() for source, _, blocks, _ in messages]
        for (_, target, blocks, add), data in zip(messages, carried, strict=True):
            self.blocks[target, blocks] = data + (self.blocks[target, blocks] if add else 0)
        self.steps += 1
        self.blocks_through_a_port += max(len(m[2]) for m in messages)

    def bytes_share(self):
        return self.blocks_through_a_port / self.p


def ring(machine, *, add):
    """p − 1 rounds, each rank passing one block to its neighbour."""
    p = machine.p
    shift = 0 if add else 1
    for k in range(p - 1):
        machine.round([(r, (r + 1) % p, [(r - k + shift) % p], add) for r in range(p)])


def halving(machine):
    """Recursive halving: exchange half of what is left with a partner half as far."""
    p = machine.p
    span = {r: list(range(p)) for r in range(p)}
    distance = p // 2
    while distance:
        messages = []
        for r in range(p):
            half = [b for b in span[r] if (b & distance) != (r & distance)]
            messages.append((r, r ^ distance, half, True))
        machine.round(messages)
        span = {r: [b for b in span[r] if (b & distance) == (r & distance)] for r in range(p)}
        distance //= 2


def doubling_gather(machine):
    p = machine.p
    have = {r: [r] for r in range(p)}
    distance = 1
    while distance < p:
        machine.round([(r, r ^ distance, have[r], False) for r in range(p)])
        have = {r: sorted(have[r] + have[r ^ distance]) for r in range(p)}
        distance *= 2


@pytest.mark.parametrize("p", [2, 3, 5, 8, 16])
def test_a_ring_of_real_messages_adds_up_and_takes_the_predicted_steps_and_bytes(p):
    machine = Machine(p)
    ring(machine, add=True)
    for r in range(p):
        assert (machine.blocks[r, (r + 1) % p] == machine.total[(r + 1) % p]).all()
    scattered = infra.reduce_scatter_s(1.0, p, Link(1.0, 1e-3))
    assert scattered == pytest.approx(machine.steps + 1e3 * machine.bytes_share())
    ring(machine, add=False)
    assert (machine.blocks == machine.total).all()
    reduced = infra.all_reduce_s(1.0, p, Link(1.0, 1e-3))
    assert reduced == pytest.approx(machine.steps + 1e3 * machine.bytes_share())


@pytest.mark.parametrize("p", [2, 4, 8, 32])
def test_halving_and_doubling_of_real_messages_take_the_predicted_steps_and_bytes(p):
    machine = Machine(p)
    halving(machine)
    assert all((machine.blocks[r, r] == machine.total[r]).all() for r in range(p))
    part = infra.reduce_scatter_s(1.0, p, Link(1.0, 1e-3), algorithm="halving")
    assert part == pytest.approx(machine.steps + 1e3 * machine.bytes_share())
    doubling_gather(machine)
    assert (machine.blocks == machine.total).all()
    whole = infra.all_reduce_s(1.0, p, Link(1.0, 1e-3), algorithm="halving")
    assert whole == pytest.approx(machine.steps + 1e3 * machine.bytes_share())


def test_pairwise_exchange_of_real_messages_takes_the_predicted_steps_and_bytes():
    p = 7
    machine = Machine(p)
    sent = machine.blocks.copy()
    got = np.zeros_like(sent)
    for k in range(p):  # k = 0 stays at home
        for r in range(p):
            got[(r + k) % p, r] = sent[r, (r + k) % p]
    assert (got == sent.transpose(1, 0, 2)).all()
    assert infra.all_to_all_s(1.0, p, Link(1.0, 1e-3)) == pytest.approx((p - 1) + 1e3 * (p - 1) / p)


@given(SIZES, POWERS)
def test_the_formulas_of_thakur_rabenseifner_and_gropp(size, p):
    # IJHPCA 19(1), 2005, with γ = 0: the sections on each collective.
    alpha, beta, lg = 3e-6, 1 / 50e9, np.log2(p)
    bulk = (p - 1) / p * size * beta
    formulas = {
        infra.all_gather_s(size, p, LINK): (p - 1) * alpha + bulk,
        infra.all_gather_s(size, p, LINK, algorithm="doubling"): lg * alpha + bulk,
        infra.broadcast_s(size, p, LINK): lg * (alpha + size * beta),
        infra.broadcast_s(size, p, LINK, algorithm="scatter-ring"):
            (lg + p - 1) * alpha + 2 * bulk,
        infra.reduce_scatter_s(size, p, LINK, algorithm="halving"): lg * alpha + bulk,
        infra.all_to_all_s(size, p, LINK, algorithm="bruck"): lg * alpha + size / 2 * lg * beta,
        infra.all_reduce_s(size, p, LINK, algorithm="doubling"): lg * (alpha + size * beta),
        infra.all_reduce_s(size, p, LINK, algorithm="halving"): 2 * lg * alpha + 2 * bulk,
    }  # fmt: skip
    for ours, theirs in formulas.items():
        assert ours == pytest.approx(theirs, rel=1e-12, abs=1e-18)


def test_an_h100s_ring_reaches_four_fifths_of_its_line_rate_whatever_the_ranks():
    # NVIDIA/nccl issue 1455 (2024-09): 365-370 GB/s on 2 to 8 H100 with the ring forced.
    line = chips.accelerator("h100-sxm").scaleup_bytes_per_s
    link = Link(
        float(facts.value("infrastructure/scale-up-latency")),
        line * float(facts.value("infrastructure/link-efficiency")),
    )
    ranks = np.arange(2, 9)
    time = infra.all_reduce_s(4e9, ranks, link)
    bus = infra.bus_bandwidth_bytes_per_s(4e9, time, ranks)
    measured = facts.value("infrastructure/nvlink-ring-bandwidth")
    assert bus == pytest.approx(np.full(7, float(measured)), rel=0.01)
    assert np.ptp(bus) / bus.mean() < 0.005


# all_reduce_bench of S. Bekman, Machine Learning Engineering, network/benchmarks (read 2026-11):
# 4 nodes of 8 GPUs; payload [KiB], algorithm bandwidth [GB/s].
PAYLOADS = {32: 0.48, 64: 0.83, 128: 1.58, 256: 2.67, 512: 4.73, 1024: 8.84, 2048: 12.28,
            4096: 20.80, 8192: 35.42, 16384: 48.48, 32768: 50.76, 65536: 43.82, 131072: 45.54,
            262144: 46.97, 524288: 47.98, 1048576: 48.59, 2097152: 47.83, 4194304: 47.53,
            8388608: 47.38, 16777216: 47.32}  # fmt: skip


def test_two_numbers_describe_a_measured_all_reduce_over_six_decades_within_a_half():
    # α from the smallest payload, B from the largest; the 18 others are predictions. Median
    # error 8 %; above 8 MiB within 19 %; between, where the library changes its algorithm and its
    # protocol, the two numbers are too fast by up to 52 % (at 2 MiB).
    size = 1024.0 * np.array(list(PAYLOADS))
    algorithm = 1e9 * np.array(list(PAYLOADS.values()))
    ranks = 32
    time = size / algorithm
    link = Link(
        time[0] / (2 * (ranks - 1)), infra.bus_bandwidth_bytes_per_s(size[-1], time[-1], ranks)
    )
    error = (size / infra.all_reduce_s(size, ranks, link) / algorithm - 1)[1:-1]
    assert np.abs(error).max() < 0.55
    assert np.median(np.abs(error)) < 0.1
    assert np.abs(error[size[1:-1] >= 8 * 2**20]).max() < 0.19


def test_short_vectors_go_by_few_steps_and_long_ones_by_few_bytes():
    small, large = 1e3, 1e10
    doubling, whole = (
        infra.all_reduce_s(np.array([small, large]), 256, LINK, algorithm=a)
        for a in ("doubling", "ring")
    )
    assert doubling[0] < whole[0]
    assert doubling[1] > whole[1]
    bruck, pairwise = (
        infra.all_to_all_s(np.array([small, large]), 256, LINK, algorithm=a)
        for a in ("bruck", "pairwise")
    )
    assert bruck[0] < pairwise[0]
    assert bruck[1] > pairwise[1]


@given(SIZES, RANKS)
def test_no_all_reduce_beats_the_bytes_that_must_pass(size, p):
    # Every rank must send and get at least n (p − 1)/p twice (Patarasuk and Yuan, 2009).
    floor = 2 * (p - 1) / p * size / 50e9
    for algorithm in ("ring", "tree"):
        assert infra.all_reduce_s(size, p, LINK, algorithm=algorithm) >= floor * (1 - 1e-12)
    assert infra.all_reduce_s(size, 1, LINK) == 0


@given(SIZES, RANKS, st.floats(1, 100))
def test_more_bandwidth_and_less_latency_are_never_slower(size, p, factor):
    base = infra.all_reduce_s(size, p, LINK)
    assert infra.all_reduce_s(size, p, Link(3e-6, 50e9 * factor)) <= base
    assert infra.all_reduce_s(size, p, Link(3e-6 / factor, 50e9)) <= base


@given(SIZES, st.integers(1, 72), st.integers(1, 512))
def test_a_hierarchy_of_one_level_is_the_flat_network(size, ranks, nodes):
    up = Link(1e-6, 400e9)
    flat = infra.all_reduce_s(size, ranks, up)
    one_node = infra.hierarchical_all_reduce_s(size, ranks, 1, scale_up=up, scale_out=LINK)
    assert one_node == pytest.approx(flat, rel=1e-12, abs=1e-18)
    one_each = infra.hierarchical_all_reduce_s(size, 1, nodes, scale_up=up, scale_out=LINK)
    assert one_each == pytest.approx(infra.all_reduce_s(size, nodes, LINK), rel=1e-12, abs=1e-18)


def test_a_hierarchy_uses_every_port_and_so_beats_one_flat_ring():
    up = Link(2e-6, 370e9)
    flat = infra.all_reduce_s(1e9, 512, LINK)
    nested = infra.hierarchical_all_reduce_s(1e9, 8, 64, scale_up=up, scale_out=LINK)
    assert flat / nested > 3


@pytest.mark.parametrize(
    ("collective", "run"),
    [("all_reduce", infra.all_reduce_s), ("all_gather", infra.all_gather_s),
     ("reduce_scatter", infra.reduce_scatter_s), ("all_to_all", infra.all_to_all_s)],
)  # fmt: skip
def test_bus_bandwidth_undoes_the_collective(collective, run):
    time = run(1e9, 6, Link(0.0, 50e9))
    bus = infra.bus_bandwidth_bytes_per_s(1e9, time, 6, collective=collective)
    assert bus == pytest.approx(50e9)


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: Link(-1, 1), "latency_s"),
        (lambda: Link(1e-6, 0), "bandwidth_bytes_per_s"),
        (lambda: infra.all_reduce_s(-1, 2, LINK), "size_bytes"),
        (lambda: infra.all_reduce_s(1, 0, LINK), "ranks"),
        (lambda: infra.all_reduce_s(1, 2.5, LINK), "ranks"),
        (lambda: infra.all_reduce_s(1, 6, LINK, algorithm="halving"), "powers of two"),
        (lambda: infra.all_reduce_s(1, 6, LINK, algorithm="star"), "algorithm"),
        (lambda: infra.broadcast_s(float("nan"), 6, LINK), "size_bytes"),
        (lambda: infra.bus_bandwidth_bytes_per_s(1, 0, 2), "time_s"),
        (lambda: infra.bus_bandwidth_bytes_per_s(1, 1, 2, collective="gossip"), "collective"),
    ],
)
def test_impossible_input_is_refused_by_name(call, named):
    with pytest.raises(ValueError, match=named):
        call()
