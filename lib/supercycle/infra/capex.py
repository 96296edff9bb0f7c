"""What a campus costs to build, item by item, and why published dollars per gigawatt differ.

Three questions hide in "dollars per gigawatt": which watts (of the servers, of all IT, of the whole
facility), what is included (chips, land, grid, own power plant), and how large the site is. Scale
economies act on what is built there (shell, cooling, power, grid); a chip costs the same anywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from supercycle import facts
from supercycle._plain import plain
from supercycle._validate import at_least, non_negative, positive, share
from supercycle.chips import Accelerator, accelerator
from supercycle.energy import gpus_count
from supercycle.units import GIGAWATT

__all__ = [
    "GROUPS", "OPTIONS", "CampusCapex", "CapexItem", "Rung", "campus_capex", "capex_items",
    "capex_ladder_usd_per_gw", "gpus_per_gw",
]  # fmt: skip

GROUPS = ("land", "shell", "cooling", "power", "grid", "it", "network")
"""Parts of a campus. The last two are bought by the chip; land by the acre; the rest is built."""

BUILT = ("shell", "cooling", "power", "grid")

OPTIONS: Mapping[str, str | None] = {
    "land": "secondary",
    "heat-rejection": "wet",
    "backup": "diesel",
    "generation": None,
    "grid": "median",
    "fabric": "lump",
    "inter-site": None,
}
"""What is built unless one chooses otherwise; None leaves the family out."""


@dataclass(frozen=True)
class CapexItem:
    """One item of a campus, at the size the sources speak of.

    Attributes
    ----------
    name : str
    group : str
        One of `GROUPS`.
    usd_per_w : float
        Per watt of the facility, at `reference_w` [USD/W].
    life_years : float
        Years over which it is written off [yr].
    scale_exponent : float
        Cost goes with power to this exponent; 1 is no scale economy [1].
    """

    name: str
    group: str
    usd_per_w: float
    life_years: float
    scale_exponent: float = 1.0

    def __post_init__(self) -> None:
        if self.group not in GROUPS:
            raise ValueError(f"group = {self.group!r}: must be one of {', '.join(GROUPS)}")
        non_negative("usd_per_w", self.usd_per_w)
        positive("life_years", self.life_years)
        share("scale_exponent", self.scale_exponent)

    def cost_usd(self, facility_power_w: Any, reference_w: float) -> Any:
        """Cost at another size: ``c · P_ref · (P/P_ref)^exponent`` [USD]."""
        ratio = np.divide(facility_power_w, reference_w)
        return plain(self.usd_per_w * reference_w * ratio**self.scale_exponent)


def capex_items(*, level: str = "value", **choices: str | None) -> tuple[CapexItem, ...]:
    """Items of a campus from the table ``datacenter-capex``.

    Parameters
    ----------
    level : str
        ``value``, or ``low`` or ``high`` for all items at once: wider than the total's own range,
        since items do not err together.
    **choices : str or None
        One choice for each family of `OPTIONS`, hyphens as underscores (``heat_rejection="dry"``);
        None leaves the family out.

    Returns
    -------
    tuple of CapexItem
        Per facility watt at the reference size.

    Raises
    ------
    ValueError
        For an unknown level, family or choice.

    Notes
    -----
    The fabric is priced once, as a lump or itemised; scale-up switches are inside the racks'
    silicon. Lives: 5 years for what computes, 14 for what is built
    (Epoch AI's model), rows ``datacenter-capex/life-*``.

    Examples
    --------
    >>> round(sum(item.usd_per_w for item in capex_items()), 2)
    36.73
    >>> [item.name for item in capex_items(land="rural") if item.group == "land"]
    ['land-rural']
    """
    if level not in ("value", "low", "high"):
        raise ValueError(f"level = {level!r}: must be value, low or high")
    rows = {
        name.removeprefix("item-"): facts.row("datacenter-capex", name)
        for name in facts.ids("datacenter-capex")
        if name.startswith("item-")
    }
    chosen = _chosen([_option(row) for row in rows.values()], choices)
    lives = {
        part: float(facts.value(f"datacenter-capex/life-{part}"))
        for part in ("it", "facility", "land")
    }
    exponent = float(facts.value("datacenter-capex/scale-exponent"))
    items = []
    for name, row in rows.items():
        family, choice = _option(row)
        if family == "part" or (family and chosen[family] != choice):
            continue
        group, cost = str(row["group"]), row[level]
        assert isinstance(cost, float), f"{name} has no {level}"
        built = group in BUILT
        life = lives["land" if group == "land" else "facility" if built else "it"]
        items.append(CapexItem(name, group, float(cost), life, exponent if built else 1.0))
    return tuple(items)


def _option(row: Mapping[str, Any]) -> tuple[str, str]:
    """Family and choice of an item, both empty where it is always built."""
    family, _, choice = str(row["option"] or "").partition("/")
    return family, choice


def _chosen(
    offered: list[tuple[str, str]], choices: Mapping[str, str | None]
) -> dict[str, str | None]:
    """What is built of each family, after checking that it is on offer."""
    chosen = dict(OPTIONS)
    for keyword, wanted in choices.items():
        family = keyword.replace("_", "-")
        if family not in OPTIONS:
            raise ValueError(f"unknown family {keyword!r}: must be one of {', '.join(OPTIONS)}")
        on_offer = sorted({choice for other, choice in offered if other == family})
        if wanted is not None and wanted not in on_offer:
            raise ValueError(
                f"{keyword} = {wanted!r}: must be one of {', '.join(on_offer)} or None"
            )
        chosen[family] = wanted
    return chosen


@dataclass(frozen=True)
class CampusCapex:
    """Cost of a campus by item.

    Attributes
    ----------
    facility_power_w, pue : float or array of shape (...,)
        Power at the meter [W] and power usage effectiveness [1].
    items : tuple of CapexItem
    by_item_usd : dict from name to float or array of shape (...,)
        [USD].
    """

    facility_power_w: Any
    pue: Any
    items: tuple[CapexItem, ...]
    by_item_usd: dict[str, Any]

    @property
    def total_usd(self) -> Any:
        """Sum of all items [USD]."""
        return plain(sum(np.asarray(cost) for cost in self.by_item_usd.values()))

    @property
    def by_group_usd(self) -> dict[str, Any]:
        """Sum by part of the campus [USD]."""
        return {
            group: plain(sum(np.asarray(self.by_item_usd[i.name]) for i in members))
            for group in GROUPS
            if (members := [i for i in self.items if i.group == group])
        }

    @property
    def usd_per_facility_w(self) -> Any:
        """Per watt at the meter [USD/W]."""
        return plain(np.divide(self.total_usd, self.facility_power_w))

    @property
    def usd_per_it_w(self) -> Any:
        """Per watt of IT power [USD/W]."""
        return plain(np.multiply(self.usd_per_facility_w, self.pue))

    @property
    def built_share(self) -> Any:
        """Share of the cost that scale economies touch: shell, cooling, power, grid [1]."""
        groups = self.by_group_usd
        built = sum(np.asarray(groups[g]) for g in BUILT if g in groups)
        return plain(np.divide(built, self.total_usd))


def campus_capex(
    facility_power_w: Any,
    *,
    pue: Any = None,
    items: Iterable[CapexItem] | None = None,
    reference_w: float | None = None,
) -> CampusCapex:
    """Cost of a campus of a given size, item by item (S13, S23).

    Each item costs ``c · P_ref · (P/P_ref)^b``, with b < 1 only for what is built on the site.

    Parameters
    ----------
    facility_power_w : float or array of shape (...,)
        Power at the meter [W].
    pue : float or array of shape (...,), optional
        At least 1 [1]; left out, the design value ``datacenter-capex/pue-design``.
    items : iterable of CapexItem, optional
        Left out, `capex_items`.
    reference_w : float, optional
        Size at which the items are quoted [W]; left out, ``datacenter-capex/scale-reference``.

    Returns
    -------
    CampusCapex

    Raises
    ------
    ValueError
        When the power is not positive, PUE is below 1, or there is no item or one twice.

    Notes
    -----
    Overnight cost: no interest during building. Source of the items: Entebi (2026), AI Compute
    Build-Out, with each row's own source in the table.

    Examples
    --------
    >>> gigawatt, small = campus_capex(1e9), campus_capex(50e6)
    >>> round(gigawatt.usd_per_facility_w, 1), round(gigawatt.usd_per_it_w, 1)
    (36.7, 45.9)
    >>> round(small.usd_per_facility_w / gigawatt.usd_per_facility_w, 2)
    1.28
    """
    positive("facility_power_w", facility_power_w)
    pue = facts.value("datacenter-capex/pue-design") if pue is None else pue
    at_least("pue", pue, 1)
    items = capex_items() if items is None else tuple(items)
    names = [item.name for item in items]
    if not names or len(set(names)) < len(names):
        raise ValueError(f"items = {names!r}: must be at least one, each name once")
    if reference_w is None:
        reference_w = float(facts.value("datacenter-capex/scale-reference"))
    positive("reference_w", reference_w)
    return CampusCapex(
        plain(facility_power_w),
        plain(pue),
        items,
        {item.name: item.cost_usd(facility_power_w, reference_w) for item in items},
    )


@dataclass(frozen=True)
class Rung:
    """One definition of "dollars per gigawatt".

    Attributes
    ----------
    includes : str
    usd_per_gw_facility, usd_per_gw_it, usd_per_gw_server : float or array of shape (...,)
        The same money over three powers [USD/GW].
    """

    includes: str
    usd_per_gw_facility: Any
    usd_per_gw_it: Any
    usd_per_gw_server: Any


def capex_ladder_usd_per_gw(
    campus: CampusCapex, *, server_overhead: Any = None
) -> tuple[Rung, ...]:
    """Climb from the bare building to the whole campus, in three kinds of gigawatt.

    Parameters
    ----------
    campus : CampusCapex
    server_overhead : float or array of shape (...,), optional
        IT power over server power, at least 1 [1]; left out, ``datacenter-capex/server-overhead``.

    Returns
    -------
    tuple of Rung
        From shell, cooling and power alone to everything; each rung includes those before.

    Raises
    ------
    ValueError
        When the overhead is below 1.

    Notes
    -----
    ``per IT = per facility · PUE`` and ``per server = per IT · overhead``: at PUE 1 facility and
    IT agree. A published figure means something only beside its rung.

    Examples
    --------
    >>> for rung in capex_ladder_usd_per_gw(campus_capex(1e9)):
    ...     print(f"{rung.includes:28} {rung.usd_per_gw_facility / 1e9:5.1f} "
    ...           f"{rung.usd_per_gw_it / 1e9:5.1f} {rung.usd_per_gw_server / 1e9:5.1f}")
    shell, cooling, power         11.6  14.5  16.6
    + grid and land               12.9  16.1  18.4
    + network                     16.7  20.9  23.8
    + servers and accelerators    36.7  45.9  52.3
    """
    if server_overhead is None:
        server_overhead = facts.value("datacenter-capex/server-overhead")
    at_least("server_overhead", server_overhead, 1)
    steps = (
        ("shell, cooling, power", ("shell", "cooling", "power")),
        ("+ grid and land", ("grid", "land")),
        ("+ network", ("network",)),
        ("+ servers and accelerators", ("it",)),
    )
    groups = campus.by_group_usd
    gigawatts = np.divide(campus.facility_power_w, GIGAWATT)
    total: Any = 0.0
    rungs = []
    for includes, members in steps:
        total = total + sum(np.asarray(groups.get(group, 0.0)) for group in members)
        facility = total / gigawatts
        it = facility * np.asarray(campus.pue)
        rungs.append(Rung(includes, plain(facility), plain(it), plain(it * server_overhead)))
    return tuple(rungs)


def gpus_per_gw(chip: Accelerator | str, *, pue: Any = 1.0) -> Any:
    """Accelerators that a gigawatt feeds, with their share of host, network and storage [1/GW].

    Parameters
    ----------
    chip : Accelerator or str
        A row of the table of chips, or its id.
    pue : float or array of shape (...,)
        1 for a gigawatt of IT power, the site's PUE for a gigawatt at the meter [1].

    Returns
    -------
    float or array of shape (...,)
        Not rounded.

    Raises
    ------
    ValueError
        When no source gives the chip's IT power, or PUE is below 1.

    Examples
    --------
    >>> round(gpus_per_gw("gb200")), round(gpus_per_gw("gb200", pue=1.25))
    (478469, 382775)
    """
    if isinstance(chip, str):
        chip = accelerator(chip)
    if chip.it_power_w is None:
        raise ValueError(
            f"{chip.id} has no published it_power_w: use energy.gpus_count with a power of your own"
        )
    return gpus_count(GIGAWATT, pue, chip.it_power_w)
