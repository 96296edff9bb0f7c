"""What a simulation found, for people: a table in the terminal and one HTML file with figures."""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from supercycle.cluster.drawings import Drawing, drawings
from supercycle.cluster.sweep import interval
from supercycle.units import HOUR_S, KWH_J, MTOK, format_si, format_usd

if TYPE_CHECKING:
    import pandas as pd

    from supercycle.cluster.results import Result
    from supercycle.cluster.scenario_file import Scenario

__all__ = ["headline", "replication_rows", "report_html", "summary_rows", "write_report"]

UNKNOWN_COST = "not known: a machine without a price (usd_per_hour)"


def summary_rows(scenario: Scenario, result: Result) -> list[tuple[str, str]]:
    """Say the summary in words and units, one row a quantity; what does not apply is left out.

    Parameters
    ----------
    scenario : Scenario
    result : Result
        Of running it.

    Returns
    -------
    list of (str, str)
        What, and how much.
    """
    found = result.summary(scenario.slo, scenario.price)
    rows = [
        ("simulated time", _span(result.end_s)),
        ("requests", f"{found.requests:,.0f}, {found.finished:,.0f} finished"),
        ("throughput", f"{found.requests_per_s:.3g} requests/s, {found.output_tokens_per_s:,.0f} "
                       "output tokens/s"),
    ]  # fmt: skip
    promise = promise_text(scenario)
    if promise:
        rows += [
            ("promise", promise),
            ("promise kept", f"{found.good_share:.1%} of requests, {found.goodput_per_s:.3g}/s"),
        ]
    for name, label in (
        ("ttft", "time to first token"),
        ("tpot", "time per output token"),
        ("e2e", "whole request"),
        ("queue", "wait for a place"),
    ):
        points = [float(found[f"{name}_p{q}_s"]) for q in (50, 90, 99)]
        if np.isfinite(points).all():
            p50, p90, p99 = (format_si(p, "s") for p in points)
            rows.append((label, f"{p50} median, {p90} p90, {p99} p99"))
    rows.append(("utilisation", f"{found.utilisation:.1%} of machine time"))
    for name, label in (("preemptions", "preemptions"), ("restarts", "restarts after failures"),
                        ("limited", "turned away by limits")):  # fmt: skip
        if found[name]:
            rows.append((label, f"{found[name]:,.0f}"))
    if found.cached_share > 0:
        rows.append(("prompt tokens from cache", f"{found.cached_share:.1%}"))
    if "human_wait_s" in result.requests:
        waits = result.requests["human_wait_s"].mean()
        works = result.requests["human_s"].mean()
        rows.append(("people", f"work {format_si(works, 's')} and wait {format_si(waits, 's')} "
                               "per request, mean"))  # fmt: skip
    if found.energy_j > 0:
        rows.append(("energy", f"{found.energy_j / KWH_J:,.1f} kWh, "
                               f"{format_si(found.energy_j / result.end_s, 'W')} on average"))  # fmt: skip
    tokens = float(result.requests["output_tokens"][result.requests["status"] == "done"].sum())
    if found.cost_usd > 0 and tokens:
        rows.append(("cost of machines", f"{format_usd(found.cost_usd)}, "
                     f"{format_usd(found.cost_usd / tokens * MTOK)} per million output tokens"))  # fmt: skip
    if np.isnan(found.cost_usd):
        rows.append(("cost of machines", UNKNOWN_COST))
    if found.revenue_usd > 0:
        margin = found.revenue_usd - found.cost_usd
        after = "" if np.isnan(margin) else f", {format_usd(margin)} after machines"
        rows.append(("revenue", format_usd(found.revenue_usd) + after))
    for job in result.jobs.itertuples():
        failed = f"{job.failures} failure" + ("s" if job.failures != 1 else "")
        rows.append((f"job {job.job}", f"{job.steps:,} steps made, {job.lost_steps:,} lost in {failed}, "
                     f"{job.goodput_share:.1%} goodput"))  # fmt: skip
    return rows


