"""Draw every figure of the book's chapters for a slide, and the README's: ``make figures``.

Each chapter's code runs once more with finer pixels; a figure is saved under its name on the page, so
`fig-power-gap` is ``.build/figures/06_energy/fig-power-gap.png``.
"""

from __future__ import annotations

import base64
import sys
from collections.abc import Iterator
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient

COURSE = Path(__file__).parent
SLIDES = COURSE.parent / ".build" / "figures"
README_FIGURE = COURSE / "figures" / "time-to-first-token.png"
FINER = "from supercycle import plots; plots.DPI = 250"


def time_to_first_token() -> None:
    """Where half a second goes when almost all of a long prompt is cached."""
    from supercycle import facts, plots, scenario
    from supercycle.units import format_si

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
    axes.figure.savefig(README_FIGURE, dpi=130)  # type: ignore[union-attr]


def of_chapter(page: Path) -> Iterator[tuple[str, bytes]]:
    """Run a chapter and yield its figures: name on the page, PNG."""
    text = page.read_text(encoding="utf-8").replace(
        "name: python3", "name: python3\n  display_name: Python", 1
    )
    notebook = jupytext.reads(text, fmt="md:myst")
    notebook.cells.insert(0, nbformat.v4.new_code_cell(FINER))
    NotebookClient(notebook, kernel_name="python3", timeout=300).execute()
    for cell in notebook.cells:
        name = cell.metadata.get("mystnb", {}).get("figure", {}).get("name")
        pictures = [
            output["data"]["image/png"]
            for output in cell.get("outputs", [])
            if "image/png" in output.get("data", {})
        ]
        if name and len(pictures) != 1:
            sys.exit(f"{page.name}: the cell of {name} shows {len(pictures)} pictures, not one")
        if name:
            yield name, base64.b64decode(pictures[0])


if __name__ == "__main__":
    time_to_first_token()
    for chapter in sorted((COURSE / "chapters").glob("*.md")):
        folder = SLIDES / chapter.stem
        folder.mkdir(parents=True, exist_ok=True)
        for name, picture in of_chapter(chapter):
            (folder / f"{name}.png").write_bytes(picture)
        print(f"{chapter.stem}: {len(list(folder.glob('*.png')))} figures in {folder}")
