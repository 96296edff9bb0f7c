"""How far the models are from the world: predicted beside published, number by number.

One function a kind of number, each a generator of `Comparison`; `report` runs them all. Nothing is
tuned case by case. Where a model is calibrated on a table, a source is predicted from a fit to the
*other* sources, and the row says so. `summary` gives the error by kind.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from supercycle import apps, chips, facts, finance, infra, models, stack
from supercycle.models import fitting, inference, scaling, training

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["KINDS", "Comparison", "page", "report", "summary"]


@dataclass(frozen=True)
class Comparison:
    """One number of ours beside a published one.

    Attributes
    ----------
    kind, case : str
    predicted, published : float
        In `unit`.
    unit : str
    standing : str
        ``computed`` (no number of ours is fitted), ``left out`` (its source was left out of the
        fit), ``assumed`` (it rests on assumptions of ours that lie in their ranges) or
        ``definition`` (what is published is not quite what is predicted; the case says why).
    source : str
    """

    kind: str
    case: str
    predicted: float
    published: float
    unit: str
    standing: str
    source: str

    @property
    def error(self) -> float:
        """Predicted over published, less one [1]."""
        return self.predicted / self.published - 1


def _parameters() -> Iterator[Comparison]:
    for name in models.names():
        row, config = facts.row("models", name), models.get(name)
        pairs = [("parameters", "computed", config.params(), row["published_params"])]
        if config.experts is not None:  # publishers count the table of input vectors, or do not
            active = row["published_active_params"]
            pairs.append(("active parameters", "definition", config.active_params(), active))
        for kind, standing, ours, theirs in pairs:
            if theirs is not None:
                yield Comparison(kind, name, float(ours), _number(theirs), "1", standing,
                                 str(row["source"]))  # fmt: skip


def _cache_bytes() -> Iterator[Comparison]:
    for row in _checks("kv-cache"):
        ours = fitting.config_of(str(row["subject"])).kv_bytes_per_token()
        yield Comparison("KV cache per token", str(row["subject"]), float(ours),
                         _number(row["value"]), "B", "computed", str(row["source"]))  # fmt: skip


def _checks(kind: str) -> Iterator[dict[str, Any]]:
    rows = (facts.row("fidelity-checks", row_id) for row_id in facts.ids("fidelity-checks"))
    return (row for row in rows if row["kind"] == kind)


def _inference() -> Iterator[Comparison]:
    for row in fitting.leave_one_source_out().itertuples():
        yield Comparison(f"inference, {row.phase}", str(row.id), float(row.predicted_s),  # type: ignore[arg-type]
                         float(row.seconds), "s", "left out", str(row.source))  # type: ignore[arg-type]  # fmt: skip


def _throughput() -> Iterator[Comparison]:
    """Tokens a second of full batches, which no fit has seen, by each engine's own calibration."""
    known = facts.ids("chips")
    for row_id in facts.ids("published-measurements"):
        row = facts.row("published-measurements", row_id)
        if row["phase"] != "throughput" or row["chip"] not in known:
            continue
        whole = ("tp", "batch", "input_tokens", "output_tokens", "weight_bits")
        how: dict[str, Any] = {name: int(_number(row[name])) for name in whole}
        how["kv_bits"] = how["weight_bits"]  # their FP8 engines were built with an FP8 cache
        ours = inference.predict(fitting.config_of(str(row["model"])),
                                 chips.accelerator(str(row["chip"])),
                                 engine=f"{row['engine']}@{row['version']}", **how)  # fmt: skip
        per_chip = (
            ours.tokens_per_s / how["tp"] if row["standing"] == "offline" else ours.tokens_per_s
        )
        yield Comparison(f"inference, throughput ({row['standing']})", row_id, float(per_chip),
                         _number(row["value"]), "token/s", "computed", str(row["source"]))  # fmt: skip


def _training_hours() -> Iterator[Comparison]:
    for row_id in facts.ids("training-runs"):
        row = facts.row("training-runs", row_id)
        if row["mfu"] is None or row["chip_hours"] is None:
            continue
        model: Any = _number(row["active_params"])
        attention: dict[str, Any] = {}
        if row_id in models.names() and row["sequence_tokens"] is not None:
            model = models.get(row_id)
            attention = {"sequence_tokens": int(_number(row["sequence_tokens"]))}
        run = training.estimate(model, _number(row["tokens"]), chips.accelerator(str(row["chip"])),
                                int(_number(row["n_chips"] or 1.0)), mfu=_number(row["mfu"]),
                                dtype=str(row["mfu_dtype"]), **attention)  # fmt: skip
        # An MFU while stepping leaves out restarts, evaluation and idle days.
        standing = "computed" if row["mfu_kind"] == "elapsed" else "definition"
        yield Comparison("training, chip-hours given the MFU", row_id, float(run.chip_hours),
                         _number(row["chip_hours"]), "h", standing, str(row["source"]))  # fmt: skip