def replication_rows(scenario: Scenario, runs: pd.DataFrame) -> list[tuple[str, str]]:
    """Means and 95 % intervals over runs with other seeds, one row a quantity.

    Parameters
    ----------
    scenario : Scenario
    runs : DataFrame
        From `supercycle.cluster.commands.replicate`.

    Returns
    -------
    list of (str, str)
        Quantity, and its mean with the ends of Student's interval.
    """
    shown = {
        "good_share": ("promise kept", lambda x: f"{x:.1%}"),
        "requests_per_s": ("requests/s", lambda x: f"{x:.3g}"),
        "ttft_p50_s": ("time to first token, median", lambda x: format_si(x, "s")),
        "ttft_p99_s": ("time to first token, p99", lambda x: format_si(x, "s")),
        "tpot_p50_s": ("time per output token, median", lambda x: format_si(x, "s")),
        "tpot_p99_s": ("time per output token, p99", lambda x: format_si(x, "s")),
        "e2e_p99_s": ("whole request, p99", lambda x: format_si(x, "s")),
        "utilisation": ("utilisation", lambda x: f"{x:.1%}"),
        "energy_j": ("energy", lambda x: f"{x / KWH_J:,.1f} kWh"),
        "cost_usd": ("cost of machines", format_usd),
    }
    if not promise_text(scenario):
        del shown["good_share"]
    rows = []
    for name, (words, say) in shown.items():
        if np.isfinite(runs[name]).all() and runs[name].abs().max() > 0:
            found = interval(runs[name])
            rows.append((words, f"{say(found.mean)} ({say(found.low)} to {say(found.high)})"))
    return rows


def promise_text(scenario: Scenario) -> str:
    """The service-level objective in words; empty where there is none."""
    slo = scenario.slo
    parts = [
        f"{words} within {format_si(limit, 's')}"
        for words, limit in (
            ("first token", slo.ttft_s),
            ("each further token", slo.tpot_s),
            ("all", slo.e2e_s),
        )
        if np.isfinite(limit)
    ]
    return ", ".join(parts)


def headline(scenario: Scenario, result: Result) -> str:
    """The one sentence a reader should take away.

    Returns
    -------
    str
    """
    found = result.summary(scenario.slo, scenario.price)
    pools = set(result.machines["pool"])
    samples = result.timeline[result.timeline["pool"].isin(pools)]
    most = int(samples.groupby("time_s")["machines"].sum().max())
    few = f"Up to {most}" if most < len(result.machines) else f"{most}"
    served = f"{few} machine{'s' if most != 1 else ''} finish {found.finished:,.0f} of {found.requests:,.0f} requests in {_span(result.end_s)}"
    if promise_text(scenario):
        return f"{served}; {found.good_share:.1%} of them as promised."
    return f"{served}."


def _span(seconds: float) -> str:
    if seconds >= 2 * HOUR_S:
        return f"{seconds / HOUR_S:.3g} hours"
    if seconds >= 120:
        return f"{seconds / 60:.3g} minutes"
    return format_si(seconds, "s")


def write_report(
    path: str | Path,
    scenario: Scenario,
    result: Result,
    *,
    runs: pd.DataFrame | None = None,
    source: str = "",
) -> Path:
    """Write the report as one file that needs nothing else: no scripts, no network.

    Parameters
    ----------
    path : str or Path
        The HTML file.
    scenario : Scenario
    result : Result
    runs : DataFrame, optional
        Replications, from `supercycle.cluster.commands.replicate`: their intervals are shown.
    source : str
        The scenario as text, shown at the end.

    Returns
    -------
    Path
    """
    path = Path(path)
    path.write_text(report_html(scenario, result, runs=runs, source=source), encoding="utf-8")
    return path


def report_html(
    scenario: Scenario, result: Result, *, runs: pd.DataFrame | None = None, source: str = ""
) -> str:
    """The report as HTML text; the same result gives the same text."""
    say = html.escape
    rows = summary_rows(scenario, result)
    parts = [
        _HEAD.format(title=say(scenario.title)),
        f"<h1>{say(scenario.title)}</h1>\n<p class='lead'>{say(headline(scenario, result))}</p>",
        "<section class='figures' aria-label='Figures'>",
        *(_figure(drawing) for drawing in drawings(scenario, result)),
        "</section>",
        "<h2>Summary</h2>",
        _table(["quantity", "value"], rows, numeric=False),
        "<h2>Pools</h2>",
        _table(*_pool_rows(result)),
    ]
    if runs is not None:
        parts += [
            f"<h2>The same with {len(runs)} other seeds</h2>",
            _table(["quantity", "mean and 95 % interval"], replication_rows(scenario, runs),
                   numeric=False),
        ]  # fmt: skip
    if source:
        parts.append(f"<details><summary>The scenario</summary><pre>{say(source)}</pre></details>")
    seed = f"Simulated with seed {scenario.seed} and router {scenario.router}"
    parts.append(
        f"<footer>{say(seed)}: the same file and seed give the same numbers. Latencies are over "
        "finished requests; power and cost are those of the machines in the scenario.</footer>"
    )
    return "\n".join([*parts, "</main></body></html>\n"])


