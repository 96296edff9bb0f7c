"""Discrete-event simulation of serving and training fleets (SimPy).

Requests (`workloads`, `arrivals`, `traces`; agents as `TaskGraph`) go through a `Fleet` of pools
(`Pool`) of machines (`Replica`, `Station`); `simulate` returns a `Result`. `queueing` holds the
closed forms beside it, `sweep` runs many simulations, `sites` places them on a map.
"""

from supercycle.cluster import (
    arrivals,
    queueing,
    scenario_file,
    sites,
    staffing,
    sweep,
    traces,
    workloads,
)
from supercycle.cluster.agents import Human, ModelCall, TaskGraph, ToolCall
from supercycle.cluster.control import Autoscale, RateLimit
from supercycle.cluster.failures import Failures, Throttle
from supercycle.cluster.fleet import Fleet, Network, Pool, Replica, Station, Tier
from supercycle.cluster.results import SLO, Price, Result
from supercycle.cluster.simulate import simulate
from supercycle.cluster.steps import EngineStep, StepTime
from supercycle.cluster.training import Job

__all__ = [
    "SLO", "Autoscale", "EngineStep", "Failures", "Fleet", "Human", "Job", "ModelCall", "Network",
    "Pool", "Price", "RateLimit", "Replica", "Result", "Station", "StepTime", "TaskGraph",
    "Throttle", "Tier", "ToolCall", "arrivals", "queueing", "scenario_file", "simulate", "sites",
    "staffing", "sweep", "traces", "workloads",
]  # fmt: skip
