"""Label sets known by name, and the fixed order and colour of each emotion.

A data file may hold any other labels: they keep the file's order and take colours in turn.
"""

SEMEVAL_11 = (
    "anger", "anticipation", "disgust", "fear", "joy", "love",
    "optimism", "pessimism", "sadness", "surprise", "trust",
)  # fmt: skip
EKMAN_7 = ("anger", "disgust", "fear", "joy", "neutral", "sadness", "surprise")
GOEMOTIONS_28 = (
    "admiration", "amusement", "anger", "annoyance", "approval", "caring", "confusion",
    "curiosity", "desire", "disappointment", "disapproval", "disgust", "embarrassment",
    "excitement", "fear", "gratitude", "grief", "joy", "love", "nervousness", "optimism",
    "pride", "realization", "relief", "remorse", "sadness", "surprise", "neutral",
)  # fmt: skip

KNOWN_EMOTIONS = frozenset(SEMEVAL_11 + EKMAN_7 + GOEMOTIONS_28)

# Colours follow Plutchik's wheel if it has the emotion; all are legible on white and on dark.
EMOTION_COLORS = {
    "anger": "#d1495b", "anticipation": "#e08e45", "disgust": "#8e6c8a", "fear": "#3d8b6d",
    "joy": "#d9a400", "love": "#d46a9f", "optimism": "#8fb03e", "pessimism": "#7a7f87",
    "sadness": "#4a7fc1", "surprise": "#2fa3b5", "trust": "#5fa55a", "neutral": "#9aa0a6",
}  # fmt: skip
_SPARE_COLORS = ("#4a7fc1", "#e08e45", "#5fa55a", "#d1495b", "#8e6c8a", "#2fa3b5", "#d9a400")


def emotion_color(name: str, position: int) -> str:
    """The colour (#rrggbb) of an emotion; an unknown emotion gets a spare colour by its position."""
    return EMOTION_COLORS.get(name, _SPARE_COLORS[position % len(_SPARE_COLORS)])
