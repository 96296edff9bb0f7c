"""A grid of training runs for a scaling law: many widths, many budgets, written run by run."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from supercycle._validate import positive
from supercycle.transformer._check import usable_device
from supercycle.transformer._table import PROVENANCE, append, identifier, machine_name, provenance
from supercycle.transformer._table import read_rows as read
from supercycle.transformer.lexicon import Lexicon, Source, StandardLibrary
from supercycle.transformer.train import Recipe, TrainRow, grid_config, train_run

__all__ = ["COLUMNS", "TOKENS", "WIDTHS", "read_rows", "train_grid"]

WIDTHS = (16, 32, 48, 64, 80, 96, 128)
TOKENS = tuple(2**k for k in range(18, 23))

_RECIPE = ("batch", "context", "rate", "embedding_rate", "memory")
COLUMNS = (
    "id", *(field.name for field in dataclasses.fields(TrainRow)), "entropy_nats",
    *_RECIPE, "machine", "torch", *PROVENANCE,
)  # fmt: skip


def read_rows(path: Path) -> list[dict[str, str]]:
    """Rows of a recorded grid; none if there is no file yet, a ValueError if it is another kind."""
    return read(path, COLUMNS)


def train_grid(
    out: Path,
    *,
    budget_s: float,
    widths: Sequence[int] = WIDTHS,
    tokens: Sequence[int] = TOKENS,
    layers: int = 2,
    head_dim: int = 16,
    seeds: Sequence[int] = (0,),
    source: Source | None = None,
    recipe: Recipe | None = None,
    device: str | torch.device = "cpu",
    progress: Callable[[float, str], None] | None = None,
) -> list[dict[str, Any]]:
    """Train every width at every budget, as far as time allows, writing each run when it ends.

    Parameters
    ----------
    out : Path
        A CSV. Runs it already holds are not trained again, so a second call goes on.
    budget_s : float
        For everything [s]. A run starts only if a trial of a few steps says it will end in time.
    widths, tokens, seeds : sequence of int
        One run a width and seed gives a row for each of `tokens`.
    layers, head_dim : int
        Of `grid_config`.
    source : Source, optional
        ``Lexicon()`` unless given.
    recipe : Recipe, optional
    device : str or torch.device
    progress : callable, optional
        Called with the share of all training FLOP done (0 … 1) and a line with the latest loss.

    Returns
    -------
    list of dict
        The rows written in this call.

    Raises
    ------
    ValueError
        When the budget is too small for the first run that is due.
    """
    positive("budget_s", budget_s)
    end = time.perf_counter() + budget_s
    device = usable_device(device)
    source = Lexicon() if source is None else source
    held_out = StandardLibrary(held_out=True) if isinstance(source, StandardLibrary) else None
    recipe = recipe or Recipe()
    known = {row["run"] for row in read_rows(out)}
    due = [
        grid_config(width, vocab=source.vocab, layers=layers, head_dim=head_dim)
        for width in sorted(widths)
    ]
    runs = [(config, seed) for config in due for seed in seeds]
    work = {config: config.flops_per_token(recipe.context) for config in due}
    total, done = sum(work[config] for config, _ in runs), 0.0
    rows: list[dict[str, Any]] = []
    for config, seed in runs:
        begun, done = done, done + work[config]
        if f"{source.name}-w{config.width}-l{layers}-s{seed}" in known:
            continue

        def report(
            share: float, line: str, *, from_: float = begun, part: float = work[config]
        ) -> None:
            if progress is not None:
                progress((from_ + share * part) / total, line)

        report(0.0, f"width {config.width}: how long will it take?")
        need_s = _trial_s(config, source, recipe, device) * max(tokens)
        left_s = end - time.perf_counter()
        if need_s > left_s:
            if not rows:
                raise ValueError(
                    f"budget_s = {budget_s:g}: too small, the run of width {config.width} alone "
                    f"needs about {need_s:.0f} s"
                )
            break
        answers = train_run(
            config, source, tokens, recipe=recipe, seed=seed, device=device,
            held_out=held_out, progress=report,
        )  # fmt: skip
        for answer in answers:
            row = _row(answer, source, recipe, device)
            append(out, COLUMNS, row)
            rows.append(row)
    return rows


def _trial_s(config: Any, source: Source, recipe: Recipe, device: torch.device) -> float:
    """Seconds a token, from the later part of a few steps."""
    step = recipe.batch * recipe.context
    trial = dataclasses.replace(recipe, held_out_tokens=recipe.context)
    short, long = train_run(config, source, [10 * step, 30 * step], recipe=trial, device=device)
    return (long.seconds - short.seconds) / (20 * step)


def _row(answer: TrainRow, source: Source, recipe: Recipe, device: torch.device) -> dict[str, Any]:
    return {
        "id": identifier(answer.run, f"t{answer.tokens}"),
        **dataclasses.asdict(answer),
        "flops": f"{answer.flops:.6e}",
        "loss": f"{answer.loss:.6f}",
        "excess": "" if answer.excess != answer.excess else f"{answer.excess:.6f}",
        "seconds": f"{answer.seconds:.2f}",
        "entropy_nats": ""
        if source.entropy_nats != source.entropy_nats
        else f"{source.entropy_nats:.7f}",
        **{name: getattr(recipe, name) for name in _RECIPE},
        "machine": machine_name(device),
        "torch": torch.__version__,
        **provenance(
            confidence="high",
            command="supercycle train-grid",
            note="The loss repeats by seed; the seconds do not where other work shares the machine.",
        ),
    }
