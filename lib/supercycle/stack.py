"""The whole stack in one call: watts in; accelerators, tokens, revenue and profit by layer out.

`evaluate` climbs the five floors of the library once and keeps every intermediate number. What the
lecture says (70 bn USD and half a million accelerators a gigawatt) is one set of assumptions of the
table ``stack-assumptions``; what it leaves open is listed as free and can be moved.

It is bookkeeping for a year of full operation, not a forecast: each layer is paid by the one above
and pays the one below, and what is left is its profit before its own research, sales and tax.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from supercycle import apps, chips, decision, energy, facts, infra, models
from supercycle._plain import plain
from supercycle._validate import at_least, non_negative, positive, share
from supercycle.models import inference
from supercycle.units import GIGAWATT, HOURS_PER_YEAR, MTOK

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "LAYERS", "Apps", "Chips", "Energy", "Infra", "Models", "Stack", "assumptions", "evaluate",
    "flip_values", "published_usd_per_w", "sensitivity",
]  # fmt: skip

LAYERS = ("energy", "chips", "infra", "models", "apps")
_SHARES = (
    "cached_share", "share_sold", "utilisation", "received_share", "load_factor",
    "chip_gross_margin", "third_party_share",
)  # fmt: skip
_COUNTS = ("pue", "chips_per_replica", "batch", "input_tokens", "output_tokens")  # at least 1
_PRICES = (
    "input_usd_per_mtok", "cached_input_usd_per_mtok", "output_usd_per_mtok", "energy_usd_per_mwh",
    "generation_usd_per_mwh", "rent_usd_per_gpu_hour",
)  # fmt: skip


@dataclass(frozen=True)
class Energy:
    """Floor 1. Powers in W, energy in MWh/yr, money in USD/yr; `grid_share` is of average US load."""

    facility_power_w: Any
    it_power_w: Any
    energy_mwh_per_year: Any
    bill_usd_per_year: Any
    generation_usd_per_year: Any
    grid_share: Any
    profit_usd_per_year: Any


@dataclass(frozen=True)
class Chips:
    """Floor 2. `purchases_usd_per_year` spreads the price over the life, without interest."""

    accelerator: str
    gpus: Any
    flops_per_s: Any
    memory_bytes: Any
    price_usd: Any
    purchases_usd_per_year: Any
    made_usd_per_year: Any
    profit_usd_per_year: Any


@dataclass(frozen=True)
class Infra:
    """Floor 3. Campus and its yearly cost; `interest` is what capital costs beyond wear."""

    capex_usd: Any
    usd_per_gw_facility: Any
    usd_per_gw_it: Any
    gpus_per_gw: Any
    tco_usd_per_year: Any
    energy_share_of_tco: Any
    cost_usd_per_gpu_hour: Any
    buildings_usd_per_year: Any
    interest_usd_per_year: Any
    other_usd_per_year: Any
    rent_usd_per_year: Any
    profit_usd_per_year: Any


@dataclass(frozen=True)
class Models:
    """Floor 4. Throughput counts tokens read and written; costs are of the sold part alone."""

    model: str
    batch: Any
    s_per_token_of_user: Any
    tokens_per_s_per_gpu: Any
    tokens_per_j: Any
    tokens_per_year: Any
    list_usd_per_mtok: Any
    cost_usd_per_mtok: Any
    revenue_usd_per_year: Any
    profit_usd_per_year: Any


@dataclass(frozen=True)
class Apps:
    """Floor 5. What users pay, and what apps keep of it."""

    price_usd_per_mtok: Any
    revenue_usd_per_year: Any
    revenue_usd_per_year_per_w: Any
    profit_usd_per_year: Any


@dataclass(frozen=True)
class Stack:
    """One campus from watts to profit, floor by floor.

    Attributes
    ----------
    energy, chips, infra, models, apps : dataclass
        Every intermediate number of the floor; floats, or arrays of the arguments' common shape.
    assumptions : mapping from parameter to number or row id
        All that went in.
    """

    energy: Energy
    chips: Chips
    infra: Infra
    models: Models
    apps: Apps
    assumptions: Mapping[str, Any]

    @property
    def profit_usd_per_year(self) -> dict[str, Any]:
        """Profit by layer, bottom to top, before each layer's research, sales and tax [USD/yr]."""
        return {layer: getattr(self, layer).profit_usd_per_year for layer in LAYERS}

    @property
    def total_profit_usd_per_year(self) -> Any:
        """All layers together: prices between layers cancel [USD/yr]."""
        return sum(self.profit_usd_per_year.values())

    @property
    def paid_usd_per_year(self) -> dict[str, Any]:
        """Where users' money ends: each layer's profit and who outside the five is paid [USD/yr].

        The parts sum to ``apps.revenue_usd_per_year``.
        """
        outside = {
            "making the chips": self.chips.made_usd_per_year,
            "buildings, network, power gear": self.infra.buildings_usd_per_year,
            "interest": self.infra.interest_usd_per_year,
            "staff, upkeep, insurance": self.infra.other_usd_per_year,
            "generating the electricity": self.energy.generation_usd_per_year,
        }
        return {f"profit of {k}": v for k, v in self.profit_usd_per_year.items()} | outside