def _training_iterations() -> Iterator[Comparison]:
    whole = (
        "n_chips",
        "tp",
        "pp",
        "interleave",
        "batch_sequences",
        "micro_batch",
        "sequence_tokens",
    )
    for row_id in facts.ids("training-iterations"):
        row = facts.row("training-iterations", row_id)
        how: dict[str, Any] = {name: int(_number(row[name])) for name in whole}
        step = training.iteration(fitting.config_of(str(row["model"])),
                                  chips.accelerator(str(row["chip"])),
                                  recompute=str(row["recompute"]), **how)  # fmt: skip
        yield Comparison("training, iteration time", row_id, float(step.total_s),
                         _number(row["iteration_s"]), "s", "computed", str(row["source"]))  # fmt: skip


def _campus() -> Iterator[Comparison]:
    """Our items' sum, on the watt that each publisher means; unstated watts are taken as IT."""
    ladder = infra.capex_ladder_usd_per_gw(infra.campus_capex(1e9))[-1]
    ours = {"facility": ladder.usd_per_gw_facility, "it": ladder.usd_per_gw_it,
            "server": ladder.usd_per_gw_server}  # fmt: skip
    for row in stack.published_usd_per_w().itertuples():
        basis = str(row.power_basis)
        yield Comparison("campus, USD per watt", f"{row.item} ({basis} watts)",
                         ours.get(basis, ladder.usd_per_gw_it) / 1e9, float(row.usd_per_w),  # type: ignore[arg-type]
                         "USD/W", "computed" if basis in ours else "definition", str(row.source))  # fmt: skip
    said = 1e9 * facts.value("datacenter-capex/gpus-per-w-lecture")
    for name, pue in (("facility watts", infra.campus_capex(1e9).pue), ("IT watts", 1.0)):
        yield Comparison("accelerators per gigawatt", f"GB200, {name}, against the lecture's",
                         float(infra.gpus_per_gw("gb200", pue=pue)), said, "1", "definition",
                         facts.value("datacenter-capex/gpus-per-w-lecture").source)  # fmt: skip


def _ownership() -> Iterator[Comparison]:
    """Epoch AI's gigawatt: their campus price and our annuities."""

    def published(name: str) -> facts.Fact:
        return facts.value(f"datacenter-capex/{name}")

    it_w, capex = 1e9, 1e9 * published("cost-epoch-model")
    items = infra.campus_capex(it_w * 1.25, pue=1.25)
    scale = capex / items.total_usd
    fixed = published("opex-epoch-model") * it_w
    for case, life in (("tco-epoch-model", 5), ("tco-epoch-life-3", 3), ("tco-epoch-life-7", 7)):
        capital = 0.0
        for item in items.items:
            years = item.life_years if item.group not in ("it", "network") else life
            cost = float(items.by_item_usd[item.name]) * scale
            capital += float(finance.annuity_usd_per_year(cost, published("rate"), years))
        yield Comparison("cost of ownership", f"Epoch AI's gigawatt, machines last {life} years",
                         (capital + fixed) / it_w, float(published(case)), "USD/W/yr", "assumed",
                         published(case).source)  # fmt: skip


def _gpu_hours() -> Iterator[Comparison]:
    """An accelerator-hour on our campus at the rate that Epoch AI's cost of ownership implies."""
    campus = infra.campus_capex(1e9)
    tco = infra.campus_tco(campus, energy_usd_per_mwh=70, rate=0.07).total_usd_per_year
    for chip in ("gb200", "gb300"):
        owning = facts.value(f"datacenter-capex/owning-cost-{chip}")
        hour = infra.cost_usd_per_gpu_hour(tco, infra.gpus_per_gw(chip, pue=campus.pue))
        yield Comparison("cost of an accelerator-hour", f"{chip}, at 7 % and 70 USD/MWh",
                         float(hour), float(owning), "USD/h", "assumed", owning.source)  # fmt: skip


