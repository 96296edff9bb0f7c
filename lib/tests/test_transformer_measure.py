"""The clock is honest, keeps its budget and leaves the process as it found it.

Budgets are wide and samples few, so a busy machine makes a test longer and never fails it.
"""

import gc
import time

import numpy as np
import pandas as pd
import pytest
import torch

from supercycle.models import TransformerConfig
from supercycle.transformer import Decoder, measure, record, small_config

TINY = TransformerConfig(
    layers=2, width=32, heads=4, kv_heads=2, head_dim=8, ffn_width=64, vocab=64, name="tiny"
)


def sleeping_case(seconds, calls=None, name="prefill"):
    """A case that takes a known time."""

    def run():
        if calls is not None:
            calls.append(name)
        time.sleep(seconds)

    cpu = torch.device("cpu")
    return measure.Case(name, 1, 1, 0, 1.0, 1.0, cpu, torch.float32, run)


def test_the_clock_reads_the_time_that_passes():
    (timing,) = measure.bench([sleeping_case(0.02)], budget_s=30, max_samples=4)
    assert timing.min_s >= 0.02  # sleep never returns early
    assert timing.n == len(timing.samples) == 4
    assert timing.min_s <= timing.p50_s <= timing.p90_s <= max(timing.samples)


def test_quantiles_are_those_of_the_samples():
    (timing,) = measure.bench([sleeping_case(0.001)], budget_s=30, max_samples=20)
    assert timing.p90_s == pytest.approx(pd.Series(timing.samples).quantile(0.9))


def test_round_robin_takes_turns_and_sequential_does_not():
    calls = []
    cases = [sleeping_case(0.006, calls, name) for name in ("prefill", "decode")]
    measure.bench(cases, budget_s=30, warmup=1, max_samples=3)
    assert calls[2:8] == ["prefill", "decode"] * 3
    calls.clear()
    timings = measure.bench(cases, budget_s=30, warmup=1, order="sequential", max_samples=3)
    assert calls[2:] == ["prefill"] * 3 + ["decode"] * 3
    assert [t.n for t in timings] == [3, 3]


def test_a_bench_puts_threads_and_garbage_collection_back():
    before = torch.get_num_threads()
    seen = []

    def run():
        seen.append((torch.get_num_threads(), gc.isenabled()))
        time.sleep(0.006)

    case = measure.Case("decode", 1, 1, 0, 1.0, 1.0, torch.device("cpu"), torch.float32, run)
    bench = measure.bench([case], budget_s=30, max_samples=3)
    assert set(seen) == {(1, False)}
    assert bench.threads == 1
    assert (torch.get_num_threads(), gc.isenabled()) == (before, True)

    def fail():
        raise RuntimeError("broken")

    broken = measure.Case("decode", 1, 1, 0, 1.0, 1.0, torch.device("cpu"), torch.float32, fail)
    with pytest.raises(RuntimeError, match="broken"):
        measure.bench([broken], budget_s=30)
    assert (torch.get_num_threads(), gc.isenabled()) == (before, True)


def test_a_budget_too_small_for_one_case_is_said():
    with pytest.raises(ValueError, match=r"budget_s = 0.01: too small for one sample of each case"):
        measure.bench([sleeping_case(0.02)], budget_s=0.01)
    with pytest.raises(ValueError, match="budget_s = 0: must be a number > 0"):
        measure.bench([sleeping_case(0.02)], budget_s=0)
    with pytest.raises(ValueError, match=r"cases = \[\]"):
        measure.bench([], budget_s=1)
    with pytest.raises(ValueError, match="order = 'random'"):
        measure.bench([sleeping_case(0.02)], budget_s=1, order="random")


def test_a_decode_case_reads_the_same_context_each_time():
    model = Decoder(small_config(), seed=3)
    case = measure.decode_case(model, batch=2, context=50)
    first = case().clone()
    for _ in range(3):
        again = case()
    assert torch.equal(first, again)
    assert first.std() > 0.1  # noise in the cache, not zeros


