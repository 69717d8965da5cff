"""How many runs may share a device of this machine, as the user set it.

The limits are in `limits.json` of the settings folder, so they hold for all runs folders of this installation. The
scheduler reads them before each start.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from emocore.errors import ConfigError
from emocore.system.files import read_json_object
from emocore.system.installation import changing_settings, settings_folder, write_setting

FILE = "limits.json"
MOST_RUNS = 16

Kind = Literal["cpu", "gpu"]


class DeviceLimits(BaseModel):
    """The most runs at once on the CPU and on each GPU.

    By default a run has all cores of the CPU and times of its own. On a GPU it has company only where the memory is
    known to be enough, see `emocore.jobs.packing`.
    """

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    cpu: int = Field(1, ge=1, le=MOST_RUNS)
    gpu: int = Field(4, ge=1, le=MOST_RUNS)

    def of(self, device: str) -> int:
        """The limit of a device, by its name."""
        return self.cpu if device == "cpu" else self.gpu


def read_limits() -> DeviceLimits:
    """The limits, as they are by default where the user has set none. Raises ConfigError if the file is damaged."""
    path = settings_folder() / FILE
    try:
        content = read_json_object(path)
        return DeviceLimits.model_validate(content)
    except (FileNotFoundError, NotADirectoryError):
        return DeviceLimits()
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror}); make it readable for yourself") from None
    except ValidationError:
        raise ConfigError(f"{path} is damaged; delete it, and set the limits again") from None


def set_limit(kind: Kind, runs: int) -> None:
    """Let so many runs share a device of this kind. Raises ConfigError if the number is out of bounds or cannot be
    stored."""
    if not 1 <= runs <= MOST_RUNS:
        raise ConfigError(f"runs at once on a device: {runs} is not from 1 to {MOST_RUNS}; choose another number")
    with changing_settings():
        write_setting(FILE, read_limits().model_copy(update={kind: runs}).model_dump())
