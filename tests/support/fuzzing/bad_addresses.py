"""Bad page addresses: query parameters of every page in any combination."""

from random import Random

from tests.support.fuzzing.box import Box, Step
from tests.support.fuzzing.nasty import MARKUP, NUMBERS, pick_text

# What each page reads of its address; any of them may stand in the address of another page.
NAMES = {
    "start": (),
    "launch": ("preset", "clone"),
    "runs": ("study",),
    "run": ("run",),
    "playground": ("runs",),
    "compare": (
        "study", "runs", "split", "thresholds", "view", "emotion", "first", "second", "of", "kind", "metric", "cost",
        "minutes", "peak_memory_gigabytes", "adapter_megabytes", "latency_milliseconds", "table", "figure", "format",
        "project",
    ),
}  # fmt: skip
ALL_NAMES = sorted({name for names in NAMES.values() for name in names})
MEANT = (
    "s", "first", "second", "test", "validation", "tuned", "fixed", "anger", "joy", "starter",
    "as-it-was", "fair", "rows", "learning-rate", "emotions", "verdicts", "thresholds", "costs", "texts", "export",
    "f1_macro", "jaccard", "with", "png", "svg", "TF-IDF", "<all>", "~",
)  # fmt: skip


def make(random: Random, box: Box) -> list[Step]:
    box.add_run("tfidf", "first")
    box.add_run("tfidf_again", "second")
    name = random.choice(["compare", "run", *NAMES])
    known = list(NAMES[name]) or ALL_NAMES
    query = {}
    for _ in range(random.choice((1, 1, 2, 3, 5))):
        parameter = random.choice(known) if random.random() < 0.85 else random.choice((*ALL_NAMES, pick_text(random)))
        query[parameter] = values(random)
    return [Step(page={"name": name, "query": query})]


def values(random: Random) -> str | list[str]:
    if random.random() < 0.1:
        return [value(random) for _ in range(random.choice((2, 3, 40)))]
    return value(random)


def value(random: Random) -> str:
    """A value that is nearly valid, or far from it."""
    chance = random.random()
    if chance < 0.3:
        return random.choice(MEANT)
    if chance < 0.4:
        return random.choice(MEANT) + random.choice((" ", "\0", "\n", "/..", "é", "\u202e"))
    if chance < 0.6:
        return random.choice(MARKUP)
    if chance < 0.75:
        return random.choice(NUMBERS)
    return pick_text(random).replace("\ud800", "")
