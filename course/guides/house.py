"""The library's house, drawn from its own imports; the contributor's guide shows it.

Each storey is a row; a dot says that the row imports the column. Rows and columns stand in the same
order, roof first, so a house in order has dots only on the right of its diagonal: whoever imports
stands above. A test holds the picture to the imports.
"""

from __future__ import annotations

import ast
from pathlib import Path

LIBRARY = Path(__file__).resolve().parents[2] / "lib" / "supercycle"

#: From the roof down; what stands in brackets on the left.
STOREYS = {
    "cli": "roof", "fidelity": "roof", "scenario": "roof", "stack": "roof",
    "cluster": "attic", "transformer": "attic",
    "apps": "5", "models": "4", "infra": "3", "chips": "2", "energy": "1",
    "explore": "tools", "decision": "tools", "plots": "tools", "check": "tools",
    "finance": "0", "units": "0", "facts": "0",
}  # fmt: skip
COLOURS = {"roof": "#7a4a2b", "attic": "#8a6d3b", "tools": "#5b6770", "0": "#3d4b44"}
FLOOR = "#1f5f8b"
ROW, BOX, TOP, LEFT = 30, 170, 96, 20


def home(path: Path) -> str:
    """The storey a file belongs to."""
    return path.relative_to(LIBRARY).parts[0].removesuffix(".py")


def imports() -> set[tuple[str, str]]:
    """Pairs (who, whom) of storeys, over every import statement at any depth."""
    pairs = set()
    for path in LIBRARY.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            for name in names:
                package, _, rest = name.partition(".")
                whom = rest.split(".")[0]
                if package == "supercycle" and whom in STOREYS and whom != home(path):
                    pairs.add((home(path), whom))
    return {(who, whom) for who, whom in pairs if who in STOREYS}


def says(storey: str) -> str:
    """What a storey says of itself: the first line of its docstring."""
    path = LIBRARY / f"{storey}.py"
    path = path if path.is_file() else LIBRARY / storey / "__init__.py"
    said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return said.splitlines()[0].replace("``", "").rstrip(".")


def draw() -> str:
    """The picture as SVG text; the same text for the same imports."""
    names = list(STOREYS)
    right = LEFT + BOX + 16
    width, height = right + ROW * len(names) + 20, TOP + ROW * len(names) + 20
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        'font-family="Helvetica, Arial, sans-serif" font-size="13">',
        "<title>The library's storeys and who imports whom</title>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        f'<polygon points="{LEFT},{TOP - 8} {LEFT + BOX / 2},18 {LEFT + BOX},{TOP - 8}" fill="#7a4a2b"/>',
        f'<text x="{LEFT + BOX / 2}" y="76" fill="#ffffff" text-anchor="middle" font-size="11">'
        "importers above</text>",
    ]
    for place, name in enumerate(names):
        x, y = right + ROW * (place + 0.5), TOP + ROW * place
        colour = COLOURS.get(STOREYS[name], FLOOR)
        parts += [
            f'<rect x="{LEFT}" y="{y}" width="{BOX}" height="{ROW - 3}" rx="3" fill="{colour}"/>',
            f'<text x="{LEFT + 10}" y="{y + 18}" fill="#ffffff">{STOREYS[name]}</text>',
            f'<text x="{LEFT + 56}" y="{y + 18}" fill="#ffffff" font-weight="bold">{name}</text>',
            f'<text transform="translate({x + 4} {TOP - 8}) rotate(-60)" fill="#222222">{name}</text>',
            f'<rect x="{right + ROW * place}" y="{y}" width="{ROW - 3}" height="{ROW - 3}" fill="#dddddd"/>',
        ]
    for who, whom in sorted(imports()):
        x, y = right + ROW * names.index(whom) + 13.5, TOP + ROW * names.index(who) + 13.5
        parts.append(
            f'<circle id="{who}--{whom}" cx="{x}" cy="{y}" r="7" fill="#c8501e">'
            f"<title>{who} imports {whom}</title></circle>"
        )
    return "\n".join([*parts, "</svg>", ""])
