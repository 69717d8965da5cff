"""Which scores of a comparison are optimistic, since the epoch was chosen on the texts that are scored."""

from emocore.evaluation.comparison import Comparison
from emocore.run.result import CHOSEN_NOTE
from emocore.text import name_some


def note_chosen_epochs(comparison: Comparison) -> list[str]:
    """A sentence that names these series; none on another split than validation."""
    if comparison.split != "validation":
        return []
    chosen = list(dict.fromkeys(comparison.series[result.id] for result in comparison.whole if result.scores.kept))
    chosen += [joint.method_title for joint in comparison.joint if set(chosen) & set(joint.members)]
    return [f"Of {name_some(list(dict.fromkeys(chosen)))}, {CHOSEN_NOTE}."] if chosen else []