def test_traffic_is_weights_once_and_the_cache_once():
    # Counted by hand for 16-bit values: everything but the input table, one row of it a sequence,
    # and keys and values of each token of the context and of the new one.
    model = Decoder(TINY, dtype=torch.bfloat16)
    case = measure.decode_case(model, batch=3, context=10)
    weights = sum(p.numel() for n, p in model.named_parameters() if n != "embedding.weight")
    kv_values = 2 * 2 * 2 * 8  # layers × (key and value) × heads × width
    assert case.bytes == 2 * (weights + 3 * 32 + 3 * 11 * kv_values)


def test_flops_of_a_case_are_the_predicted_ones():
    model = Decoder(TINY)
    assert measure.prefill_case(model, 2, 40).flops == 2 * TINY.prefill_flops(40)
    assert measure.decode_case(model, 2, 40).flops == 2 * TINY.flops_per_token(41)


@pytest.mark.parametrize("bad", [0, -1, 1.5, True])
def test_impossible_sizes_are_refused(bad):
    model = Decoder(TINY)
    with pytest.raises(ValueError, match="batch"):
        measure.prefill_case(model, bad, 8)
    with pytest.raises(ValueError, match="tokens"):
        measure.prefill_case(model, 1, bad)
    if bad != 0:
        with pytest.raises(ValueError, match="context"):
            measure.decode_case(model, 1, bad)


# -- fits: coefficients put in by hand come out again ---------------------------------------------


def test_fits_recover_a_known_machine_through_noise():
    rng = np.random.default_rng(0)
    T = np.array([64, 128, 256, 512, 1024, 2048.0])
    prefill = 2e-3 + 5e-5 * T + 2e-8 * T**2
    B, S = (a.ravel() for a in np.meshgrid([1, 4, 16.0], [0, 512, 2048.0]))
    decode = 1e-3 + 8e-5 * B + 7e-7 * B * S
    frame = pd.concat(
        [
            pd.DataFrame(
                {"kind": "prefill", "batch": 1, "tokens": T, "context": 0, "p50_s": prefill}
            ),
            pd.DataFrame(
                {"kind": "decode", "batch": B, "tokens": 1, "context": S, "p50_s": decode}
            ),
        ]
    )
    frame["p50_s"] *= rng.uniform(0.99, 1.01, len(frame))
    fit = measure.fit_prefill(frame, statistic="p50_s")
    assert fit.c1_s_per_token == pytest.approx(5e-5, rel=0.05)
    assert fit.c2_s_per_token2 == pytest.approx(2e-8, rel=0.15)
    assert fit.max_error < 0.02
    line = measure.fit_decode(frame, statistic="p50_s")
    assert line.w_s == pytest.approx(1e-3, rel=0.05)
    assert line.b_s_per_token == pytest.approx(7e-7, rel=0.05)
    assert line(context=2048, batch=16) == pytest.approx(decode[-1], rel=0.02)


def test_a_fit_without_enough_points_says_what_it_needs():
    rows = pd.DataFrame({"kind": ["prefill"] * 2, "batch": 1, "tokens": [1, 2], "context": 0, "min_s": 1.0})  # fmt: skip
    with pytest.raises(ValueError, match="at least 3"):
        measure.fit_prefill(rows)
    with pytest.raises(ValueError, match="no case of kind 'decode'"):
        measure.fit_decode(rows)
    with pytest.raises(ValueError, match="statistic = 'mean'"):
        measure.fit_prefill(rows, statistic="mean")


def test_utilisations_broadcast_and_refuse_no_time():
    assert measure.mfu(np.array([1e9, 2e9]), 1.0, 4e9) == pytest.approx([0.25, 0.5])
    assert measure.mbu(3e9, 1.5, 4e9) == pytest.approx(0.5)
    with pytest.raises(ValueError, match="seconds = 0"):
        measure.mfu(1.0, 0, 1.0)


def test_a_measured_roof_is_above_what_the_model_reaches():
    ceilings = measure.roof(side=256, copy_bytes=2**24, budget_s=0.6)
    assert ceilings.launch_s < 1e-3
    assert ceilings.dtype == "float32"
    assert 0.1 < ceilings.ridge_point < 1e4
    with pytest.raises(ValueError, match="device = 'meta'"):
        measure.roof("meta")


# -- records --------------------------------------------------------------------------------------

MINI = {"prefill_tokens": (8, 16, 32), "batches": (1, 4), "contexts": (0, 64, 10**7)}


