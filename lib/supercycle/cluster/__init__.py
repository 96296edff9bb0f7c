"""Discrete-event simulation of serving and training fleets."""

from supercycle.cluster.fleet import Fleet, Network, Pool, Replica, Station, Tier
from supercycle.cluster.results import SLO, Price, Result
from supercycle.cluster.simulate import simulate
from supercycle.cluster.steps import EngineStep, StepTime

__all__ = [
    "SLO",
    "EngineStep",
    "Fleet",
    "Network",
    "Pool",
    "Price",
    "Replica",
    "Result",
    "Station",
    "StepTime",
    "Tier",
    "simulate",
]
