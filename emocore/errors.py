"""Every error that Emocore raises on purpose.

    EmocoreError
    |- ConfigError      a setting is unknown, out of range or has no effect
    |- DataError        a data file cannot be used as it is
    |   `- HubConfigError   of a dataset on the Hub, one of several configs has to be named
    |- BaseModelError   a base is unknown, missing or needs a licence
    |- AdapterError     an adapter folder is incomplete, broken or unsafe
    |- RunError         a run does not exist or is in the wrong state

Each message says what happened, where, and what to do next. The core raises errors; only the pages and the
command line show them.
"""


class EmocoreError(Exception):
    """Base of all errors whose message is meant for the user.

    `message` says what happened, and an optional `hint` says what to do next on a command line; `str(error)` has both.
    A page shows only the message, since it has links instead.
    """

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(f"{message}; {hint}" if hint else message)
        self.message = message


class ConfigError(EmocoreError):
    """A setting is unknown, out of range or has no effect. `field` names the setting, if there is one."""

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class DataError(EmocoreError):
    """A data file cannot be used as it is."""


class HubConfigError(DataError):
    """A dataset on the Hugging Face Hub has several configs, or another than the named one. `dataset_id` is
    OWNER/DATASET, and `configs` are their names."""

    def __init__(self, message: str, hint: str, dataset_id: str, configs: tuple[str, ...]) -> None:
        super().__init__(message, hint)
        self.dataset_id, self.configs = dataset_id, configs


class BaseModelError(EmocoreError):
    """A base is unknown, missing, or needs a licence to be accepted."""


class AdapterError(EmocoreError):
    """An adapter folder is incomplete, broken or unsafe to load."""


class RunError(EmocoreError):
    """A run does not exist or is in the wrong state for the request."""
