"""What a class costs in the cloud, and how many nodes it takes: the tables of README.md.

``python grading/hub/kubernetes/cost.py`` prints them, ``--write`` puts them into README.md. Requests
come from jupyterhub.yaml, prices and habits from ``datasets/infrastructure.csv``, spare capacity from
square-root staffing (`supercycle.infra.staffed_slots`).
"""

from __future__ import annotations

import math
import re
import sys
from dataclasses import dataclass
from pathlib import Path

import yaml

from supercycle import facts, infra

HERE = Path(__file__).resolve().parent
README = HERE / "README.md"
LABS = 9
#: A node of this many rows' size (2 cores, 8 GiB each); Kubernetes keeps a part for itself.
NODE_CORES, NODE_GB, OWN_CORES, OWN_GB = 16, 64, 0.5, 3.0
CLASSES = (100, 300, 1000)
MONTHS = 4
#: Hub, proxy, exchange and database stand on one such node all term.
CORE_NODES = 1
HOURS_A_MONTH = 730
MARKS = ("<!-- cost: written by cost.py -->", "<!-- end of cost -->")


def _fact(name: str) -> float:
    return float(facts.value(f"infrastructure/class-{name}"))


@dataclass(frozen=True)
class Class:
    """What a class of some size takes.

    Attributes
    ----------
    students : int
    servers : int
        Servers at once before a deadline, with spare capacity [1].
    nodes : int
        Nodes for them [1].
    gpus : int
        GPU nodes in the week of lab03 [1].
    gpu_hours : float
        GPU time of that week [h].
    student_hour_usd : float
        An hour of one student's server, idle parts of nodes included.
    term_usd : float
        Everything for a term: servers, GPUs, the hub's own node, disks.
    """

    students: int
    servers: int
    nodes: int
    gpus: int
    gpu_hours: float
    student_hour_usd: float
    term_usd: float

    @property
    def usd_per_student(self) -> float:
        """A term, for each student."""
        return self.term_usd / self.students


def servers_per_node(cores: float, gb: float) -> int:
    """Return how many servers of some guarantee fit on a node; the scarcer of the two decides."""
    return math.floor(min((NODE_CORES - OWN_CORES) / cores, (NODE_GB - OWN_GB) / gb))


def plan(students: int) -> Class:
    """Work a class out."""
    values = yaml.safe_load((HERE / "jupyterhub.yaml").read_text(encoding="utf-8"))["singleuser"]
    gb = float(values["memory"]["guarantee"].removesuffix("G"))
    disk_gb = float(values["storage"]["capacity"].removesuffix("Gi"))
    fit = servers_per_node(values["cpu"]["guarantee"], gb)
    node_usd = _fact("node") * NODE_CORES / 2
    quality = float(facts.value("infrastructure/staffing-quality"))
    servers = math.ceil(infra.staffed_slots(students * _fact("online-share"), quality=quality))
    gpu_hours = students * _fact("gpu-share") * _fact("gpu-hours")
    gpus = math.ceil(infra.staffed_slots(gpu_hours / _fact("gpu-window"), quality=quality))
    student_hour = node_usd / fit / _fact("filled-share")
    term = (
        students * LABS * _fact("hours-per-lab") * student_hour
        + gpus * _fact("gpu-window") * _fact("gpu-node")
        + CORE_NODES * node_usd * HOURS_A_MONTH * MONTHS
        + students * disk_gb * _fact("disk") * MONTHS
    )
    nodes = math.ceil(servers / fit)
    return Class(students, servers, nodes, gpus, gpu_hours, student_hour, term)


def tables() -> str:
    """Return both tables as Markdown."""
    plans = [plan(students) for students in CLASSES]
    rows = [
        ("servers at once", [f"{p.servers:,}" for p in plans]),
        (f"nodes of {NODE_CORES} cores, {NODE_GB} GiB", [f"{p.nodes}" for p in plans]),
        ("GPU nodes in lab03's week", [f"{p.gpus}" for p in plans]),
        ("GPU-hours", [f"{p.gpu_hours:,.0f}" for p in plans]),
        ("a student's hour", [f"${p.student_hour_usd:.3f}" for p in plans]),
        (f"a term of {MONTHS} months", [f"${p.term_usd:,.0f}" for p in plans]),
        ("the same, for each student", [f"${p.usd_per_student:.2f}" for p in plans]),
    ]
    lines = ["| students | " + " | ".join(f"{p.students:,}" for p in plans) + " |"]
    lines.append("| --- |" + " --: |" * len(plans))
    lines += [f"| {name} | " + " | ".join(cells) + " |" for name, cells in rows]
    return "\n".join(lines)


def with_tables(text: str) -> str:
    """Return README's text with today's tables between the marks."""
    start, end = map(re.escape, MARKS)
    found = re.search(f"{start}.*?{end}", text, re.DOTALL)
    if found is None:
        raise ValueError(f"{README} has no {MARKS[0]!r} … {MARKS[1]!r}")
    return text.replace(found[0], f"{MARKS[0]}\n{tables()}\n{MARKS[1]}")


if __name__ == "__main__":
    if "--write" in sys.argv:
        README.write_text(with_tables(README.read_text(encoding="utf-8")), encoding="utf-8")
    else:
        print(tables())
