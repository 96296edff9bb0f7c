"""Requests a CPU-second, memory and growth of the cluster simulation; M/M/1 beside SimPy and Ciw.

Each figure comes from a process of its own; times are CPU seconds, which other work on the machine
disturbs less than wall time. The requests have the lengths of Azure's conversation trace of 2023
(drawn from the trace where ``../shared/traces`` has it, from the lognormal fit to it otherwise)
and come at 6.45 a second for each of eight replicas: Vidur's own example, on its own model and
chip, Llama-3-8B on one A100.
"""

from __future__ import annotations

import importlib.util
import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

TRACE = Path(__file__).resolve().parents[3] / "shared/traces/AzureLLMInferenceTrace_conv_2023.csv"
REPLICAS, RATE_PER_S = 8, 6.45
CUSTOMERS, LOAD = 100_000, 0.8


def peak_mb() -> float:
    """Most memory this process ever held [MB]."""
    unit = 1 if sys.platform == "darwin" else 1024  # getrusage counts KiB on Linux
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def serving(count: int, kv_share: float) -> dict[str, Any]:
    """Simulate and summarise; the cache is a share of what the chip has room for."""
    from dataclasses import replace

    from supercycle import chips, models
    from supercycle.cluster import SLO, Fleet, Replica, arrivals, simulate, traces, workloads

    lengths: Any = workloads.Lengths.published()
    if TRACE.is_file():
        lengths = traces.read_trace(TRACE)
    rate = REPLICAS * RATE_PER_S
    times = arrivals.poisson_arrivals_s(rate, 1.05 * count / rate + 10, seed=1)[:count]
    requests = workloads.requests(times, lengths, seed=2)
    replica = Replica.of(models.get("llama-3-8b"), chips.accelerator("a100-80gb"))
    replica = replace(replica, kv_tokens=int(kv_share * replica.kv_tokens))
    fleet = Fleet.of(replica, REPLICAS)
    start = time.process_time()
    result = simulate(requests, fleet)
    summary = result.summary(SLO(ttft_s=0.5))
    used_s = time.process_time() - start
    return {"cpu_s": used_s, "peak_mb": peak_mb(),
            "finished": int(summary.finished), "preemptions": int(summary.preemptions)}  # fmt: skip


def customers() -> tuple[np.ndarray, np.ndarray]:
    """Gaps between arrivals and service times of an M/M/1 [s]."""
    rng = np.random.default_rng(1)
    return rng.exponential(1 / LOAD, CUSTOMERS), rng.exponential(1.0, CUSTOMERS)


def mm1_ours() -> dict[str, Any]:
    """M/M/1 as a station of ours, every row and sample of the result included."""
    import pandas as pd

    from supercycle.cluster import Fleet, Station, simulate

    gaps, services = customers()
    table = pd.DataFrame({"arrival_s": np.cumsum(gaps), "service_s": services})
    simulate(table[:100], Fleet.of(Station()))  # imports are not what is measured
    start = time.process_time()
    result = simulate(table, Fleet.of(Station()))
    return {"cpu_s": time.process_time() - start, "wait_s": float(result.requests.queue_s.mean())}


def mm1_simpy() -> dict[str, Any]:
    """The same customers in SimPy as its manual writes a bank: a process each, one resource."""
    import simpy

    gaps, services = customers()
    waits: list[float] = []

    def customer(env: Any, counter: Any, service_s: float) -> Any:
        came = env.now
        with counter.request() as turn:
            yield turn
            waits.append(env.now - came)
            yield env.timeout(service_s)

    def source(env: Any, counter: Any) -> Any:
        for gap, service in zip(gaps.tolist(), services.tolist(), strict=True):
            yield env.timeout(gap)
            env.process(customer(env, counter, service))

    start = time.process_time()
    env = simpy.Environment()
    env.process(source(env, simpy.Resource(env)))
    env.run()
    return {"cpu_s": time.process_time() - start, "wait_s": float(np.mean(waits))}


def mm1_ciw() -> dict[str, Any]:
    """The same customers in Ciw."""
    import ciw

    gaps, services = customers()
    start = time.process_time()
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Sequential([*gaps.tolist(), float("inf")])],
        service_distributions=[ciw.dists.Sequential(services.tolist())],
        number_of_servers=[1],
    )
    simulation = ciw.Simulation(network)
    simulation.simulate_until_max_customers(CUSTOMERS, method="Finish")
    waits = [record.waiting_time for record in simulation.get_all_records()]
    return {"cpu_s": time.process_time() - start, "wait_s": float(np.mean(waits))}


MM1 = {"ours": mm1_ours, "simpy": mm1_simpy, "ciw": mm1_ciw}


def fresh(case: str, *numbers: float, rounds: int = 3) -> dict[str, Any]:
    """The median run of a case by CPU time, each in a new process."""
    command = [sys.executable, str(Path(__file__).resolve()), case, *map(str, numbers)]
    runs = []
    for _ in range(rounds):
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        runs.append(json.loads(done.stdout))
    runs.sort(key=lambda run: run["cpu_s"])
    return dict(runs[len(runs) // 2])


def main() -> None:
    """Print the three tables."""
    source = "drawn from the trace" if TRACE.is_file() else "from the lognormal fit to the trace"
    print(f"serving, {REPLICAS} replicas at {RATE_PER_S} requests/s each, lengths {source}")
    print("requests   cache   requests/CPU-s   peak memory   preemptions")
    found = {}
    for count, share, rounds in ((10_000, 1.0, 5), (100_000, 1.0, 3), (1_000_000, 1.0, 1),
                                 (100_000, 0.06, 3)):  # fmt: skip
        run = found[count, share] = fresh("serving", count, share, rounds=rounds)
        assert run["finished"] == count
        print(f"{count:9,d}   {share:4.0%}   {count / run['cpu_s']:14,.0f}   {run['peak_mb']:8.0f} MB "
              f"  {run['preemptions']:11,d}")  # fmt: skip
    small, large = found[10_000, 1.0], found[1_000_000, 1.0]
    time_each = large["cpu_s"] / small["cpu_s"] / 100
    print(f"time per request at 1,000,000 over that at 10,000: {time_each:.2f} (1 is linear)")
    grown = (large["peak_mb"] - small["peak_mb"]) / (1_000_000 - 10_000) * 1e6
    print(f"memory that each further request takes: {grown:.0f} B")

    print(f"\nM/M/1 with {CUSTOMERS:,} customers, load {LOAD}; CPU time over bare SimPy's")
    runs: dict[str, list[dict[str, Any]]] = {"ours": [], "simpy": []}
    if importlib.util.find_spec("ciw"):
        runs["ciw"] = []
    for _ in range(5):  # in turn, so that a slow minute slows all
        for name, samples in runs.items():
            samples.append(fresh(name, rounds=1))
    waits = [samples[0]["wait_s"] for samples in runs.values()]
    assert max(waits) - min(waits) < 1e-6 * max(waits), "the same customers must wait the same"
    base = median(run["cpu_s"] for run in runs["simpy"])
    for name, samples in runs.items():
        cpu_s = median(run["cpu_s"] for run in samples)
        print(
            f"{name:6s} {cpu_s:7.2f} s   {cpu_s / base:5.2f} ×   mean wait {samples[0]['wait_s']:.4f} s"
        )
    if "ciw" not in runs:
        print("no comparison with Ciw: it is not installed (pip install ciw)")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["serving", count, share]:
            print(json.dumps(serving(int(count), float(share))))
        case [case]:
            print(json.dumps(MM1[case]()))
        case _:
            main()
