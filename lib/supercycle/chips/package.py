"""What an accelerator costs to make: its package's bill of materials.

Good dies, memory stacks and a share of an interposer wafer meet on a substrate. A package that
fails takes all of them along, so the assembly yield multiplies everything that went in, and memory
bought from others is lost with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from supercycle import facts
from supercycle._validate import at_least, non_negative, positive, share
from supercycle.chips.accelerators import accelerator
from supercycle.chips.wafers import dies_per_wafer
from supercycle.chips.yields import harvest_share

__all__ = ["Package", "PackageCost", "package", "package_cost"]


@dataclass(frozen=True)
class Package:
    """What goes into one package, and at what price.

    Attributes
    ----------
    die_area_mm2 : float
        Of one logic die [mm²].
    dies : int
        Logic dies.
    memory_bytes : float
        HBM [B].
    packages_per_wafer : float
        Packages side by side on an interposer wafer [1].
    die_yield : float
        Share of dies that can be used [1].
    assembly_yield : float
        Share of packages that work [1].
    wafer_usd, interposer_wafer_usd : float
        Price of a logic wafer and of a processed interposer wafer [USD].
    memory_usd_per_byte : float
        [USD/B]
    substrate_usd : float
        One substrate [USD].
    test_usd : float
        Test and everything after assembly [USD].

    Raises
    ------
    ValueError
        When a number is out of range.
    """

    die_area_mm2: float
    dies: int
    memory_bytes: float
    packages_per_wafer: float
    die_yield: float
    assembly_yield: float
    wafer_usd: float
    interposer_wafer_usd: float
    memory_usd_per_byte: float
    substrate_usd: float
    test_usd: float

    def __post_init__(self) -> None:
        for name in ("die_area_mm2", "packages_per_wafer", "die_yield", "assembly_yield"):
            positive(name, getattr(self, name))
        for name in ("die_yield", "assembly_yield"):
            share(name, getattr(self, name))
        at_least("dies", self.dies, 1)
        for name in ("memory_bytes", "wafer_usd", "interposer_wafer_usd", "memory_usd_per_byte",
                     "substrate_usd", "test_usd"):  # fmt: skip
            non_negative(name, getattr(self, name))


@dataclass(frozen=True)
class PackageCost:
    """Cost of one good package, item by item [USD].

    Attributes
    ----------
    items : mapping from str to float
        ``logic``, ``memory``, ``interposer``, ``substrate``, ``loss`` (what failed packages take
        along, spread over the good ones) and ``test``.
    """

    items: Mapping[str, float]

    @property
    def total_usd(self) -> float:
        """All items [USD]."""
        return sum(self.items.values())

    def share_of(self, item: str) -> float:
        """Share of one item in the total [1]."""
        if item not in self.items:
            raise ValueError(f"item = {item!r}: must be one of {', '.join(self.items)}")
        return self.items[item] / self.total_usd

    def gross_margin_share(self, price_usd: float) -> float:
        """Gross margin at a price, before development and everything but making it [1]."""
        positive("price_usd", price_usd)
        return 1 - self.total_usd / price_usd


def package(
    chip: str, *, dies: int = 1, kind: str = "b200", memory_bytes: float | None = None
) -> Package:
    """Package of an accelerator of the table ``chips``, at the prices of ``package-costs``.

    Parameters
    ----------
    chip : str
        Its logic area is divided evenly among the dies; its memory comes from the table.
    dies : int
        Logic dies in the package.
    kind : str
        ``h100`` (silicon interposer) or ``b200`` (local interconnect, twice the size).
    memory_bytes : float, optional
        HBM bought, where more is built in than can be used [B].

    Returns
    -------
    Package

    Raises
    ------
    ValueError
        When the chip is unknown or its die area is not published, or `kind` is neither.

    Notes
    -----
    5 nm class only: no source in the table prices other wafers. Dies are sold with 132 of 144
    cores, as the H100 is.

    Examples
    --------
    >>> round(package("h100-sxm", kind="h100").die_yield, 2)
    0.79
    """
    interposers = {"h100": "yield-cowos-s", "b200": "yield-cowos-l"}
    if kind not in interposers:
        raise ValueError(f"kind = {kind!r}: must be one of {', '.join(interposers)}")
    at_least("dies", dies, 1)

    def cost(row: str) -> float:
        return float(facts.value(f"package-costs/{row}"))

    area = float(facts.value(f"chips/{chip}/die_area_mm2")) / dies
    return Package(
        die_area_mm2=area,
        dies=dies,
        memory_bytes=float(
            accelerator(chip).memory_bytes if memory_bytes is None else memory_bytes
        ),
        packages_per_wafer=cost(f"packages-{kind}"),
        die_yield=harvest_share(
            area, cost("defects-5nm"), repairable=cost("repairable-area"), cores=144, needed=132
        ),
        assembly_yield=cost(interposers[kind]),
        wafer_usd=cost("wafer-5nm"),
        interposer_wafer_usd=cost("cowos-wafer"),
        memory_usd_per_byte=cost("hbm"),
        substrate_usd=cost("substrate"),
        test_usd=cost("test-and-other"),
    )


def package_cost(parts: Package) -> PackageCost:
    """Cost of one good package.

    ``(dies · wafer / (dies per wafer · die yield) + memory + interposer + substrate) / assembly
    yield + test``: known good dies go in, and a failed package loses all its parts.

    Parameters
    ----------
    parts : Package

    Returns
    -------
    PackageCost

    Raises
    ------
    ValueError
        When the die does not fit on a wafer.

    Notes
    -----
    With the table's prices this gives 12 % less than Epoch AI's estimate for a B200 of 192 GB,
    just below its interval, and 18 % less than Raymond James's for an H100: losses in assembly and
    the price of interposers are what others put higher. The tests hold the figures. Development,
    masks and the maker's margin are not included.

    Examples
    --------
    >>> b200 = package_cost(package("b200", dies=2, memory_bytes=192e9))
    >>> b200.share_of("memory") > 0.45 > b200.share_of("logic")
    True
    """
    gross = dies_per_wafer(parts.die_area_mm2)
    if gross <= 0:
        raise ValueError(f"die_area_mm2 = {parts.die_area_mm2:g}: must be small enough for a wafer")
    items = {
        "logic": parts.dies * parts.wafer_usd / (gross * parts.die_yield),
        "memory": parts.memory_bytes * parts.memory_usd_per_byte,
        "interposer": parts.interposer_wafer_usd / parts.packages_per_wafer,
        "substrate": parts.substrate_usd,
    }
    items["loss"] = sum(items.values()) * (1 / parts.assembly_yield - 1)
    items["test"] = parts.test_usd
    return PackageCost(MappingProxyType(items))
