"""Draw the course's slides-ready figures from the library: ``make figures``."""

from __future__ import annotations

from pathlib import Path

from supercycle import facts, plots, scenario
from supercycle.units import format_si

FOLDER = Path(__file__).parent / "figures"


def time_to_first_token() -> None:
    """Where half a second goes when almost all of a long prompt is cached."""
    case = scenario.draw("lab03", "default")
    hit_rate = facts.value("serving/kept-hit-rate")
    parts = case.wait_parts_s(hit_rate=hit_rate)
    total_s = sum(parts.values())
    paging = parts["page the cache in"] / total_s
    axes = plots.budget_waterfall(
        parts,
        claim=f"{hit_rate:.1%} of {case.context_tokens / 1000:.0f} k tokens cached, yet {format_si(total_s, 's', 2)} "
        f"to the first token;\n{paging:.0%} of it pages the cache in",
        target_s=case.target_s,
        highlight=["page the cache in"],
    )
    axes.figure.savefig(FOLDER / "time-to-first-token.png", dpi=130)  # type: ignore[union-attr]


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    time_to_first_token()
    print(f"figures drawn in {FOLDER}")