def assumptions(case: str = "lecture", *, free: bool | None = None) -> dict[str, Any]:
    """Return a set of assumptions, each a `Fact` with its range and source, or a row id.

    Parameters
    ----------
    case : str
        ``lecture``, or ``sourced``: the campus built up from the items of ``datacenter-capex``.
    free : bool, optional
        Only what the set's author left open (True) or said (False).

    Returns
    -------
    dict from parameter of `evaluate` to Fact or str

    Raises
    ------
    ValueError
        For an unknown case.

    Examples
    --------
    >>> said = assumptions("lecture", free=False)
    >>> {name: float(number) for name, number in said.items()}
    {'facility_w_per_gpu': 2000.0, 'capex_usd_per_w': 70.0}
    """
    rows = [facts.row("stack-assumptions", row_id) for row_id in facts.ids("stack-assumptions")]
    known = list(dict.fromkeys(str(row["set"]) for row in rows))
    if case not in known:
        raise ValueError(f"case = {case!r}: must be one of {', '.join(known)}")
    return {
        str(row["parameter"]).replace("-", "_"): _value(row)
        for row in rows
        if row["set"] == case and free in (None, row["free"])
    }


def _value(row: Mapping[str, Any]) -> Any:
    """A row's own value, the choice it names, or the fact it refers to with the row's own range."""
    if row["choice"] is not None:
        return str(row["choice"])
    if row["reference"] is None:
        return row["value"]
    found = facts.value(str(row["reference"]))
    if row["low"] is None:
        return found
    return facts.Fact(
        found, **{**vars(found), "low": float(row["low"]), "high": float(row["high"])}
    )


