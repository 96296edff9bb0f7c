"""The stack in one interactive picture: ``{stack-picture}``.

The page holds no model of its own. For each set of assumptions, accelerator and power the library
is evaluated at four corners of (utilisation, price); every number shown is bilinear in the two, or
its inverse is, which is checked at a fifth point; the page combines the four coefficients. So the
picture moves without a server and can't drift from `supercycle.stack`.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.application import Sphinx

from supercycle import facts, stack
from supercycle.units import GIGAWATT, MEGAWATT, YEAR_S, format_si, format_usd

POWERS_W = [m * MEGAWATT for m in (50, 70, 100, 150, 200, 300, 500, 700)] + [
    g * GIGAWATT for g in (1, 1.5, 2, 3, 5, 7, 10)
]
CASES = {"sourced": "item by item, from sources", "lecture": "the lecture's"}
CHIPS = {"h100-sxm": "H100", "gb200": "GB200", "gb300": "GB300"}  # power and rent are both sourced
PRICES = ("input_usd_per_mtok", "cached_input_usd_per_mtok", "output_usd_per_mtok")

# By floor, top first: (field, what it is called, how it is written, factor into that unit).
SHOWN = {
    "apps": [
        ("revenue_usd_per_year", "users pay, a year", "usd", 1.0),
        ("price_usd_per_mtok", "for a million tokens", "usd", 1.0),
    ],
    "models": [
        ("tokens_per_year", "tokens sold", "si: tokens/s", 1 / YEAR_S),
        ("cost_usd_per_mtok", "a million costs", "usd", 1.0),
    ],
    "infra": [
        ("capex_usd", "the campus", "usd", 1.0),
        ("cost_usd_per_gpu_hour", "an accelerator-hour costs", "usd", 1.0),
        ("rent_usd_per_year", "cloud bill, a year", "usd", 1.0),
    ],
    "chips": [
        ("gpus", "accelerators", "count", 1.0),
        ("flops_per_s", "their peak", "si:FLOP/s", 1.0),
        ("purchases_usd_per_year", "their price, a year", "usd", 1.0),
    ],
    "energy": [
        ("energy_mwh_per_year", "energy, a year", "si:Wh", MEGAWATT),
        ("grid_share", "of the average US load", "percent", 1.0),
        ("bill_usd_per_year", "electricity bill", "usd", 1.0),
    ],
}
PROFIT = ("profit_usd_per_year", "profit, a year", "usd", 1.0)
CORNERS = [(0.1, 0.5), (1.0, 0.5), (0.1, 2.0), (1.0, 2.0)]
CHECK = (0.37, 1.3)
TOLERANCE = 1e-9


def campus(power_w: Any, case: str, chip: str, utilisation: Any, price: Any) -> stack.Stack:
    """What the sliders stand for: a power, a chip at its own rent, all list prices times `price`."""
    given = stack.assumptions(case)
    rent = facts.value(f"prices/rent-{chip.removesuffix('-sxm')}-2026-09/rent_usd_per_gpu_hour")
    changes = {name: float(given[name]) * np.asarray(price) for name in PRICES}
    return stack.evaluate(
        power_w, case, chip=chip, utilisation=utilisation, rent_usd_per_gpu_hour=rent, **changes
    )


def shown() -> list[tuple[str, str, str, float]]:
    """Every number of the picture: (floor.field, label, format, factor)."""
    return [
        (f"{floor}.{field}", *rest)
        for floor, rows in SHOWN.items()
        for field, *rest in [*rows, PROFIT]
    ]


def number(found: stack.Stack, name: str, factor: float) -> Any:
    """One of them, out of an evaluated campus."""
    floor, field = name.split(".")
    return np.asarray(getattr(getattr(found, floor), field)) * factor


def coefficients(case: str, chip: str) -> dict[str, Any]:
    """By number: ``[c0, c_u, c_p, c_up]`` for each power, and whether they give the inverse."""
    u, p = (np.array(axis)[None, :] for axis in zip(*CORNERS, CHECK, strict=True))
    found = campus(np.array(POWERS_W)[:, None], case, chip, u, p)
    terms = np.stack([np.ones_like(u), u, p, u * p], axis=-1)[0]
    table: dict[str, Any] = {}
    for name, _, _, factor in shown():
        y = np.broadcast_to(number(found, name, factor), (len(POWERS_W), len(CORNERS) + 1))
        for inverse in (False, True):
            with np.errstate(divide="ignore"):
                target = 1 / y if inverse else y
            c = np.linalg.solve(terms[:4], target[:, :4].T).T
            c[np.abs(c) < 1e-12 * np.abs(c).max()] = 0.0
            off = np.abs(c @ terms[4] / target[:, 4] - 1).max()
            if off < TOLERANCE:
                break
        else:
            raise ValueError(f"{name} is not bilinear in utilisation and price: off by {off:.1e}")
        used = 1 + max(np.flatnonzero(c.any(axis=0)), default=0)
        table[name] = {"c": [[float(f"{x:.12g}") for x in row[:used]] for row in c]}
        if inverse:
            table[name]["inverse"] = True
    return table


def written(value: float, how: str) -> str:
    """A number as the picture writes it; ``stack-picture.js`` writes the same."""
    kind, _, unit = how.partition(":")
    if kind == "usd":
        return format_usd(value)
    if kind == "si":
        return format_si(value, unit)
    return f"{value:.1%}" if kind == "percent" else f"{value:,.0f}"


def picture() -> str:
    """The figure as HTML, complete for a reader without scripts, with the data for one with."""
    start = campus(GIGAWATT, "sourced", "gb200", utilisation := 0.4, 1.0)
    data = {
        "powers_w": POWERS_W,
        "format": {name: how for name, _, how, _ in shown()},
        "table": {case: {chip: coefficients(case, chip) for chip in CHIPS} for case in CASES},
    }
    floors = []
    for height, (floor, rows) in zip(range(5, 0, -1), SHOWN.items(), strict=True):
        facts_shown = "".join(
            f'<div><dt>{label}</dt><dd data-out="{floor}.{field}">'
            f"{written(float(number(start, f'{floor}.{field}', factor)), how)}</dd></div>"
            for field, label, how, factor in rows
        )
        profit = written(float(number(start, f"{floor}.{PROFIT[0]}", 1.0)), "usd")
        floors.append(
            f'<div class="floor floor-{floor}" role="group" aria-label="floor {height}: {floor}">'
            f'<p class="floor-name"><span>{height}</span> {floor}</p><dl>{facts_shown}'
            f'<div class="profit"><dt>{PROFIT[1]}</dt>'
            f'<dd data-out="{floor}.{PROFIT[0]}">{profit}</dd>'
            f'<dd class="track" aria-hidden="true"><span class="bar"></span></dd></div></dl></div>'
        )
    return f"""
