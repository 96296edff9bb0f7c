"""Training time against published runs, iterations and throughputs."""

import csv
import dataclasses
import math
import pathlib
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supercycle import chips, facts, models
from supercycle.models import fitting, training

SHARED = pathlib.Path(__file__).resolve().parents[3] / "shared"
A100 = chips.accelerator("a100-80gb")
H100 = chips.accelerator("h100-sxm")


def _run(row_id):
    cells = facts.row("training-runs", row_id)
    kwargs = {"mfu": cells["mfu"], "dtype": cells["mfu_dtype"]}
    return cells, kwargs, chips.accelerator(cells["chip"]), cells["n_chips"] or 1


# -- against the world ------------------------------------------------------------------------


@pytest.mark.parametrize("row_id", facts.ids("training-iterations"))
def test_megatron_iterations_take_as_long_as_published(row_id):
    # Korthikanti et al. (2022), Table 5; no parameter is fitted to training
    cells = facts.row("training-iterations", row_id)
    step = training.iteration(
        fitting.config_of(cells["model"]),
        chips.accelerator(cells["chip"]),
        **{
            name: int(cells[name])
            for name in [
                "n_chips",
                "tp",
                "pp",
                "interleave",
                "batch_sequences",
                "micro_batch",
                "sequence_tokens",
            ]
        },
        recompute=cells["recompute"],
    )
    assert step.total_s == pytest.approx(cells["iteration_s"], rel=0.10)


@pytest.mark.parametrize(
    "row_id", ["gpt-3-175b", "llama-65b", "falcon-40b", "llama-2-70b", "mpt-30b", "pythia-12b"]
)
def test_chip_hours_follow_from_the_mfu(row_id):
    cells, kwargs, chip, n_chips = _run(row_id)
    run = training.estimate(cells["active_params"], cells["tokens"], chip, n_chips, **kwargs)
    assert run.chip_hours == pytest.approx(cells["chip_hours"], rel=0.15)


@pytest.mark.parametrize("row_id", ["llama-3.1-405b", "deepseek-v3", "llama-2-70b"])
def test_chip_hours_follow_from_the_mfu_with_attention_counted(row_id):
    cells, kwargs, chip, n_chips = _run(row_id)
    run = training.estimate(
        models.get(row_id),
        cells["tokens"],
        chip,
        n_chips,
        sequence_tokens=cells["sequence_tokens"],
        **kwargs,
    )
    assert run.chip_hours == pytest.approx(cells["chip_hours"], rel=0.15)


def test_palm_lost_a_third_of_its_chip_hours():
    # MFU 0.462 while stepping (PaLM, table 3), 8.4e6 chip-hours in all: what is missing is goodput
    cells, kwargs, chip, n_chips = _run("palm-540b")
    run = training.estimate(cells["active_params"], cells["tokens"], chip, n_chips, **kwargs)
    assert 0.6 < run.chip_hours / cells["chip_hours"] < 0.7


_MPT = {"1b": (24, 2048, 16), "3b": (32, 2560, 32), "7b": (32, 4096, 32), "13b": (40, 5120, 40)}
_MPT |= {"30b": (48, 7168, 56), "70b": (80, 8192, 64)}


def _mpt_rows():
    path = SHARED / "facts/measurements/published_measurements.csv"
    if not path.is_file():
        pytest.skip("no ../shared beside this checkout")
    with path.open(encoding="utf-8") as lines:
        rows = [r for r in csv.DictReader(lines) if "llm-foundry" in r["source"]]
    mfus = [r for r in rows if r["quantity"] == "training MFU"]
    rates = [r for r in rows if r["quantity"] != "training MFU"]
    chip_of = {"a100_80gb": "a100-80gb", "a100_40gb": "a100-40gb", "h100_80gb": "h100-sxm"}
    for mfu, rate in zip(mfus, rates, strict=True):
        size = mfu["model"][4:]
        if size not in _MPT:
            continue
        layers, width, heads = _MPT[size]
        numbers = re.search(r"seq (\d+), (\d+) GPUs, microbatch (\d+), accum (\d+)", mfu["config"])
        length, n_chips, micro, steps = map(int, numbers.groups())
        config = models.TransformerConfig(
            layers=layers,
            width=width,
            heads=heads,
            kv_heads=heads,
            head_dim=width // heads,
            ffn_width=4 * width,
            vocab=50368,
            max_positions=length,
            positions="learned",
            activation="gelu",
            norm="layernorm",
            tied_embeddings=True,
        )
        chip = chips.accelerator(chip_of[mfu["hardware"].split("x", 1)[1]])
        ckpt = "full" if "act-ckpt True" in mfu["config"] else "none"
        yield (
            config,
            chip,
            length,
            n_chips,
            micro,
            steps,
            ckpt,
            float(mfu["value"]) / 100,
            float(rate["value"]),
        )


