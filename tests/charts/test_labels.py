"""Names beside points: near, within the plot, and not on each other."""

import numpy as np
import pytest

from emocore.charts.labels import CHARACTER, LINE_HEIGHT, place_labels

SIZE = (660, 340)
NOTHING = np.empty((0, 4))


def boxes(points: np.ndarray, texts: list[str], offsets: np.ndarray) -> np.ndarray:
    half = np.array([[CHARACTER * len(text) / 2, LINE_HEIGHT / 2] for text in texts])
    return np.concatenate([points + offsets - half, points + offsets + half], axis=1)


def overlaps(first: np.ndarray, second: np.ndarray) -> bool:
    return bool((np.minimum(first[2:], second[2:]) - np.maximum(first[:2], second[:2]) > 0).all())


def test_a_name_alone_stands_right_beside_its_point() -> None:
    ((dx, dy),) = place_labels(np.array([[300.0, 100.0]]), ["LoRA"], SIZE, NOTHING)
    assert 0 < dx < 40
    assert dy == 0


def test_a_name_at_the_right_end_stands_on_the_left() -> None:
    ((dx, _),) = place_labels(np.array([[640.0, 100.0]]), ["LoRA (rows 250)"], SIZE, NOTHING)
    assert dx < 0


@pytest.mark.parametrize(
    "points",
    [
        [[600, 126], [600, 139], [600, 161], [600, 178]],
        [[300, 100], [310, 104], [305, 98], [320, 101], [296, 108]],
        [[300, 100]] * 6,
    ],
    ids=["above each other", "a cluster", "the same point"],
)
def test_names_do_not_lie_on_each_other(points: list[list[float]]) -> None:
    texts = [f"LoRA (rows {number})" for number in range(len(points))]
    places = np.array(points, float)
    drawn = boxes(places, texts, place_labels(places, texts, SIZE, NOTHING))
    pairs = [(a, b) for a in range(len(texts)) for b in range(a)]
    assert not any(overlaps(drawn[a], drawn[b]) for a, b in pairs)
    assert (drawn[:, :2] >= 0).all()
    assert (drawn[:, 2:] <= SIZE).all()


def test_a_name_keeps_clear_of_obstacles() -> None:
    points, obstacle = np.array([[300.0, 100.0]]), np.array([[300.0, 99.0, 660.0, 101.0]])
    offsets = place_labels(points, ["LoRA"], SIZE, obstacle)
    assert not overlaps(boxes(points, ["LoRA"], offsets)[0], obstacle[0])


def test_the_same_points_get_the_same_places_and_no_point_none() -> None:
    points = np.array([[300.0, 100.0], [310.0, 104.0]])
    first, second = (place_labels(points, ["a", "b"], SIZE, NOTHING) for _ in range(2))
    assert first.tolist() == second.tolist()
    assert place_labels(np.empty((0, 2)), [], SIZE, NOTHING).shape == (0, 2)