def _figure(drawing: Drawing) -> str:
    data = base64.b64encode(drawing.svg.encode()).decode()
    return (
        f"<figure><img src='data:image/svg+xml;base64,{data}' alt='{html.escape(drawing.alt, quote=True)}'>"
        f"<figcaption>{html.escape(drawing.alt)}</figcaption></figure>"
    )


def _cost(usd: float) -> str:
    return "not known" if np.isnan(usd) else format_usd(float(usd))


def _pool_rows(result: Result) -> tuple[list[str], list[Sequence[str]]]:
    header = ["pool", "machines", "utilisation", "most running", "most waiting", "memory at peak",
              "energy", "cost"]  # fmt: skip
    rows: list[Sequence[str]] = []
    for pool, own in result.machines.groupby("pool", sort=False):
        samples = result.timeline[result.timeline["pool"] == pool]
        busy = own["busy_s"].sum() / max(float((own["slots"] * own["up_s"]).sum()), 1e-12)
        rows.append((
            str(pool), str(len(own)), f"{busy:.1%}", f"{samples['running'].max():,.0f}",
            f"{samples['waiting'].max():,.0f}", f"{samples['memory_share'].max():.1%}",
            f"{own['energy_j'].sum() / KWH_J:,.1f} kWh", _cost(own["cost_usd"].sum(skipna=False)),
        ))  # fmt: skip
    return header, rows


def _table(header: Sequence[str], rows: Sequence[Sequence[str]], *, numeric: bool = True) -> str:
    kind = " class='numbers'" if numeric else ""
    head = "".join(f"<th scope='col'>{html.escape(name)}</th>" for name in header)
    lines = []
    for first, *rest in rows:
        cells = "".join(f"<td>{html.escape(cell)}</td>" for cell in rest)
        lines.append(f"<tr><th scope='row'>{html.escape(first)}</th>{cells}</tr>")
    body = "\n".join(lines)
    return f"<div class='wide' tabindex='0'><table{kind}><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"


_HEAD = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ margin: 0; background: #fff; color: #1a1a1a;
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }}
main {{ max-width: 1120px; margin: 0 auto; padding: 1.2rem 1rem 3rem; }}
h1 {{ font-size: clamp(1.4rem, 4vw, 2rem); line-height: 1.2; margin: .4rem 0; }}
h2 {{ font-size: 1.15rem; margin: 2rem 0 .6rem; }}
.lead {{ font-size: 1.1rem; margin: 0 0 1.2rem; }}
.figures {{ display: grid; gap: 1.4rem;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 440px), 1fr)); }}
figure {{ margin: 0; break-inside: avoid; }}
figure img {{ width: 100%; height: auto; display: block; }}
figcaption {{ font-size: .85rem; color: #4a4a4a; margin-top: .3rem; }}
.wide {{ overflow-x: auto; }}
table {{ border-collapse: collapse; font-size: .95rem; }}
th, td {{ text-align: left; vertical-align: top; padding: .3rem .9rem .3rem 0;
  border-bottom: 1px solid #ddd; }}
tbody th {{ font-weight: 600; }}
.numbers td, .numbers thead th:not(:first-child) {{ text-align: right; white-space: nowrap;
  font-variant-numeric: tabular-nums; }}
details {{ margin-top: 2rem; }}
pre {{ background: #f5f5f5; padding: .8rem; overflow-x: auto; font-size: .85rem; }}
footer {{ margin-top: 2rem; font-size: .85rem; color: #4a4a4a; }}
@media print {{ main {{ max-width: none; }} details {{ display: none; }} }}
</style></head><body><main>"""
