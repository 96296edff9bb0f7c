"""One replica by hand: steps, chunks, pages, preemption, pools apart."""

import dataclasses
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from supercycle import chips, cluster, models
from supercycle.models import inference


def requests(*rows: tuple) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["arrival_s", "input_tokens", "output_tokens"])


def replica(steps: cluster.StepTime | None = None, **changes) -> cluster.Replica:
    return cluster.Replica(
        steps or cluster.StepTime(0.01), **{"kv_tokens": 10_000, "watermark_share": 0.0} | changes
    )


def test_importing_the_cluster_loads_nothing_heavy():
    heavy = "{'simpy', 'pandas', 'scipy', 'networkx', 'torch', 'matplotlib'}"
    code = f"import supercycle.cluster, sys; print(*sorted({heavy} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == ""


# -- time ---------------------------------------------------------------------------------------


@given(st.integers(1, 400), st.integers(1, 60), st.integers(1, 500))
def test_a_lone_request_takes_its_chunks_and_its_steps(prompt, budget, answer):
    # by hand: ceil(prompt / budget) reading steps, then answer − 1 steps with a growing context
    base, context, token, pair = 0.01, 1e-5, 1e-4, 1e-6
    steps = cluster.StepTime(base, 0.0, context, token, pair)
    machine = replica(steps, max_batch=1, token_budget=budget)
    row = cluster.simulate(requests((2.0, prompt, answer)), cluster.Fleet.of(machine)).requests
    chunks = -(-prompt // budget)
    ttft = chunks * base + prompt * token + pair * prompt * (prompt + 1) / 2
    rest = sum(base + context * (prompt + k) for k in range(1, answer))
    assert row["ttft_s"][0] == pytest.approx(ttft, rel=1e-9)
    assert row["e2e_s"][0] == pytest.approx(ttft + rest, rel=1e-9)
    assert row["queue_s"][0] == 0


def test_a_newcomer_joins_when_the_step_under_way_ends():
    # the second arrives in the middle of the first's fifth step (0.04 to 0.05 s)
    table = cluster.simulate(
        requests((0.0, 5, 20), (0.043, 5, 3)), cluster.Fleet.of(replica())
    ).requests
    assert table["queue_s"][1] == pytest.approx(0.007, abs=1e-12)
    assert table["ttft_s"][1] == pytest.approx(0.017, abs=1e-12)


def test_those_who_decode_go_on_while_a_long_prompt_is_read():
    machine = replica(token_budget=100, max_batch=4)
    table = cluster.simulate(requests((0.0, 5, 10), (0.015, 990, 2)), cluster.Fleet.of(machine))
    first, long = table.requests.itertuples()
    assert first.tpot_s == pytest.approx(0.01)  # no pause
    # each of its steps leaves 99 tokens to the prompt beside the other's one
    assert long.ttft_s == pytest.approx(0.005 + 10 * 0.01)


def test_more_than_the_batch_cap_wait():
    table = cluster.simulate(
        requests(*[(0.0, 1, 11)] * 3), cluster.Fleet.of(replica(max_batch=2))
    ).requests
    assert table["queue_s"].tolist() == pytest.approx([0, 0, 0.11])


def test_a_service_of_fixed_length_waits_as_pollaczek_and_khinchine_say():
    # M/D/1 (Pollaczek 1930, Khinchine 1932): W = ρ s / 2(1 − ρ) with ρ = 0.7
    rng, n, rate, service = np.random.default_rng(5), 60_000, 0.7, 1.0
    frame = pd.DataFrame(
        {"arrival_s": rng.exponential(1 / rate, n).cumsum(), "input_tokens": 1, "output_tokens": 10}
    )
    machine = replica(cluster.StepTime(service / 10), max_batch=1, token_budget=1)
    waits = cluster.simulate(frame, cluster.Fleet.of(machine)).requests["queue_s"].to_numpy()
    batches = waits.reshape(30, -1).mean(axis=1)
    expected = rate * service**2 / (2 * (1 - rate * service))
    assert abs(batches.mean() - expected) < 3 * batches.std(ddof=1) / np.sqrt(30)


def test_the_straight_line_of_decode_steps_errs_by_less_than_1_7_per_cent():
    for model, chip, tp in (
        ("llama-3.1-8b", "h100-sxm", 1),
        ("llama-3.1-70b", "h100-sxm", 4),
        ("llama-2-70b", "a100-80gb", 8),
        ("mixtral-8x7b", "h100-sxm", 2),
    ):
        machine = cluster.Replica.of(models.get(model), chips.accelerator(chip), tp=tp)
        for batch in (1, 16, 128, 256):
            constant, slope = machine.steps.decode_line(batch)
            for context in np.linspace(batch, machine.kv_tokens, 9):
                there = machine.steps.mixed_s(batch, context, 0, 0.0, 0)
                assert constant + slope * context == pytest.approx(there, rel=0.017)


def test_a_lone_request_takes_as_long_as_inference_predicts():
    config, chip = models.get("llama-3.1-8b"), chips.accelerator("h100-sxm")
    machine = cluster.Replica.of(config, chip, token_budget=8192)
    row = cluster.simulate(requests((0.0, 2000, 500)), cluster.Fleet.of(machine)).requests.iloc[0]
    p = inference.predict(config, chip, input_tokens=2000, output_tokens=500)
    assert row["ttft_s"] == pytest.approx(p.prefill_s, rel=0.01)
    assert row["tpot_s"] == pytest.approx(p.decode_s_per_token, rel=0.02)


def test_models_that_do_not_fit_or_forget_are_refused():
    h100 = chips.accelerator("h100-sxm")
    with pytest.raises(ValueError, match="no room for a cache"):
        cluster.Replica.of(models.get("llama-3.1-70b"), h100, tp=1)
    with pytest.raises(ValueError, match="sliding windows"):
        cluster.Replica.of(models.get("mistral-7b"), h100)


# -- pages --------------------------------------------------------------------------------------


def test_the_youngest_is_preempted_when_pages_run_out_and_reads_its_work_again():
    # 4 pages of 10: two prompts of 10 take one each, and grow to two each at step 1; at step 11
    # the first needs a third page: the second, which has written 11 tokens, gives up its two
    machine = replica(kv_tokens=40, block_tokens=10, prefix_block_tokens=10, max_batch=2)
    table = cluster.simulate(requests((0.0, 10, 25), (0.0, 10, 25)), cluster.Fleet.of(machine))
    first, second = table.requests.itertuples()
    assert (first.preemptions, second.preemptions) == (0, 1)
    assert first.e2e_s == pytest.approx(0.25)
    # it comes back when the first is done: reads 10 + 11 tokens in one step, writes 13 more
    assert second.e2e_s == pytest.approx(0.25 + 0.01 + 13 * 0.01)


def test_a_swapped_request_pays_the_way_to_the_host_and_back_instead():
    link, per_token = 1e4, 10.0
    machine = replica(
        kv_tokens=40, block_tokens=10, prefix_block_tokens=10, max_batch=2,
        preemption="swap", kv_bytes_per_token=per_token, host_bytes_per_s=link,
    )  # fmt: skip
    table = cluster.simulate(requests((0.0, 10, 25), (0.0, 10, 25)), cluster.Fleet.of(machine))
    first, second = table.requests.itertuples()
    assert first.e2e_s == pytest.approx(0.25)
    # 20 tokens, 20 ms; out long before the first is done, back in after it; 14 more steps
    assert second.e2e_s == pytest.approx(0.25 + 20 * per_token / link + 14 * 0.01)


def test_plenty_of_memory_never_preempts_and_little_costs_time():
    rng = np.random.default_rng(1)
    frame = requests(*zip(rng.exponential(0.02, 300).cumsum(), rng.integers(1, 200, 300),
                          rng.integers(1, 200, 300), strict=True))  # fmt: skip
    ends, preemptions = [], []
    for tokens in (600, 1500, 100_000):
        result = cluster.simulate(frame, cluster.Fleet.of(replica(kv_tokens=tokens)))
        ends.append(result.end_s)
        preemptions.append(result.requests["preemptions"].sum())
    assert preemptions[-1] == 0 < preemptions[0]
    assert ends[0] > ends[1] > ends[2]


# -- pools apart --------------------------------------------------------------------------------


def apart(machine: cluster.Replica, network: cluster.Network) -> cluster.Fleet:
    return cluster.Fleet(
        (
            cluster.Pool("prefill", machine, role="prefill"),
            cluster.Pool("decode", machine, role="decode"),
        ),
        network,
    )


def test_a_cache_crosses_the_network_between_prefill_and_decode():
    machine = replica(kv_bytes_per_token=100.0)
    network = cluster.Network(bandwidth_bytes_per_s=1e6, latency_s=0.003)
    # two prompts read together: their caches of 0.2 s and 0.1 s cross one after the other
    fleet = apart(machine, network)
    table = cluster.simulate(requests((0.0, 1000, 5), (0.0, 500, 5)), fleet).requests
    assert table["ttft_s"].tolist() == pytest.approx([0.01, 0.01])
    assert table["transfer_s"].tolist() == pytest.approx([0.103, 0.156])
    assert table["e2e_s"][0] == pytest.approx(0.01 + 0.103 + 4 * 0.01)
    assert table["replica"].tolist() == ["decode/0"] * 2


def test_decoding_apart_never_waits_for_a_prompt():
    # a long prompt arrives while another request decodes: together it stalls, apart it does not
    steps = cluster.StepTime(0.01, prefill_s=1e-3)
    machine = replica(steps, kv_bytes_per_token=1.0)
    frame = requests((0.0, 10, 50), (0.1, 2000, 2))
    together = cluster.simulate(frame, cluster.Fleet.of(machine)).requests["tpot_s"][0]
    alone = cluster.simulate(frame, apart(machine, cluster.Network())).requests["tpot_s"][0]
    assert alone == pytest.approx(0.01)
    assert together > 4 * alone


def test_a_chip_with_fast_memory_decodes_faster_behind_the_same_prefill():
    config, h100 = models.get("llama-3.1-8b"), chips.accelerator("h100-sxm")
    gpu = cluster.Replica.of(config, h100)
    wafer = cluster.Replica.of(config, chips.accelerator("wse-3"))
    frame = requests((0.0, 1000, 200))
    speeds = {}
    for name, decoder in (("gpu", gpu), ("wafer", wafer)):
        fleet = cluster.Fleet(
            (
                cluster.Pool("prefill", gpu, role="prefill"),
                cluster.Pool("decode", decoder, role="decode"),
            ),
            cluster.Network(5e10),
        )
        table = cluster.simulate(frame, fleet).requests
        speeds[name] = table["e2e_s"][0] - table["ttft_s"][0] - table["transfer_s"][0]
    assert speeds["wafer"] < speeds["gpu"]


def test_a_machine_with_much_memory_serves_what_does_not_fit_the_gpu():
    # prompts choose their pool: the GPU for short ones, a slow machine with 1 TB for long ones
    config, h100 = models.get("llama-3.1-8b"), chips.accelerator("h100-sxm")
    gpu = cluster.Replica.of(config, h100)
    large = dataclasses.replace(
        h100, id="memory-machine", memory_bytes=1e12, bandwidth_bytes_per_s=5e11
    )
    memory = cluster.Replica.of(config, large, engine="compiled")
    fleet = cluster.Fleet((cluster.Pool("gpu", gpu), cluster.Pool("memory", memory)))
    frame = requests((0.0, 2_000, 20), (0.0, 900_000, 20))
    with pytest.raises(ValueError, match="of cache of pool 'gpu'"):
        cluster.simulate(frame, fleet)
    table = cluster.simulate(frame.assign(pool=["gpu", "memory"]), fleet).requests
    assert table["replica"].tolist() == ["gpu/0", "memory/0"]
    assert table["tpot_s"][1] > 10 * table["tpot_s"][0]


# -- bad input ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([(-1.0, 1, 1)], "arrival_s = -1 in row 0: must be a finite number ≥ 0"),
        ([(2.0, 1, 1), (1.0, 1, 1)], "arrival_s = 1 in row 1 comes after 2: must be sorted"),
        ([(np.nan, 1, 1)], "arrival_s = nan in row 0"),
        ([(0.0, np.nan, 1)], "input_tokens = nan in row 0: must be a whole number ≥ 1"),
        ([(0.0, 1.5, 1)], "input_tokens = 1.5 in row 0: must be a whole number ≥ 1"),
        ([(0.0, 1, 0)], "output_tokens = 0 in row 0: must be a whole number ≥ 1"),
        ([(0.0, 9_990, 50)], "must fit the 10000 tokens of cache of pool 'main'"),
        ([(0.0, "many", 50)], "input_tokens: must be a column of numbers"),
    ],
)
def test_impossible_requests_are_named(rows, message):
    with pytest.raises(ValueError, match=message) as error:
        cluster.simulate(requests(*rows), cluster.Fleet.of(replica()))
    assert "\n" not in str(error.value)


