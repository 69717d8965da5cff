"""Names beside points that do not lie on each other."""

from collections.abc import Sequence

import numpy as np

LINE_HEIGHT = 18
CHARACTER = 7.4  # pixels of a letter at the charts' font size, a little more than on average
GAP = 11  # from a point to its name
# Distances up and down that are tried on either side of a point; pixels.
STEPS = 11.0 * np.array([0, -1, 1, -2, 2, -3, 3, -4, 4, -5, 5, -6, 6, -7, 7])
# Names that lie further up or down than this need a line to their point; one that crosses something costs so much,
# in square pixels of overlap. What a pixel of distance costs.
NEAR = 22
CROSSING = 200.0
DISTANCE = 0.5
LEADER = np.array([0.3, 0.45, 0.6, 0.75])  # where on its way a line is looked at
RESTARTS, ROUNDS = 12, 10


def place_labels(
    points: np.ndarray, texts: Sequence[str], size: tuple[float, float], obstacles: np.ndarray
) -> np.ndarray:
    """(points, 2) pixels dx, dy from each point to the middle of its text, so that as little as possible overlaps.

    `points` is (points, 2) in pixels of a plot of the given width and height, y downwards; `obstacles` (boxes, 4) are
    the boxes x0, y0, x1, y1 that names keep clear of. The best of several descents, each of which moves one name at a
    time to where it costs least; the same for the same input.
    """
    count, choices = len(points), 2 * len(STEPS)
    if count == 0:
        return np.empty((0, 2))
    half = np.array([[CHARACTER * len(text) / 2, LINE_HEIGHT / 2] for text in texts])
    sideways = np.concatenate([GAP + half[:, :1], -GAP - half[:, :1]], axis=1)  # to the right, to the left
    dx, dy = np.broadcast_arrays(sideways[:, None, :], STEPS[None, :, None])
    offsets = np.stack([dx, dy], axis=-1).reshape(count, choices, 2)
    middles = points[:, None] + offsets
    boxes = np.concatenate([middles - half[:, None], middles + half[:, None]], axis=-1).reshape(-1, 4)
    leaders = points[:, None, None] + LEADER[:, None] * offsets[:, :, None]
    leaders = leaders.reshape(-1, len(LEADER), 2)
    is_far = np.abs(offsets[..., 1]).ravel() > NEAR

    own = _overlaps(boxes, obstacles).sum(axis=1) + DISTANCE * np.abs(offsets[..., 1]).ravel()
    own += CROSSING * (is_far[:, None] & _crosses(leaders, obstacles)).sum(axis=1)
    beyond = np.clip(-boxes[:, :2], 0, None) + np.clip(boxes[:, 2:] - np.array(size), 0, None)
    own += 100 * beyond.sum(axis=1)
    crossed = CROSSING * (is_far[:, None] & _crosses(leaders, boxes))
    pairs = (_overlaps(boxes, boxes) + crossed + crossed.T).reshape(count, choices, count, choices)

    own = own.reshape(count, choices)
    everyone = np.arange(count)
    pairs[everyone, :, everyone, :] = 0
    best, least = np.zeros(count, int), np.inf
    random = np.random.default_rng(0)
    for restart in range(RESTARTS):
        chosen = own.argmin(axis=1) if restart == 0 else random.integers(0, choices, count)
        for _ in range(ROUNDS):
            before = chosen.copy()
            for place in everyone:
                chosen[place] = (own[place] + pairs[place][:, everyone, chosen].sum(axis=1)).argmin()
            if (chosen == before).all():
                break
        cost = own[everyone, chosen].sum() + pairs[everyone[:, None], chosen[:, None], everyone, chosen].sum() / 2
        if cost < least:
            best, least = chosen, cost
    return np.asarray(offsets[everyone, best])


def _overlaps(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """(boxes, others) square pixels that two boxes share."""
    starts = np.maximum(boxes[:, None, :2], others[None, :, :2])
    ends = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    return np.asarray(np.clip(ends - starts, 0, None).prod(axis=-1))


def _crosses(lines: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """(lines, boxes) whether one of the points (lines, points, 2) that stand for a line lies in a box."""
    crosses = np.zeros((len(lines), len(boxes)), bool)
    for x, y in lines.transpose(1, 2, 0)[..., None]:
        crosses |= (x > boxes[:, 0]) & (x < boxes[:, 2]) & (y > boxes[:, 1]) & (y < boxes[:, 3])
    return crosses
