"""Choose units so that their texts, and those with each label, come near to a wanted share of all.

The miss is the sum of (h - share T)^2 / T over the number of texts and of texts with each label, where h of T are
chosen. All of it is computed in whole numbers: floating-point sums may differ between machines and versions of NumPy in
the last digit, and then so would the choice. The search is local: it ends where no change or exchange that it tries
comes nearer.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

PASSES = 5  # more hardly come nearer
COMPARED_NUMBERS = 200_000_000  # in exchanges, which takes a few seconds

Counts = Sequence[tuple[int, int]]
"""Column and number, without zeros: how many texts a unit has, and how many with a label."""


class Balance:
    """Chooses among candidates, besides what is chosen already.

    Choosing n more texts of a label changes (h - share T)^2 / T by n (2 h + n) / T - 2 n share; taking n back is
    choosing -n. For whole numbers, everything is multiplied by a scale with which the sums fit 64 bits.
    """

    def __init__(self, candidates: np.ndarray, chosen: np.ndarray, totals: np.ndarray, share: float) -> None:
        """`candidates` (candidates, columns) are the counts of each: of texts in column 0, of labels in the others.
        `chosen` (columns,) are those of what is chosen already, `totals` (columns,) those of all units."""
        scale = 2**62 // (20 * candidates.shape[1] * max(int(candidates.max(initial=1)), 1))
        self._counts, self._lists = candidates, _list_counts(candidates)
        self._signs = np.ones(len(candidates), dtype=np.int64)  # 1 for one that may be chosen, -1 for a chosen one
        self._chosen = chosen.tolist()
        self._weights = [scale // max(total, 1) for total in totals.tolist()]  # a rare label may have no text left
        self._doubled_share = 2 * round(share * scale)
        self._wanted_texts = round(share * int(totals[0]))

    def choose(self) -> np.ndarray:
        """(candidates,) whether each is chosen."""
        self._fill()
        self._correct_size()
        self._exchange()
        return self._signs < 0

    def _fill(self) -> None:
        """Visit the candidates in their order and change each that lowers the miss."""
        for _ in range(PASSES):
            has_changed = False
            for place in range(len(self._lists)):
                if self._cost(place) < 0:
                    self._change(place)
                    has_changed = True
            if not has_changed:
                break

    def _correct_size(self) -> None:
        """Bring the number of texts as near as it gets, by the changes that raise the miss the least."""
        while lacking := self._wanted_texts - self._chosen[0]:
            sign = 1 if lacking > 0 else -1
            nearer = np.flatnonzero((self._signs == sign) & (self._counts[:, 0] < 2 * abs(lacking)))
            if not len(nearer):
                break
            self._change(min(nearer.tolist(), key=self._cost))

    def _exchange(self) -> None:
        """Exchange each chosen candidate for the other one that lowers the miss the most."""
        visits = COMPARED_NUMBERS // max(self._counts.size, 1)
        for _ in range(PASSES):
            has_changed = False
            for place in np.flatnonzero(self._signs < 0).tolist():
                if not visits:
                    return
                visits -= 1
                costs = self._cost_of_exchanges(place)
                other = int(costs.argmin())
                if costs[other] < 0:
                    self._change(place)
                    self._change(other)
                    has_changed = True
            if not has_changed:
                return

    def _cost(self, place: int) -> int:
        """By how much the miss rises if this candidate changes its side."""
        sign, cost = int(self._signs[place]), 0
        for column, number in self._lists[place]:
            more = sign * number
            cost += more * ((2 * self._chosen[column] + more) * self._weights[column] - self._doubled_share)
        return cost

    def _cost_of_exchanges(self, place: int) -> np.ndarray:
        """(candidates,) by how much the miss rises if a chosen candidate makes room for each other one; 0 for those
        that are chosen."""
        weights = np.array(self._weights)
        room = 2 * (np.array(self._chosen) - self._counts[place])
        own = ((room + self._counts) * weights - self._doubled_share) * self._counts
        return np.where(self._signs > 0, own.sum(axis=1) + self._cost(place), 0)

    def _change(self, place: int) -> None:
        sign = int(self._signs[place])
        for column, number in self._lists[place]:
            self._chosen[column] += sign * number
        self._signs[place] = -sign


def _list_counts(counts: np.ndarray) -> list[Counts]:
    rows, columns = np.nonzero(counts)
    pairs = list(zip(columns.tolist(), counts[rows, columns].tolist(), strict=True))
    ends = np.searchsorted(rows, np.arange(len(counts) + 1)).tolist()
    return [pairs[start:end] for start, end in pairwise(ends)]