def test_impossible_fleets_and_choices_are_named():
    frame, machine = requests((0.0, 1, 1)), replica()
    with pytest.raises(ValueError, match="fleet has no pool"):
        cluster.Fleet(())
    with pytest.raises(ValueError, match="router = 'psychic': must be one of least_tokens"):
        cluster.simulate(frame, cluster.Fleet.of(machine), router="psychic")
    with pytest.raises(ValueError, match="no column 'output_tokens'"):
        cluster.simulate(frame.drop(columns="output_tokens"), cluster.Fleet.of(machine))
    with pytest.raises(ValueError, match="pool = 'attic' in row 0: must be one of main"):
        cluster.simulate(frame.assign(pool="attic"), cluster.Fleet.of(machine))
    with pytest.raises(ValueError, match="count of pool 'main' = 0"):
        cluster.Fleet.of(machine, 0)
    with pytest.raises(ValueError, match="token_budget = 5: must be at least max_batch"):
        replica(token_budget=5)
    with pytest.raises(ValueError, match="needs a decode pool"):
        cluster.Fleet((cluster.Pool("p", machine, role="prefill"),))
    with pytest.raises(ValueError, match="session = None in row 0: must name a user"):
        cluster.simulate(
            frame.assign(session=pd.Series([None], dtype=object)), cluster.Fleet.of(machine)
        )
    with pytest.raises(ValueError, match="hash_ids = 7 in row 0: must be a list of block ids"):
        cluster.simulate(frame.assign(hash_ids=7), cluster.Fleet.of(machine))
    with pytest.raises(ValueError, match="requests is a list: must be a pandas DataFrame"):
        cluster.simulate([(0.0, 1, 1)], cluster.Fleet.of(machine))
    with pytest.raises(ValueError, match="fleet is a Replica: must be a Fleet"):
        cluster.simulate(frame, machine)
    with pytest.raises(ValueError, match="seed = -1: must be a whole number"):
        cluster.simulate(frame, cluster.Fleet.of(machine), seed=-1)
    with pytest.raises(ValueError, match="until = 0"):
        cluster.simulate(frame, cluster.Fleet.of(machine), until=0)
    with pytest.raises(ValueError, match="base_s = 0: must be a number > 0"):
        cluster.StepTime(0)
    with pytest.raises(ValueError, match="kv_bytes_per_token = 0"):
        dataclasses.replace(machine, preemption="swap")


def test_no_requests_give_an_empty_result():
    result = cluster.simulate(requests(), cluster.Fleet.of(replica()))
    assert len(result.requests) == 0
    assert result.end_s == 0
    assert result.summary()["finished"] == 0