def evaluate(power_w: Any = GIGAWATT, case: str = "lecture", **changes: Any) -> Stack:
    """Evaluate a campus from watts to profit by layer.

    Parameters
    ----------
    power_w : float or array of shape (...,)
        Power at the meter [W].
    case : str
        Assumptions to start from, see `assumptions`.
    **changes : float, array of shape (...,), or row id
        Any parameter of the set, by name, in the unit of its row. ``facility_w_per_gpu=None`` and
        ``capex_usd_per_w=None`` ask for the sums of the accelerator's power and of the campus's
        items instead of a stated figure.

    Returns
    -------
    Stack

    Raises
    ------
    ValueError
        For an unknown case or parameter, an impossible value, or a model that does not fit the
        memory of a replica.

    Notes
    -----
    A replica works through B requests, at most `batch` and at most what its memory holds, in
    ``prefill(B, in, cached) + out · step(B)``; revenue is S1's identity, power × share
    sold × utilisation × tokens per joule × price. A stated capex scales all items of the campus
    alike, accelerators included. The cloud bill is paid for every accelerator all year, whether or
    not its tokens are sold.

    Examples
    --------
    >>> campus = evaluate(1e9)
    >>> round(campus.chips.gpus), round(campus.infra.capex_usd / 1e9)
    (500000, 70)
    >>> bool(abs(sum(campus.paid_usd_per_year.values()) / campus.apps.revenue_usd_per_year - 1) < 1e-9)
    True
    """
    given = assumptions(case)
    optional = {"facility_w_per_gpu": None, "capex_usd_per_w": None}
    unknown = [name for name in changes if name not in given and name not in optional]
    if unknown:
        raise ValueError(f"unknown parameter {unknown[0]!r}: must be one of {', '.join(given)}")
    a = optional | given | changes
    _check(power_w, a)
    chip, config = chips.accelerator(str(a["chip"])), models.get(str(a["model"]))

    # 1 energy
    it_w = energy.it_power_w(power_w, a["pue"])
    mwh = energy.energy_mwh_per_year(power_w, a["load_factor"])
    bill = mwh * a["energy_usd_per_mwh"]
    generation = mwh * a["generation_usd_per_mwh"]

    # 2 chips and 3 infra
    if a["facility_w_per_gpu"] is None:
        gpus = infra.gpus_per_gw(chip, pue=a["pue"]) * np.divide(power_w, GIGAWATT)
    else:
        gpus = np.divide(power_w, a["facility_w_per_gpu"])
    campus = infra.campus_capex(power_w, pue=a["pue"])
    scale = 1.0
    if a["capex_usd_per_w"] is not None:
        scale = np.divide(a["capex_usd_per_w"], campus.usd_per_facility_w)
    capex = campus.total_usd * scale
    wear = {i.name: campus.by_item_usd[i.name] * scale / i.life_years for i in campus.items}
    bought = wear["accelerators"] + wear["in-rack-silicon"]
    tco = infra.campus_tco(
        campus,
        energy_usd_per_mwh=a["energy_usd_per_mwh"],
        rate=a["rate"],
        load_factor=a["load_factor"],
    )
    capital = sum(np.asarray(cost) for cost in tco.capital_usd_per_year.values()) * scale
    yearly = capital + tco.energy_usd_per_year + tco.other_usd_per_year
    rent = gpus * HOURS_PER_YEAR * a["rent_usd_per_gpu_hour"]
    worn = sum(np.asarray(cost) for cost in wear.values())

    # 4 models
    served = _throughput(config, chip, a)
    per_gpu = served["tokens_per_s"] / a["chips_per_replica"]
    tokens_per_j = per_gpu * gpus / power_w
    list_price = _list_usd_per_mtok(a)
    price = list_price * a["received_share"]
    sold = apps.tokens_per_year(power_w, a["share_sold"], a["utilisation"], tokens_per_j)

    # 5 apps
    revenue = apps.revenue_usd_per_year(
        power_w, a["share_sold"], a["utilisation"], tokens_per_j, price
    )
    kept_by_apps = revenue * a["third_party_share"] * a["app_gross_margin"]
    model_revenue = revenue - kept_by_apps
    made = bought * (1 - np.asarray(a["chip_gross_margin"]))
    return Stack(
        Energy(power_w, it_w, mwh, bill, generation, energy.grid_share(power_w).of_average,
               plain(bill - generation)),
        Chips(chip.id, plain(gpus), plain(gpus * chip.peak_flops_per_s("bf16")),
              plain(gpus * chip.memory_bytes),
              plain(campus.by_item_usd["accelerators"] * scale / gpus), plain(bought),
              plain(made), plain(bought - made)),
        Infra(plain(capex), plain(capex / power_w * GIGAWATT), plain(capex / it_w * GIGAWATT),
              plain(gpus / power_w * GIGAWATT), plain(yearly),
              plain(tco.energy_usd_per_year / yearly),
              plain(yearly / (gpus * HOURS_PER_YEAR)), plain(worn - bought),
              plain(capital - worn), plain(tco.other_usd_per_year), plain(rent),
              plain(rent - yearly)),
        Models(config.name, served["batch"], served["s_per_token"], plain(per_gpu), plain(tokens_per_j),
               plain(sold), plain(list_price),
               plain(rent * a["share_sold"] / (sold / MTOK)), plain(model_revenue),
               plain(model_revenue - rent)),
        Apps(plain(price), plain(revenue), plain(revenue / power_w), plain(kept_by_apps)),
        a,
    )  # fmt: skip


