"""Prefixes that stay in memory: least recently used ones fall from tier to tier.

Prompts that begin alike share the pages of their common beginning. A prefix block in the
accelerator's memory is *held* by the requests that read it, or *idle*: then its pages count as
free and the block falls to the tier below when somebody needs them.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from supercycle.cluster.fleet import Replica

__all__ = ["PrefixCache"]


class PrefixCache:
    """The prefix blocks of one replica, in its accelerators' memory and in the tiers below."""

    def __init__(self, machine: Replica) -> None:
        self.machine = machine
        self.pages = machine.prefix_block_tokens // machine.block_tokens  # of one block
        block_bytes = machine.prefix_block_tokens * machine.kv_bytes_per_token
        self.held: dict[int, int] = {}  # block → requests that hold it
        self.idle: OrderedDict[int, None] = OrderedDict()  # longest unused first
        self.tiers: list[OrderedDict[int, None]] = [OrderedDict() for _ in machine.tiers]
        self.room = [int(tier.memory_bytes // block_bytes) for tier in machine.tiers]
        self.block_s = [block_bytes / tier.bandwidth_bytes_per_s for tier in machine.tiers]

    def clear(self) -> None:
        """Forget everything."""
        self.held.clear()
        self.idle.clear()
        for tier in self.tiers:
            tier.clear()

    def match(self, blocks: Sequence[int]) -> tuple[int, int]:
        """Leading blocks that are here, and how many of them are idle."""
        held, idle = self.held, self.idle
        here = unused = 0
        for block in blocks:
            if block in idle:
                unused += 1
            elif block not in held:
                break
            here += 1
        return here, unused

    def below(self, blocks: Sequence[int]) -> list[int]:
        """Tiers of the leading blocks that stand in tiers below, one entry a block."""
        found = []
        for block in blocks:
            tier = next((i for i, tier in enumerate(self.tiers) if block in tier), None)
            if tier is None:
                break
            found.append(tier)
        return found

    def hold(self, blocks: Sequence[int]) -> None:
        """One more request holds blocks that are here."""
        held, idle = self.held, self.idle
        for block in blocks:
            if block in idle:
                del idle[block]
                held[block] = 1
            else:
                held[block] += 1

    def add(self, blocks: Sequence[int]) -> list[int]:
        """A request has computed or reloaded blocks: those that are new here, now held by it."""
        new = []
        for block in blocks:
            if block in self.held or block in self.idle:
                continue  # somebody else was faster: this copy stays private
            self.held[block] = 1
            new.append(block)
            for tier in self.tiers:
                tier.pop(block, None)
        return new

    def release(self, blocks: Sequence[int]) -> int:
        """A request lets go; how many blocks nobody holds any more. The last block falls first."""
        freed = 0
        for block in reversed(blocks):
            self.held[block] -= 1
            if not self.held[block]:
                del self.held[block]
                self.idle[block] = None
                freed += 1
        return freed

    def shrink(self, free_pages: int) -> None:
        """Let idle blocks fall until they fit the free pages."""
        while len(self.idle) * self.pages > free_pages:
            block, _ = self.idle.popitem(last=False)
            for tier, room in zip(self.tiers, self.room, strict=True):
                tier[block] = None
                tier.move_to_end(block)
                if len(tier) <= room:
                    break
                block, _ = tier.popitem(last=False)  # the oldest falls further, or out
