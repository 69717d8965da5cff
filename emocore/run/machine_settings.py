"""The settings that say where a run computes and where it is logged; `emocore.run.config` has the others."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from emocore.run.use import Use


class MachineSettings(BaseModel):
    """The device, its numbers and memory, checkpoints, and W&B."""

    device: Annotated[str, Use("machine", "Training")] = Field(
        "auto",
        pattern=r"^(auto|cpu|cuda(:\d+)?)$",
        description="auto (a GPU if there is one), cpu, cuda or cuda:N.",
    )
    precision: Annotated[Literal["auto", "bf16", "fp32"], Use("training", "Training")] = Field(
        "auto",
        description="Number format of the training and of the answers: auto is bf16 where the device computes in it, "
        "else fp32.",
    )
    gradient_checkpointing: Annotated[bool, Use("training", "Training")] = Field(
        False, description="Recompute activations in the backward pass: less memory, about a third more time."
    )

    checkpoint_minutes: Annotated[float, Use("machine", "Training")] = Field(
        5.0,
        gt=0,
        le=10_000,
        description="Save a checkpoint at least this often, and after each epoch; a crash loses at most that much.",
    )
    checkpoints_kept: Annotated[int, Use("machine", "Training")] = Field(
        2,
        ge=1,
        le=1000,
        description="Number of checkpoints to keep; older ones are removed, and a finished run keeps none.",
    )

    wandb_mode: Annotated[Literal["auto", "online", "offline"], Use("logging", "W&B")] = Field(
        "auto",
        description="auto is online if WANDB_API_KEY is set, otherwise offline. Local files are always written.",
    )
    wandb_project: Annotated[str, Use("logging", "W&B")] = Field(
        "emocore", min_length=1, max_length=128, description="W&B project."
    )
    wandb_entity: Annotated[str | None, Use("logging", "W&B")] = Field(
        None, description="W&B user or team; by default, that of the key."
    )
    wandb_base_url: Annotated[str | None, Use("logging", "W&B")] = Field(
        None, description="Address of a self-hosted W&B server; by default, WANDB_BASE_URL or the public server."
    )