def _check(power_w: Any, a: Mapping[str, Any]) -> None:
    positive("power_w", power_w)
    for name in _SHARES:
        share(name, a[name])
    for name in ("share_sold", "utilisation", "load_factor", "received_share"):
        positive(name, a[name])  # nothing sold has no cost per token
    for name in _PRICES:
        non_negative(name, a[name])
    for name in _COUNTS:
        at_least(name, a[name], 1)
    for name in ("facility_w_per_gpu", "capex_usd_per_w"):
        if a[name] is not None:
            positive(name, a[name])
    if not np.all(np.less_equal(a["app_gross_margin"], 1)):
        raise ValueError(f"app_gross_margin = {a['app_gross_margin']!r}: must be at most 1")


def _throughput(config: Any, chip: Any, a: Mapping[str, Any]) -> dict[str, Any]:
    """One busy replica: its batch, tokens read and written a second, seconds a token of a user."""
    how = {"tp": a["chips_per_replica"], "weight_bits": a["weight_bits"]}
    lengths = {"input_tokens": a["input_tokens"], "output_tokens": a["output_tokens"]}
    one, two = (inference.predict(config, chip, batch=b, **lengths, **how) for b in (1, 2))
    cache = np.subtract(two.memory_share, one.memory_share)
    room = np.floor((1 - np.subtract(one.memory_share, cache)) / cache)
    if np.any(room < 1):
        raise ValueError(
            f"chips_per_replica = {a['chips_per_replica']!r}: {config.name} and one request need "
            f"{np.max(one.memory_share):.1f} times the memory of that many {chip.id}; take more chips"
        )
    batch = np.minimum(a["batch"], room)
    cached = np.multiply(a["input_tokens"], a["cached_share"])
    cached = np.minimum(cached, np.subtract(a["input_tokens"], 1))  # the last token is always new
    whole = inference.predict(config, chip, batch=batch, cached_tokens=cached, **lengths, **how)
    batch_s = whole.prefill_s + np.multiply(a["output_tokens"], whole.decode_s_per_token)
    tokens = batch * np.add(a["input_tokens"], a["output_tokens"])
    return {
        "batch": plain(batch),
        "tokens_per_s": plain(tokens / batch_s),
        "s_per_token": plain(batch_s / a["output_tokens"]),
    }


def _list_usd_per_mtok(a: Mapping[str, Any]) -> Any:
    """List price of the mix of fresh, cached and written tokens [USD per 1e6 tokens]."""
    cached = np.multiply(a["input_tokens"], a["cached_share"])
    fresh = np.subtract(a["input_tokens"], cached)
    paid = (
        fresh * a["input_usd_per_mtok"]
        + cached * a["cached_input_usd_per_mtok"]
        + np.multiply(a["output_tokens"], a["output_usd_per_mtok"])
    )
    return paid / np.add(a["input_tokens"], a["output_tokens"])


def _numbers(case: str, changes: Mapping[str, Any]) -> dict[str, float]:
    """The numeric parameters of a case; a changed one has no range of its own."""
    every = assumptions(case) | dict(changes)
    return {name: v for name, v in every.items() if isinstance(v, (int, float))}


def _outcome(
    power_w: float, case: str, of: str, changes: Mapping[str, Any]
) -> Callable[..., float]:
    """Profit of one layer, or of all, as a function of the numeric parameters."""
    if of not in (*LAYERS, "all"):
        raise ValueError(f"of = {of!r}: must be one of {', '.join(LAYERS)}, all")

    def profit(**numbers: float) -> float:
        campus = evaluate(power_w, case, **{**changes, **numbers})
        found = campus.total_profit_usd_per_year if of == "all" else campus.profit_usd_per_year[of]
        return float(found)

    return profit


