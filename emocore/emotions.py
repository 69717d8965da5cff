"""Label sets known by name, and the order and colour of every label in charts and tables.

A data file may hold any other labels: they keep the file's order and get a colour by their name. Nothing here changes
what a label is called or what a run learns; an alias serves only recognition, order and colour.
"""

import re
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class LabelSet:
    """A label set of a well-known dataset. `labels` are in the order of charts and tables; `aliases` maps other names
    of a label, in lower case and with spaces, to the label."""

    name: str
    title: str
    labels: tuple[str, ...]
    aliases: Mapping[str, str] = field(default_factory=dict)

    def find(self, label: str) -> str | None:
        """What the set calls a label of a file, in any case and with _ or - for spaces; None if it has no such one."""
        plain = _plain_form(label)
        return plain if plain in self.labels else self.aliases.get(plain)


_BASIC_ALIASES = {
    "angry": "anger", "disgusted": "disgust", "fearful": "fear", "afraid": "fear", "scared": "fear", "happy": "joy",
    "happiness": "joy", "joyful": "joy", "sad": "sadness", "surprised": "surprise",
}  # fmt: skip
_NEUTRAL_ALIASES = {"no emotion": "neutral", "none": "neutral", "without emotion": "neutral"}
LABEL_SETS = {
    known.name: known
    for known in (
        LabelSet(
            name="ekman-6", title="Ekman's basic emotions, as in BRIGHTER",
            labels=("anger", "disgust", "fear", "joy", "sadness", "surprise"),
            aliases=_BASIC_ALIASES,
        ),
        LabelSet(
            name="ekman-7", title="Ekman's basic emotions and neutral",
            labels=("anger", "disgust", "fear", "joy", "sadness", "surprise", "neutral"),
            aliases=_BASIC_ALIASES | _NEUTRAL_ALIASES,
        ),
        LabelSet(
            name="semeval-11", title="SemEval-2018 E-c",
            labels=(
                "anger", "anticipation", "disgust", "fear", "joy", "love", "optimism", "pessimism", "sadness",
                "surprise", "trust",
            ),
            aliases=_BASIC_ALIASES | {"optimistic": "optimism", "pessimistic": "pessimism"},
        ),
        LabelSet(
            name="goemotions-28", title="GoEmotions",
            labels=(
                "admiration", "amusement", "anger", "annoyance", "approval", "caring", "confusion", "curiosity",
                "desire", "disappointment", "disapproval", "disgust", "embarrassment", "excitement", "fear",
                "gratitude", "grief", "joy", "love", "nervousness", "optimism", "pride", "realization", "relief",
                "remorse", "sadness", "surprise", "neutral",
            ),
            aliases=_BASIC_ALIASES | _NEUTRAL_ALIASES | {
                "amused": "amusement", "annoyed": "annoyance", "confused": "confusion", "curious": "curiosity",
                "disappointed": "disappointment", "embarrassed": "embarrassment", "excited": "excitement",
                "grateful": "gratitude", "nervous": "nervousness", "optimistic": "optimism", "proud": "pride",
                "realisation": "realization", "relieved": "relief",
            },
        ),
    )
}  # fmt: skip

# All colours have a contrast of at least 3 to the light and the dark page (WCAG 2.2 for graphics). Those of Plutchik's
# emotions follow his wheel, and others are near a related one.
_COLORS = {
    "admiration": "#579766", "amusement": "#b9832c", "anger": "#d1495b", "annoyance": "#ba5a42",
    "anticipation": "#d07f34", "approval": "#607c39", "caring": "#c27487", "confusion": "#7b78b4",
    "curiosity": "#3a95b9", "desire": "#bd3e74", "disappointment": "#60749e", "disapproval": "#9a4f51",
    "disgust": "#8e6c8a", "embarrassment": "#cb6d67", "excitement": "#dc701c", "fear": "#3d8b6d",
    "gratitude": "#078e7d", "grief": "#54629a", "joy": "#b98b04", "love": "#d46a9f", "nervousness": "#7a7835",
    "neutral": "#8d9398", "optimism": "#7e9e29", "pessimism": "#7a7f87", "pride": "#8e5bab", "realization": "#499b9f",
    "relief": "#4ca375", "remorse": "#74678d", "sadness": "#4a7fc1", "surprise": "#2ba0b2", "trust": "#5da258",
}  # fmt: skip
# 24 hues, each darker and lighter (OKLCH: lightness 0.56 and 0.64, chroma 0.13 or the most that a screen can show).
_SPARE_COLORS = (
    "#af4f71", "#b3505b", "#b45244", "#b1582b", "#aa5f04", "#9c6900", "#8e7002", "#7f7703", "#6b7f09", "#51852f",
    "#2d8949", "#008a63", "#008877", "#008686", "#058393", "#0081a3", "#017cb7", "#3a75bf", "#576ec0", "#6e67bd",
    "#8160b5", "#915aa8", "#9e5598", "#a85186", "#cd677e", "#cf6967", "#ce6d50", "#c97338", "#bf7b20", "#b38308",
    "#a28c0a", "#8e9423", "#769a3c", "#59a054", "#34a36c", "#0aa484", "#0ba198", "#079fa9", "#049cb9", "#0898cd",
    "#4192d7", "#608adb", "#7a83da", "#8f7cd4", "#a275c9", "#b16fba", "#be6ba8", "#c76894",
)  # fmt: skip


def is_emotion_name(name: str) -> bool:
    """Whether a column has the name of a label of a known set, in any case. Aliases do not count, since this decides
    which columns of a file are labels, and a column called "none" need not be one."""
    return any(name.lower() in known.labels for known in LABEL_SETS.values())


def find_label_set(labels: Iterable[str]) -> LabelSet | None:
    """The smallest known set that holds all of these labels by name or alias, each under another name of the set; None
    if there is no such set."""
    wanted = list(labels)
    for known in sorted(LABEL_SETS.values(), key=lambda known: len(known.labels)):
        found = [known.find(label) for label in wanted]
        if None not in found and len(set(found)) == len(found):
            return known
    return None


def describe_label_set(labels: Sequence[str]) -> str | None:
    """A sentence on whose labels these are; None if no known set holds them."""
    known = find_label_set(labels)
    if known is None:
        return None
    count = "the" if len(labels) == len(known.labels) else f"{len(labels)} of the {len(known.labels)}"
    return f"These are {count} labels of {known.title}."


def display_order(labels: Iterable[str]) -> list[str]:
    """The labels in the order of charts and tables: that of their known set, otherwise as they come."""
    listed = list(labels)
    known = find_label_set(listed)
    return listed if known is None else sorted(listed, key=lambda label: known.labels.index(str(known.find(label))))


def emotion_color(label: str) -> str:
    """The colour (#rrggbb) of a label, which depends only on its name: a known one has its own, also under an alias,
    and any other gets one of the spare colours."""
    for known in LABEL_SETS.values():
        if (name := known.find(label)) in _COLORS:
            return _COLORS[name]
    return _SPARE_COLORS[zlib.crc32(_plain_form(label).encode()) % len(_SPARE_COLORS)]


def _plain_form(label: str) -> str:
    return re.sub(r"[\s_-]+", " ", label).strip().casefold()