def test_tokens_per_second_of_mpt_follow_from_the_mfu():
    # MosaicML, llm-foundry training benchmarks: two columns of one table
    errors = []
    for config, chip, length, n_chips, *_, mfu, rate in _mpt_rows():
        run = training.estimate(config, 1e9, chip, n_chips, mfu=mfu, sequence_tokens=length)
        errors.append(1e9 / run.time_s / n_chips / rate - 1)
    assert np.abs(errors).max() < 0.05


def test_mfu_of_mpt_is_predicted_from_inference_efficiencies():
    errors = []
    for config, chip, length, n_chips, micro, steps, recompute, mfu, _ in _mpt_rows():
        step = training.iteration(
            config,
            chip,
            n_chips=n_chips,
            batch_sequences=n_chips * micro * steps,
            sequence_tokens=length,
            micro_batch=micro,
            recompute=recompute,
        )
        errors.append(step.mfu / mfu - 1)
    assert np.abs(errors).mean() < 0.15


# -- closed forms and invariants -----------------------------------------------------------------


def test_training_costs_three_forward_passes():
    config = models.get("llama-3.1-8b")
    forward = config.prefill_flops(2048, causal=False, all_logits=True)
    assert training.train_flops(config, 2048, sequence_tokens=2048) == pytest.approx(3 * forward)


def test_attention_is_the_difference_to_six_n_d():
    # PaLM, appendix B: 6N + 12·L·H·Q·T per token, N without the input embedding
    config = models.get("llama-3.1-70b")
    matrices = config.matmul_params + config.vocab * config.width
    palm = 6 * matrices + 12 * config.layers * config.heads * config.head_dim * 8192
    assert training.train_flops(config, 1, sequence_tokens=8192) == pytest.approx(palm)


@settings(max_examples=30, deadline=None)
@given(st.floats(1e8, 1e12), st.floats(1e9, 1e14), st.integers(1, 100_000), st.floats(0.01, 1))
def test_chip_hours_do_not_depend_on_the_number_of_chips(params, tokens, n_chips, mfu):
    one = training.estimate(params, tokens, H100, 1, mfu=mfu)
    many = training.estimate(params, tokens, H100, n_chips, mfu=mfu)
    assert many.chip_hours == pytest.approx(one.chip_hours)
    assert many.time_s * n_chips == pytest.approx(one.time_s)
    assert many.energy_j == pytest.approx(one.energy_j)


@settings(max_examples=30, deadline=None)
@given(st.floats(1e8, 1e12), st.floats(1e9, 1e14), st.floats(1.001, 10), st.floats(0.05, 1))
def test_more_tokens_or_weights_are_never_cheaper(params, tokens, factor, mfu):
    def run(n, d):
        return training.estimate(n, d, H100, 100, mfu=mfu, price_usd_per_chip_hour=2.0)

    less = run(params, tokens)
    for more in (run(params, factor * tokens), run(factor * params, tokens)):
        assert more.time_s > less.time_s
        assert more.cost_usd > less.cost_usd
        assert more.energy_j > less.energy_j


@settings(max_examples=20, deadline=None)
@given(st.floats(1.01, 10), st.sampled_from(["none", "selective", "full"]))
def test_a_better_chip_never_steps_more_slowly(factor, recompute):
    kwargs = {"n_chips": 64, "batch_sequences": 64, "sequence_tokens": 2048, "tp": 8, "pp": 8}
    config = fitting.config_of("megatron-175b")
    step = training.iteration(config, A100, recompute=recompute, **kwargs)
    for name in ("bf16_dense_flops_per_s", "bandwidth_bytes_per_s", "scaleup_bytes_per_s"):
        better = dataclasses.replace(A100, **{name: factor * getattr(A100, name)})
        faster = training.iteration(config, better, recompute=recompute, **kwargs)
        assert faster.total_s <= step.total_s