def sensitivity(
    power_w: float = GIGAWATT, case: str = "lecture", *, of: str = "all", **changes: Any
) -> pd.DataFrame:
    """Move each assumption over its range and record the profit: a tornado.

    Parameters
    ----------
    power_w : float
        [W].
    case : str
    of : str
        A layer, or ``all``.
    **changes
        As in `evaluate`; they are the base, and stay where they are.

    Returns
    -------
    pandas.DataFrame
        See `supercycle.decision.tornado`; profits in USD/yr.

    Examples
    --------
    >>> swings = sensitivity()
    >>> bool(swings.swing.is_monotonic_decreasing), "utilisation" in swings.index
    (True, True)
    """
    return decision.tornado(_outcome(power_w, case, of, changes), _numbers(case, changes))


def flip_values(
    power_w: float = GIGAWATT, case: str = "lecture", *, of: str = "all", **changes: Any
) -> pd.DataFrame:
    """For each assumption, the value at which the profit changes sign, all else as it is.

    Looked for between a tenth and ten times the assumption, within what is possible (a share is at
    most 1); assumptions that cannot turn the sign are left out.

    Parameters
    ----------
    power_w, case, of, **changes
        As in `sensitivity`.

    Returns
    -------
    pandas.DataFrame
        ``base``, ``low``, ``high`` (the assumption and its range), ``flips_at``, ``inside``
        (whether the range holds it), nearest flip first.

    Examples
    --------
    >>> turns = flip_values(of="models")
    >>> price = float(turns.flips_at["output_usd_per_mtok"])
    >>> bool(abs(evaluate(output_usd_per_mtok=price).models.profit_usd_per_year) < 1e3)
    True
    """
    import pandas as pd

    base, profit = _numbers(case, changes), _outcome(power_w, case, of, changes)
    rows = {}
    for name in base.keys() - {"chips_per_replica", "weight_bits"}:  # designs, not guesses
        number = base[name]
        least = 1.0 if name in _COUNTS else 0.0
        most = 1.0 if name in (*_SHARES, "app_gross_margin") else np.inf
        ends = max(float(number) / 10, least), min(float(number) * 10, most)
        turn = decision.flip_value(profit, base, name, *ends) if ends[0] < ends[1] else np.nan
        if not np.isnan(turn):
            low, high = (
                (number.low, number.high) if isinstance(number, facts.Fact) else (None, None)
            )
            inside = low is not None and high is not None and low <= turn <= high
            rows[name] = {"base": float(number), "low": low, "high": high, "flips_at": turn, "inside": inside}  # fmt: skip
    columns = ["base", "low", "high", "flips_at", "inside"]
    found = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    away = np.abs(np.log((found.flips_at / found.base).to_numpy(dtype=float)))
    return found.iloc[np.argsort(away)]


def published_usd_per_w() -> pd.DataFrame:
    """Published costs of a watt that claim to cover everything, with whose watt they mean.

    Returns
    -------
    pandas.DataFrame
        ``item``, ``usd_per_w``, ``power_basis`` (facility, it, server, unstated), ``source``,
        dearest first.

    Examples
    --------
    >>> costs = published_usd_per_w()
    >>> bool(costs.usd_per_w.min() < 30 < 60 < costs.usd_per_w.max())
    True
    """
    table = facts.table("datacenter-capex")
    rows = table[(table.kind == "cost") & (table.covers == "all") & (table.unit == "USD/W")]
    named = rows.rename(columns={"value": "usd_per_w"})
    return named[["item", "usd_per_w", "power_basis", "source"]].sort_values(
        "usd_per_w", ascending=False
    )


def fields(floor: Any) -> dict[str, Any]:
    """Name → value of a floor's numbers, in the order in which they are derived."""
    return {f.name: getattr(floor, f.name) for f in dataclasses.fields(floor)}