<div class="stack-picture" id="stack-picture">
<form class="controls" aria-label="What you can change">
{_slider("power", "Power at the meter", 0, len(POWERS_W) - 1, 1, POWERS_W.index(GIGAWATT), "1 GW")}
{_slider("price", "Price, times GPT-5's list", -30, 30, 1, 0, "× 1.00")}
{_slider("utilisation", "Utilisation of what is sold", 5, 100, 1, round(100 * utilisation), "40%")}
{_choice("chip", "Accelerator", CHIPS, "gb200")}
{_choice("case", "Assumptions", CASES, "sourced")}
<button type="reset">As at the start</button>
<noscript><p>Moving the sliders needs JavaScript; the figures are those of the start.</p></noscript>
</form>
<div class="tower">{"".join(floors)}</div>
<p class="sum" aria-live="polite">Users pay {format_usd(start.apps.revenue_usd_per_year)} a year.</p>
<script type="application/json" id="stack-data">{json.dumps(data, separators=(",", ":"))}</script>
<script src="_static/stack-picture.js"></script>
</div>
"""


def _slider(name: str, label: str, low: int, high: int, step: int, at: int, text: str) -> str:
    return (
        f'<div class="slider"><label for="stack-{name}">{label}</label>'
        f'<output for="stack-{name}" id="stack-{name}-now">{text}</output>'
        f'<input type="range" id="stack-{name}" name="{name}" min="{low}" max="{high}" step="{step}"'
        f' value="{at}" aria-valuetext="{text}"></div>'
    )


def _choice(name: str, label: str, options: dict[str, str], chosen: str) -> str:
    buttons = "".join(
        f'<label><input type="radio" name="{name}" value="{value}"'
        f"{' checked' if value == chosen else ''}> {text}</label>"
        for value, text in options.items()
    )
    return f'<fieldset class="choice"><legend>{label}</legend>{buttons}</fieldset>'


class StackPicture(Directive):
    """``{stack-picture}``: only on a page at the top of the book."""

    def run(self) -> list[nodes.Node]:
        """Put the figure into the page."""
        return [nodes.raw("", picture(), format="html")]


def setup(app: Sphinx) -> dict[str, Any]:
    """Offer the directive."""
    app.add_directive("stack-picture", StackPicture)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
