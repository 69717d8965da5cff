"""Log a run to Weights & Biases: online with a key, offline without, and never in the way of training.

The key comes from WANDB_API_KEY alone; it is written nowhere. Not covered: resuming a W&B run.
"""

import logging
import os
from collections.abc import Callable
from typing import Any

from emocore.config import RunConfig
from emocore.folder import RunFolder
from emocore.text import first_line

INIT_TIMEOUT_SECONDS = 12
FINISH_TIMEOUT_SECONDS = 30

logger = logging.getLogger(__name__)


class WandbLog:
    """One W&B run. `wandb.json` in the run's folder says where it is and why it is not online.

    Should the client break down in the middle, the log says so once and the training goes on without it.
    """

    def __init__(self, run: RunFolder, config: RunConfig) -> None:
        self._run = _start(run, config)

    def log(self, row: dict[str, Any]) -> None:
        self._try(lambda: self._run.log({**row, "train/global_step": row["step"]}))

    def summarize(self, values: dict[str, Any]) -> None:
        self._try(lambda: self._run.summary.update(values))

    def finish(self, exit_code: int) -> None:
        self._try(lambda: self._run.finish(exit_code=exit_code))

    def _try(self, action: Callable[[], object]) -> None:
        if self._run is None:
            return
        try:
            action()
        except Exception as error:  # whatever a logger dies of, it is no reason to lose a training
            logger.warning("W&B: %s; the run goes on and is complete in its folder", first_line(error))
            self._run = None


def wandb_mode(config: RunConfig) -> str:
    """ "online" or "offline": what `wandb_mode` means on this machine."""
    if config.wandb_mode != "auto":
        return config.wandb_mode
    return "online" if os.environ.get("WANDB_API_KEY") else "offline"


def _start(run: RunFolder, config: RunConfig) -> Any:
    import wandb

    os.environ.setdefault("WANDB__FILE_STREAM_TRANSMIT_INTERVAL", "1")
    os.environ.setdefault("WANDB_ERROR_REPORTING", "false")
    # Asking who the user is first would wait 10 s for a dead server, whatever the time limit of init.
    os.environ.setdefault("WANDB__DISABLE_VIEWER", "true")
    mode, reason = wandb_mode(config), None
    if mode == "online" and not os.environ.get("WANDB_API_KEY"):
        mode, reason = "offline", "WANDB_API_KEY is not set"
    if mode == "online":
        try:
            wandb_run = _init(run, config, "online")
        except (wandb.errors.Error, OSError, TimeoutError) as error:
            mode, reason = "offline", f"W&B could not be reached ({first_line(error)})"
            # The failed attempt still claims the id, and a key that is none would fail offline as well.
            wandb.teardown()
            os.environ.pop("WANDB_API_KEY")
    if mode == "offline":
        wandb_run = _init(run, config, "offline")
        logger.info("W&B: offline%s; the run is complete in its folder", f", since {reason}" if reason else "")
    else:
        logger.info("W&B: online at %s", wandb_run.url)
    run.write_json(
        "wandb.json",
        {
            "mode": mode,
            "reason": reason,
            "entity": wandb_run.entity or None,
            "project": config.wandb_project,
            "id": run.id,
            "url": wandb_run.url if mode == "online" else None,
            "base_url": wandb_run.settings.base_url if mode == "online" else None,
        },
    )
    return wandb_run


def _init(run: RunFolder, config: RunConfig, mode: str) -> Any:
    import wandb

    settings: dict[str, Any] = {
        "init_timeout": INIT_TIMEOUT_SECONDS,
        "finish_timeout": FINISH_TIMEOUT_SECONDS,
        "console": "off",
        "disable_git": True,
        "save_code": False,
        "silent": True,
        "x_disable_stats": True,
    }
    if config.wandb_base_url:
        settings["base_url"] = config.wandb_base_url
    return wandb.init(
        id=run.id,
        name=run.id,
        project=config.wandb_project,
        entity=config.wandb_entity,
        group=config.study,
        config=config.model_dump(),
        dir=str(run.path),
        mode=mode,  # type: ignore[arg-type]
        settings=wandb.Settings(**settings),
    )