def test_more_stages_idle_more_and_recomputation_costs():
    kwargs = {"n_chips": 64, "batch_sequences": 64, "sequence_tokens": 2048, "tp": 8}
    config = fitting.config_of("megatron-175b")
    steps = [
        training.iteration(config, A100, pp=pp, recompute=r, **kwargs).bubble_s
        for pp, r in ((1, "none"), (2, "none"), (8, "none"))
    ]
    assert steps[0] == 0
    assert steps[0] < steps[1] < steps[2]
    times = [
        training.iteration(config, A100, pp=8, recompute=r, **kwargs).total_s
        for r in ("none", "selective", "full")
    ]
    assert times[0] < times[1] < times[2]


def test_mfu_is_predicted_when_nobody_states_it():
    # Meta report 0.38 to 0.43 for 405B on 16,384 H100 (arXiv:2407.21783, table 4)
    run = training.estimate(
        models.get("llama-3.1-405b"), 15.6e12, H100, 16384, sequence_tokens=8192, batch_tokens=16e6
    )
    assert run.mfu == pytest.approx(0.41, rel=0.35)


def test_energy_and_cost_scale_with_power_and_price():
    run = training.estimate(7e9, 2e12, A100, 1000, mfu=0.4, power_w_per_chip=400, pue=1.1)
    assert run.energy_j == pytest.approx(run.chip_hours * 3600 * 400 * 1.1)
    run = training.estimate(7e9, 2e12, A100, 1000, mfu=0.4, price_usd_per_chip_hour=2.0)
    assert run.cost_usd == pytest.approx(2 * run.chip_hours)


def test_arguments_broadcast():
    run = training.estimate(
        7e9, np.array([1e12, 2e12]), H100, np.array([[10], [20], [30]]), mfu=np.array([0.4, 0.5])
    )
    assert run.time_s.shape == (3, 2)
    assert run.chip_hours[0] == pytest.approx(run.chip_hours[2])


# -- bad input ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"mfu": 1.2}, "mfu"),
        ({"mfu": 0.0}, "mfu"),
        ({"tokens": -1.0}, "tokens"),
        ({"n_chips": 0}, "n_chips"),
        ({"goodput": 0.0}, "goodput"),
        ({"pue": 0.9}, "pue"),
        ({"mfu": None}, "mfu = None"),
        ({"tokens": math.nan}, "tokens"),
        ({"power_w_per_chip": 0.0}, "power"),
        ({"price_usd_per_chip_hour": -2.0}, "price"),
        ({"dtype": "fp4"}, "fp4"),
    ],
)
def test_impossible_runs_are_refused_by_name(change, words):
    good = {"config": 7e9, "tokens": 1e12, "accelerator": H100, "n_chips": 8, "mfu": 0.4}
    with pytest.raises(ValueError, match=words):
        training.estimate(**{**good, **change})


def test_a_missing_price_is_refused_and_never_zero():
    nameless = dataclasses.replace(
        H100, rent_usd_per_hour=None, it_power_w=None, server_power_w=None
    )
    run = training.estimate(7e9, 1e12, nameless, 8, mfu=0.4)
    with pytest.raises(ValueError, match="price"):
        _ = run.cost_usd
    with pytest.raises(ValueError, match="power"):
        _ = run.energy_j


def test_layouts_that_do_not_divide_are_refused():
    config = fitting.config_of("megatron-22b")
    kwargs = {"batch_sequences": 8, "sequence_tokens": 2048}
    with pytest.raises(ValueError, match="multiple of tp"):
        training.iteration(config, A100, n_chips=10, tp=8, **kwargs)
    with pytest.raises(ValueError, match="every replica"):
        training.iteration(config, A100, n_chips=64, **kwargs)
    with pytest.raises(ValueError, match="recompute"):
        training.iteration(config, A100, n_chips=8, recompute="some", **kwargs)
    with pytest.raises(ValueError, match="TB of training state"):
        training.layout(models.get("llama-3.1-405b"), H100, 8)
