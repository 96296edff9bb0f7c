"""Mechanical mutants: small slips put into a solution one at a time; good tests notice them.

Operators: arithmetic (``+ − * / // % **`` exchanged), constants (n → n + 1, 0 → 1, doubled floats),
comparisons (``<`` and ``<=``, ``==`` and ``!=``, …), and dropped terms (``a + b`` → ``a``, ``-a`` →
``a``, ``a if c else b`` → ``a``, a guard that is never taken). A mutant that does the same as the
solution is no slip: lab.toml's ``[equivalent]`` lists it with the reason, and the adjusted rate
leaves it out::

    [equivalent]
    "prefill_flop:12 0 → 1" = "the loop starts at the first new token in both"
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from grader.errors import GraderError, nearest
from grader.replay import replay
from grader.source import Lab
from grader.submission import without_markers
from grader.variants import Variant

__all__ = ["ENOUGH", "MutationRate", "mutants_of", "mutation_rates", "summary"]

#: The least share of its real mutants that the tests of an answer must notice.
ENOUGH = 0.95

_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div, ast.Mod: ast.FloorDiv, ast.Pow: ast.Mult,
}  # fmt: skip
_COMPARISON: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip


@dataclass(frozen=True)
class MutationRate:
    """How many mechanical mutants of an answer its tests notice.

    Attributes
    ----------
    answer : str
    items : tuple of str
        The graded cells that test it.
    killed, total : int
    survivors : tuple of str
        Mutants that kept all points and are not listed as equivalent.
    equivalent : tuple of str
        Mutants that lab.toml lists.
    """

    answer: str
    items: tuple[str, ...]
    killed: int
    total: int
    survivors: tuple[str, ...] = field(default=())
    equivalent: tuple[str, ...] = field(default=())

    @property
    def raw(self) -> float:
        """Killed over all [1]."""
        return self.killed / self.total if self.total else 1.0

    @property
    def adjusted(self) -> float:
        """Killed over those that are not equivalent [1]."""
        real = self.total - len(self.equivalent)
        return self.killed / real if real else 1.0


def mutants_of(source: str) -> dict[str, str]:
    r"""Return mutants of a cell by name: the line in the cell and what was exchanged.

    Examples
    --------
    >>> sorted(mutants_of("def f(x):\n    return 2 * x"))
    ['2 2 * x → 2 / x', '2 2 * x → x', '2 2 → 3']
    """
    tree = ast.parse(without_markers(source))
    found: dict[str, str] = {}
    for index, node in enumerate(ast.walk(tree)):
        for changed in _slips(node):
            mutant = copy.deepcopy(tree)
            target = next(n for i, n in enumerate(ast.walk(mutant)) if i == index)
            _put(mutant, target, changed)
            text = ast.unparse(ast.fix_missing_locations(mutant))
            name = f"{getattr(node, 'lineno', 0)} {_short(node)} → {_short(changed)}"
            if text != ast.unparse(tree):
                found.setdefault(name, text)
    return found


def _short(node: ast.AST) -> str:
    if isinstance(node, ast.If):
        return f"if {ast.unparse(node.test)}"
    return " ".join(ast.unparse(node).split())[:60]


def _slips(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what a node may be exchanged for."""
    if isinstance(node, ast.BinOp):
        swapped = _ARITHMETIC.get(type(node.op))
        if swapped is not None:
            yield ast.BinOp(node.left, swapped(), node.right)
            if isinstance(node.op, ast.Add | ast.Sub):
                yield node.left
            elif isinstance(node.op, ast.Mult):
                yield node.right
            elif isinstance(node.op, ast.Div | ast.Pow):
                yield node.left
    elif isinstance(node, ast.AugAssign) and type(node.op) in _ARITHMETIC:
        yield ast.AugAssign(node.target, _ARITHMETIC[type(node.op)](), node.value)
    elif isinstance(node, ast.Compare):
        yield ast.Compare(
            node.left,
            [_COMPARISON[type(node.ops[0])](), *node.ops[1:]],
            node.comparators,
        )
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.Not):
        yield node.operand
    elif isinstance(node, ast.BoolOp):
        other: type[ast.boolop] = ast.Or if isinstance(node.op, ast.And) else ast.And
        yield ast.BoolOp(other(), node.values)
        yield from node.values[:1]
    elif isinstance(node, ast.IfExp):
        yield node.body
    elif isinstance(node, ast.If):
        yield ast.If(ast.Constant(False), node.body, node.orelse)
    elif isinstance(node, ast.Constant):
        value = node.value
        if isinstance(value, bool):
            yield ast.Constant(not value)
        elif isinstance(value, int):
            yield ast.Constant(value + 1)
        elif isinstance(value, float):
            yield ast.Constant(2 * value if value else 1.0)