@pytest.fixture(scope="module")
def ceilings():
    return measure.roof(side=128, copy_bytes=2**20, budget_s=0.1)


def record_mini(out, ceilings, **how):
    how = {"budget_s": 20, "configs": [TINY], "case_s": 0.05, "memory_bytes": 2e6, **MINI, **how}
    return record.record(out, device="cpu", ceilings=ceilings, **how)


def test_a_record_keeps_to_the_memory_and_resumes(tmp_path, ceilings):
    out = tmp_path / "record.csv"
    first = record_mini(out, ceilings, **{**MINI, "prefill_tokens": (8,)})
    assert {row["kind"] for row in first} == {"prefill", "decode"}
    assert max(row["context"] for row in first) == 64  # ten million tokens would not fit
    second = record_mini(out, ceilings)
    assert [row["tokens"] for row in second] == [16, 32]
    assert record_mini(out, ceilings) == []
    rows = record.read_rows(out)
    assert len(rows) == len({row["id"] for row in rows}) == len(first) + 2
    assert all(float(row["min_s"]) <= float(row["p50_s"]) for row in rows)
    assert {row["threads"] for row in rows} == {"1"}


def test_a_record_says_when_nothing_fits_its_budget(tmp_path, ceilings):
    with pytest.raises(ValueError, match="too small for one case"):
        record_mini(tmp_path / "record.csv", ceilings, budget_s=1e-4)


def test_a_record_does_not_overwrite_another_file(tmp_path, ceilings):
    other = tmp_path / "grades.csv"
    other.write_text("student,grade\nada,1\n")
    with pytest.raises(ValueError, match="no record of this kind"):
        record_mini(other, ceilings)
    assert other.read_text().startswith("student")


def test_running_out_of_memory_is_written_down(tmp_path, ceilings, monkeypatch):
    def exhausted(self, model):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(record.Planned, "build", exhausted)
    rows = record_mini(tmp_path / "record.csv", ceilings, prefill_tokens=(8,), batches=())
    assert [(row["n"], row["min_s"], row["note"]) for row in rows] == [(0, "", "Out of memory.")]


def test_accelerator_models_have_the_sizes_asked_for():
    sizes = [config.params() for config in record.accelerator_configs()]
    wanted = [30e6, 100e6, 300e6, 1.15e9, 2.9e9, 7.1e9]
    assert sizes == pytest.approx(wanted, rel=0.2)


def test_the_largest_case_of_a_plan_fits_the_memory_it_was_given():
    config = record.accelerator_configs()[-1]
    cases = record.plan(config, memory_bytes=70e9)
    for case in cases:
        held = case.size + (case.kind == "decode")
        assert config.weight_bytes(16) + case.batch * config.kv_bytes(held) < 70e9
    assert {case.size for case in cases if case.kind == "prefill"} == {2**k for k in range(9, 18)}


# -- commands -------------------------------------------------------------------------------------


def test_measure_command_writes_a_record_and_a_picture(tmp_path, monkeypatch, capsys):
    from supercycle.transformer import commands

    def tiny_plan(*, quick):
        sizes = [("prefill", 1, n) for n in (8, 16, 32)]
        sizes += [("decode", b, c) for b in (1, 4) for c in (0, 32)]
        return [record.Planned(TINY, *size) for size in sizes]

    monkeypatch.setattr(record, "laboratory_plan", tiny_plan)
    out = commands.measure_command(budget_s=6, out=tmp_path / "here.csv")
    frame = commands.frame_of(record.read_rows(out))
    assert len(frame) == 7
    assert (tmp_path / "here.png").stat().st_size > 5000
    said = capsys.readouterr().out
    assert "prefill fit: largest error" in said
    assert "causal mask" in said
    again = commands.measure_command(budget_s=6, out=out)
    assert len(record.read_rows(again)) == 7  # replaced, not added


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_measuring_a_gpu_that_is_not_there_is_said(tmp_path):
    from supercycle.transformer import commands

    with pytest.raises(ValueError, match="shows PyTorch no GPU"):
        commands.measure_command(gpu=True, out=tmp_path / "gpu.csv")
    assert not (tmp_path / "gpu.csv").exists()
