"""Answers that are alike where answers differ: groups of students, with the evidence.

A short right answer is alike in many notebooks and shows nothing. So only answers count that few
share, in wording (comments and names included) or in structure (names replaced), each by how rare it
is. The released code, the solution and the alternatives are in the comparison: who typed them from a
public repository is reported as such, never zeroed.
"""

from __future__ import annotations

import ast
import hashlib
import io
import math
import tokenize
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from grader.source import Lab
from grader.submission import without_markers
from grader.variants import read_variants

__all__ = ["Group", "reference_copies", "similar_groups", "structure", "wording"]

#: Answers with fewer tokens are alike by nature.
SHORTEST_TOKENS = 25
#: An answer counts if at most this share of the class has it, and at most so many students.
RARE_SHARE, RARE_COUNT = 0.05, 8
#: Evidence from which on a pair is reported: two rare answers in a class of fifty.
ENOUGH_NATS = 6.0


@dataclass(frozen=True)
class Group:
    """Students whose answers are alike.

    Attributes
    ----------
    students : tuple of str
    evidence : tuple of str
        One sentence for each answer that two of them share.
    weight : float
        Sum over the strongest pair's shared answers of ln(class / sharing) [nat].
    """

    students: tuple[str, ...]
    evidence: tuple[str, ...]
    weight: float


def wording(source: str) -> str:
    """Return a hash of a cell's tokens, comments and names included; empty for a short cell.

    Examples
    --------
    >>> wording("x = 1")
    ''
    """
    try:
        tokens = [
            token.string
            for token in tokenize.generate_tokens(io.StringIO(source).readline)
            if token.string.strip()
        ]
    except (tokenize.TokenError, IndentationError, SyntaxError):
        tokens = source.split()
    return _hash(" ".join(tokens)) if len(tokens) >= SHORTEST_TOKENS else ""


def structure(source: str) -> str:
    r"""Return a hash of what a cell does: names in order of appearance, no comments, no docstrings.

    Examples
    --------
    >>> a = "def f(a, b):\n    t = a * b + a / (b + 1)\n    return t if t > 0 else a - b * 2"
    >>> b = "def f(x, y):\n    s = x * y + x / (y + 1)  # mine\n    return s if s > 0 else x - y * 2"
    >>> structure(a) == structure(b) != ""
    True
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and _is_text(body[0]):
            del body[0]
        if isinstance(node, ast.Name):
            node.id = names.setdefault(node.id, f"n{len(names)}")
        elif isinstance(node, ast.arg):
            node.arg, node.annotation = names.setdefault(node.arg, f"n{len(names)}"), None
    dumped = ast.dump(tree)
    return _hash(dumped) if dumped.count("(") >= SHORTEST_TOKENS else ""


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(getattr(node.value, "value", None), str)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def _references(lab: Lab, released: Mapping[str, str]) -> dict[str, set[str]]:
    """Return, answer by answer, the hashes of what is not a student's own."""
    known: dict[str, set[str]] = defaultdict(set)
    sources = [*lab.answers.items(), *released.items()]
    for variant in read_variants(lab):
        if variant.kind == "alternative":
            sources += variant.answers.items()
    for name, source in sources:
        plain = without_markers(source)
        known[name] |= {wording(plain), structure(plain)}
    return known


def reference_copies(
    lab: Lab, released: Mapping[str, str], answers: Mapping[str, Mapping[str, str]]
) -> dict[str, tuple[str, ...]]:
    """Return, student by student, the answers that are word for word the solution or an alternative.

    Parameters
    ----------
    lab : Lab
    released : mapping from grade id to source
        What students were given.
    answers : mapping from student to (mapping from grade id to source)
    """
    given = {name: wording(source) for name, source in released.items()}
    solution: dict[str, set[str]] = defaultdict(set)
    for name, source in lab.answers.items():
        solution[name].add(wording(without_markers(source)))
    for variant in read_variants(lab):
        if variant.kind == "alternative":
            for name, source in variant.answers.items():
                solution[name].add(wording(without_markers(source)))
    found = {}
    for student, typed in answers.items():
        same = [
            name for name, source in typed.items()
            if (mark := wording(source)) and mark in solution[name] and mark != given.get(name)
        ]  # fmt: skip
        if same:
            found[student] = tuple(same)
    return found


def similar_groups(
    lab: Lab, released: Mapping[str, str], answers: Mapping[str, Mapping[str, str]]
) -> list[Group]:
    """Return groups of students whose rare answers are alike, strongest first.

    Parameters
    ----------
    lab, released, answers
        As for `reference_copies`.
    """
    known = _references(lab, released)
    sharing: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for student in sorted(answers):
        for name, source in answers[student].items():
            for kind, mark in (("wording", wording(source)), ("structure", structure(source))):
                if mark and mark not in known[name]:
                    sharing[name, kind, mark].append(student)
    class_size = len(answers)
    most = max(2, min(RARE_COUNT, math.floor(RARE_SHARE * class_size)))
    weight: dict[tuple[str, str], dict[str, tuple[float, str]]] = defaultdict(dict)
    for (name, kind, _), students in sharing.items():
        if not 2 <= len(students) <= most:
            continue
        rarity = math.log(class_size / len(students)) + (1.0 if kind == "wording" else 0.0)
        for pair in _pairs(students):
            if rarity > weight[pair].get(name, (0.0, ""))[0]:
                weight[pair][name] = (rarity, kind)
    pairs = {pair: marks for pair, marks in weight.items() if _sum(marks) >= ENOUGH_NATS}
    return sorted(_joined(pairs), key=lambda group: (-group.weight, group.students))


def _sum(marks: Mapping[str, tuple[float, str]]) -> float:
    return sum(rarity for rarity, _ in marks.values())


def _pairs(students: Sequence[str]) -> Iterable[tuple[str, str]]:
    return ((a, b) for i, a in enumerate(students) for b in students[i + 1 :])


def _joined(
    pairs: Mapping[tuple[str, str], Mapping[str, tuple[float, str]]],
) -> Iterable[Group]:
    """Join pairs that share a student."""
    import networkx as nx

    graph = nx.Graph(list(pairs))
    for students in nx.connected_components(graph):
        own = {pair: marks for pair, marks in pairs.items() if pair[0] in students}
        words = {"wording": "word for word", "structure": "but for names and comments"}
        evidence = sorted(
            f"{a} and {b}: {name} {words[kind]}"
            for (a, b), marks in own.items()
            for name, (_, kind) in marks.items()
        )
        strongest = max(_sum(marks) for marks in own.values())
        yield Group(tuple(sorted(students)), tuple(evidence), strongest)