def _packages() -> Iterator[Comparison]:
    """What an accelerator costs to make."""
    b200 = chips.package("b200", dies=2, memory_bytes=192e9)  # 192 GB built in, 180 sold
    for row_id, parts in (
        ("b200-epoch", b200),
        ("h100-raymond-james", chips.package("h100-sxm", kind="h100")),
    ):
        estimate = facts.value(f"package-estimates/{row_id}/total_usd")
        yield Comparison("cost of making an accelerator", row_id,
                         float(chips.package_cost(parts).total_usd), float(estimate), "USD",
                         "computed", estimate.source)  # fmt: skip


def _recognised() -> Iterator[Comparison]:
    """A year's accounts from the exit rates at its two ends (S1)."""
    exits = {year: facts.value(f"compute-revenue/openai-exit-rate-revenue-{year}")
             for year in (2023, 2024, 2025)}  # fmt: skip
    for year in (2024, 2025):
        accounts = facts.value(f"compute-revenue/openai-recognised-revenue-{year}")
        yield Comparison("revenue of a year from its exit rates", f"OpenAI {year}",
                         float(apps.recognised_usd(exits[year - 1], exits[year])), float(accounts),
                         "USD", "computed", accounts.source)  # fmt: skip


def _compute_optimum() -> Iterator[Comparison]:
    """Parameters of Chinchilla, which its authors held optimal for its compute, from each law."""
    params = facts.value("fidelity-checks/chinchilla-params")
    flop = 6 * params * facts.value("fidelity-checks/chinchilla-tokens")
    for name in ("hoffmann-2022", "besiroglu-2024"):
        found = scaling.published(name).optimal(flop)
        yield Comparison("compute-optimal parameters", f"Chinchilla's compute by {name}",
                         float(found.params), float(params), "1", "computed", params.source)  # fmt: skip


KINDS = (
    _parameters, _cache_bytes, _inference, _throughput, _training_hours, _training_iterations,
    _packages, _campus, _ownership, _gpu_hours, _recognised, _compute_optimum,
)  # fmt: skip
"""What is compared; each yields its `Comparison` rows."""


def report() -> pd.DataFrame:
    """Compare every published number we have with ours.

    Returns
    -------
    pandas.DataFrame
        One row a number: the fields of `Comparison`, and ``error`` (predicted / published − 1).
    """
    import pandas as pd

    rows = [
        {**asdict(comparison), "error": comparison.error} for kind in KINDS for comparison in kind()
    ]
    return pd.DataFrame(rows)


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """Errors by kind and standing.

    Returns
    -------
    pandas.DataFrame
        Indexed by kind and standing, in the order of the report: ``cases``, ``mean_abs_error``,
        ``median_abs_error``, ``largest_error`` (with its sign), ``bias`` (mean error) [1].
    """
    groups = rows.assign(size=rows.error.abs()).groupby(["kind", "standing"], sort=False)
    found = groups["size"].agg(["count", "mean", "median"])
    found.columns = ["cases", "mean_abs_error", "median_abs_error"]
    found["largest_error"] = groups["error"].agg(lambda e: e.iloc[int(np.abs(e).argmax())])
    found["bias"] = groups["error"].mean()
    return found


def page(rows: pd.DataFrame) -> str:
    """Write the report as a page of the book (Markdown)."""
    lines = [
        "# Fidelity: our numbers beside published ones",
        "",
        "Written by `make fidelity`; no number here is typed. *Computed*: nothing of ours is fitted."
        " *Left out*: the source was left out of the fit that predicts it. *Assumed*: it rests on"
        " assumptions inside their ranges. *Definition*: the two numbers do not mean quite the same.",
        "",
        "| kind | standing | cases | mean error | median | largest | bias |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for names, row in summary(rows).iterrows():
        assert isinstance(names, tuple)
        lines.append(
            f"| {' | '.join(map(str, names))} | {row.cases:.0f} | {row.mean_abs_error:.1%} | "
            f"{row.median_abs_error:.1%} | {row.largest_error:+.1%} | {row.bias:+.1%} |"
        )
    for kind, cases in rows.groupby("kind", sort=False):
        lines += ["", f"## {str(kind)[:1].upper()}{str(kind)[1:]}", "",
                  "| case | predicted | published | unit | error | source |",
                  "| --- | ---: | ---: | --- | ---: | --- |"]  # fmt: skip
        lines += [
            f"| {r.case} | {r.predicted:.4g} | {r.published:.4g} | {r.unit} | {r.error:+.1%} | {r.source} |"
            for r in cases.itertuples()
        ]
    return "\n".join(lines) + "\n"


def _number(cell: Any) -> float:
    """A cell as a float; a missing one is a mistake of the table."""
    if cell is None:
        raise ValueError("a number the comparison needs is missing from its table")
    return float(cell)
