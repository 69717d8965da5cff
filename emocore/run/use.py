"""What Emocore does with a setting, other than to train with it."""

from dataclasses import dataclass
from typing import Literal

Role = Literal["data", "identity", "training", "method", "machine", "logging"]
FormPlace = Literal["top", "Data", "Training", "Methods", "W&B"]


@dataclass(frozen=True)
class Use:
    """How Emocore uses a setting, apart from training with it.

    Attributes:
        role: `data` describes the texts, `identity` identifies the run, `training` holds for all methods that train
            a base, `method` is read by single methods (see `Method.settings`), `machine` says where it runs, and
            `logging` where it is logged. Series differ in data, training and method settings, which are audited;
            runs of a study share data and identity.
        form: The heading on the Launch page under "More settings", or the top of the page; None for a setting that is
            not a choice there.
        varied: Whether a study may give it several values.
        file: Whether it names a data file, which is identified by content; its path is private to this machine.
        draws: Whether it only divides or draws texts; the evaluation texts then identify a series, and not this
            setting.
        audited_as: The name that the audit uses, if that is not the setting's own name.
        needs_base: Whether a method without a base ignores it; only for training settings.
    """

    role: Role
    form: FormPlace | None
    varied: bool = False
    file: bool = False
    draws: bool = False
    audited_as: str | None = None
    needs_base: bool = True