def _put(tree: ast.AST, target: ast.AST, changed: ast.AST) -> None:
    """Put a node in the place of another."""
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            if value is target:
                setattr(parent, name, copy.deepcopy(changed))
            elif isinstance(value, list):
                for at, item in enumerate(value):
                    if item is target:
                        value[at] = copy.deepcopy(changed)


def mutation_rates(lab: Lab, *, workers: int | None = None) -> list[MutationRate]:
    """Run every mechanical mutant of every tested answer and count those that lose points.

    Parameters
    ----------
    lab : Lab
    workers : int, optional
        Processes at a time.

    Raises
    ------
    GraderError
        When lab.toml lists an equivalent mutant that is none.
    """
    tested = {
        name: items for name, items in lab.items_of.items() if items and not _written(lab, name)
    }
    variants: dict[str, Variant] = {}
    for answer in tested:
        for slip, source in mutants_of(lab.answers[answer]).items():
            name = f"{answer}:{slip}"
            variants[name] = Variant(name, "mechanical", {answer: source})
    listed = lab.file.equivalent
    for name in listed:
        if name not in variants:
            raise GraderError(
                f"{lab.folder / 'lab.toml'}: equivalent lists {name!r}, which is no mechanical "
                f"mutant; {nearest(name, variants)[:200]}"
            )
    played = replay(lab, list(variants.values()), workers=workers)
    points = {item.grade_id: item.points for item in lab.items}
    killed = {
        name: any(scores[item][0] < points[item] for item in scores)
        for name, scores in ((n, played[f"mechanical/{n}"]) for n in variants)
    }
    wrongly = [name for name in listed if killed[name]]
    if wrongly:
        raise GraderError(
            f"{lab.folder / 'lab.toml'}: equivalent lists {wrongly[0]!r}, but the tests notice it"
        )
    return [_rate(answer, items, killed, listed) for answer, items in tested.items()]


def summary(rates: Iterable[MutationRate]) -> str:
    """Say in one line how many mutants of a lab its tests notice.

    Examples
    --------
    >>> rate = MutationRate("f", ("test_f",), killed=9, total=10, equivalent=("f:2 1 → 2",))
    >>> summary([rate])
    '9 of 10 mechanical mutants noticed (raw 90 %), 9 of 9 real ones (adjusted 100 %), worst f 100 %'
    """
    rates = list(rates)
    killed, total = sum(r.killed for r in rates), sum(r.total for r in rates)
    real = total - sum(len(r.equivalent) for r in rates)
    worst = min(rates, key=lambda rate: rate.adjusted)
    return (
        f"{killed} of {total} mechanical mutants noticed (raw {100 * killed / total:.0f} %), "
        f"{killed} of {real} real ones (adjusted {100 * killed / real:.0f} %), "
        f"worst {worst.answer} {100 * worst.adjusted:.0f} %"
    )


def _written(lab: Lab, answer: str) -> bool:
    return any(cell.id == answer and cell.cell_type == "markdown" for cell in lab.notebook.cells)


def _rate(
    answer: str,
    items: tuple[str, ...],
    killed: Mapping[str, bool],
    listed: Mapping[str, str],
) -> MutationRate:
    own = [name for name in killed if name.startswith(f"{answer}:")]
    return MutationRate(
        answer=answer,
        items=items,
        killed=sum(killed[name] for name in own),
        total=len(own),
        survivors=tuple(n for n in own if not killed[n] and n not in listed),
        equivalent=tuple(n for n in own if n in listed),
    )
