"""Every setting of a run, once: its default, bounds and description.

The descriptions are the tooltips of the pages, the help of the command line and the documentation.
A value of None means "the method's or the base's own default"; `emocore.models.resolve` fills it in,
so a stored `config.json` always shows what really ran.
"""

from pathlib import Path
from typing import Any, Literal, Self, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator, model_validator

from emocore.errors import ConfigError
from emocore.run.setting_texts import LONGEST_NAME, MOST_VALUES, STUDY_NAME, check_text
from emocore.system.files import read_json_object

STARTER = "starter"

# What makes a comparison of methods fair: never set for one method of a study alone.
SHARED_SETTINGS = frozenset(
    {
        "method", "seed", "study", "data", "validation_data", "test_data", "text_column", "label_columns", "rows",
        "validation_share", "test_share", "split_seed",
    }
)  # fmt: skip
# Of the numbers, those that no curve is drawn against: a threshold can be chosen after the training.
NEVER_VARIED = SHARED_SETTINGS - {"rows"} | {"threshold", "checkpoint_minutes", "checkpoints_kept"}

Model = TypeVar("Model", bound=BaseModel)


class RunConfig(BaseModel):
    """One fine-tuning run, complete enough to repeat it."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True, allow_inf_nan=False)

    method: str = Field("lora", description="How the base is fine-tuned; see `methods`.")
    base: str = Field(
        "minilm-l6",
        description="The pretrained model: a name of the catalogue, a Hub id (owner/name) or a local folder.",
    )
    seed: int = Field(
        42,
        ge=0,
        lt=2**31,
        description="Seeds the new weights and the order of the batches. Seeds of one study share the same split.",
    )
    study: str | None = Field(
        None,
        max_length=80,
        pattern=STUDY_NAME,
        description="Runs with the same study name are compared together; it is the group in W&B.",
    )

    data: str = Field(
        STARTER,
        description="'starter' for the built-in messages, or a CSV/TSV file with a text column and 0/1 label columns.",
    )
    validation_data: str | None = Field(
        None,
        description="A separate validation file (an official split). Without it, a share of the data is used.",
    )
    test_data: str | None = Field(
        None,
        description="A separate test file. Without it a share of the data is used, "
        "or none where a validation file is given.",
    )
    text_column: str | None = Field(
        None,
        description="Column with the text. Found by itself if it is called Tweet, text, message or the like.",
    )
    label_columns: list[str] | None = Field(
        None, description="Columns with the 0/1 labels. Without it: every numeric column but the ID."
    )
    rows: int | None = Field(
        None,
        ge=20,
        le=100_000_000,
        description="Use only this many rows of the training part (the study used 1,000). "
        "A smaller number is a subset of a larger one.",
    )
    validation_share: float = Field(0.15, gt=0, lt=0.5, description="Share of the data used for validation.")
    test_share: float = Field(0.15, gt=0, lt=0.5, description="Share of the data held back for the test.")
    split_seed: int = Field(
        42,
        ge=0,
        lt=2**31,
        description="Seeds the split and the choice of rows, the same for all seeds of a study.",
    )
    max_length: int = Field(128, ge=8, le=8192, description="Longest text in tokens; what is over is cut off.")

    epochs: int | None = Field(None, ge=1, le=1000, description="Passes over the training rows.")
    max_steps: int | None = Field(
        None, ge=1, le=1_000_000, description="Stop after so many steps, whatever the epochs (the study's QLoRA: 40)."
    )
    batch_size: int = Field(16, ge=1, le=4096, description="Texts per optimizer step, before accumulation.")
    gradient_accumulation_steps: int = Field(
        1, ge=1, le=1024, description="Batches summed before a step: a larger effective batch in the same memory."
    )
    learning_rate: float | None = Field(
        None, gt=0, le=1, description="Peak learning rate of the adapter. IA3 wants about 10 times LoRA's."
    )
    head_learning_rate: float | None = Field(
        None, gt=0, le=1, description="Peak learning rate of the new classification head, which starts from nothing."
    )
    weight_decay: float = Field(0.01, ge=0, le=1, description="AdamW's weight decay.")
    warmup_share: float = Field(0.1, ge=0, lt=1, description="Share of the steps in which the learning rate rises.")
    max_grad_norm: float = Field(1.0, gt=0, le=1_000_000, description="Gradients are clipped to this norm.")
    threshold: float = Field(
        0.5, gt=0, lt=1, description="An emotion is predicted when its probability is at least this."
    )

    lora_rank: int | None = Field(None, ge=1, le=1024, description="Rank of the LoRA matrices.")
    lora_alpha: int | None = Field(
        None, ge=1, le=4096, description="LoRA's scale: updates are multiplied by alpha / rank."
    )
    lora_dropout: float | None = Field(None, ge=0, lt=1, description="Dropout on the input of the LoRA matrices.")
    target_modules: list[str] | None = Field(
        None,
        description="Layers that get an adapter, by the end of their names. Without it: the base's defaults.",
    )
    inverse_regularization: float | None = Field(
        None, gt=0, le=1_000_000, description="C of the logistic regression: smaller means stronger regularisation."
    )

    device: str = Field(
        "auto",
        pattern=r"^(auto|cpu|cuda(:\d+)?)$",
        description="auto (a GPU if there is one), cpu, cuda or cuda:N.",
    )
    precision: Literal["auto", "bf16", "fp32"] = Field(
        "auto", description="Number format of the training: auto is bf16 where the device computes in it, else fp32."
    )
    gradient_checkpointing: bool = Field(
        False, description="Recompute activations in the backward pass: less memory, about a third more time."
    )

    checkpoint_minutes: float = Field(
        5.0,
        gt=0,
        le=10_000,
        description="Save a checkpoint at least this often, besides the end of each epoch: what a crash can cost.",
    )
    checkpoints_kept: int = Field(
        2, ge=1, le=1000, description="Older checkpoints are removed; a finished run keeps none."
    )

    wandb_mode: Literal["auto", "online", "offline"] = Field(
        "auto",
        description="auto: online when WANDB_API_KEY is set, otherwise offline. Local files are written always.",
    )
    wandb_project: str = Field("emocore", min_length=1, max_length=128, description="W&B project.")
    wandb_entity: str | None = Field(None, description="W&B user or team; without it, the key's own default.")
    wandb_base_url: str | None = Field(
        None, description="Address of a self-hosted W&B server; without it, WANDB_BASE_URL or the public one."
    )

    @field_validator("*")
    @classmethod
    def _check_text(cls, value: Any, info: ValidationInfo) -> Any:
        return check_text(str(info.field_name), value)

    @model_validator(mode="after")
    def _check_shares(self) -> Self:
        if self.validation_share + self.test_share >= 0.8:
            raise ValueError("validation_share and test_share leave less than 20 % for training; lower one of them")
        return self

    @classmethod
    def read(cls, path: Path) -> "RunConfig":
        """The stored config at `path`. Raises ConfigError if it is damaged or not one of this version."""
        values = read_json_object(path)
        if values is None:
            raise ConfigError(f"{path}: damaged; it should hold one JSON object")
        return build(cls, values, where=f"{path}: ")


class StudyConfig(BaseModel):
    """Methods x seeds that share everything else, but for one number that may be varied: one fair comparison."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=80, pattern=STUDY_NAME, description="Name of the study.")
    methods: list[str] = Field(min_length=1, max_length=MOST_VALUES, description="Methods to compare.")
    seeds: list[int] = Field(
        [42],
        min_length=1,
        max_length=MOST_VALUES,
        description="One run a method and seed; several show the chance in a result.",
    )
    settings: dict[str, Any] = Field(default_factory=dict, description="Settings that all runs share.")
    method_settings: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="Settings of one method alone, such as its learning rate."
    )
    # One at a time: F1 is drawn against it, and with two nobody could say which of them did it.
    vary: dict[str, list[Any]] = Field(
        default_factory=dict,
        description="One numeric setting with the values to try, such as rows: one run a method, value and seed.",
    )

    @field_validator("vary")
    @classmethod
    def _check_vary(cls, vary: dict[str, list[Any]], info: ValidationInfo) -> dict[str, list[Any]]:
        """The values come back as numbers, whatever they were typed as."""
        if len(vary) > 1:
            raise ValueError(f"one setting at a time, not {', '.join(vary)}")
        given = [info.data.get("settings", {}), *info.data.get("method_settings", {}).values()]
        for name in vary:
            if name not in variable_settings():
                raise ValueError(f"{name} cannot be varied; these can: {', '.join(variable_settings())}")
            if any(name in settings for settings in given):
                raise ValueError(f"{name} is also given as a setting of its own; leave one of the two out")
        return {name: _check_values(name, values) for name, values in vary.items()}

    @model_validator(mode="after")
    def _check_what_is_shared(self) -> Self:
        for name in self.settings:
            if name in ("method", "seed", "study"):
                raise ValueError(f"{name}: a study takes this from its methods, seeds and name, not from a setting")
        for method, own in self.method_settings.items():
            for name in own:
                if name in SHARED_SETTINGS:
                    raise ValueError(f"{method}.{name}: all runs of a study share this; set it for the whole study")
        return self

    def run_configs(self) -> list[RunConfig]:
        """One unresolved RunConfig a method, varied value and seed, in the given order, seeds innermost; also for
        methods that do not read what is varied, which `plan_study` knows."""
        variants = [{name: value} for name, values in self.vary.items() for value in values] or [{}]
        return [
            build(
                RunConfig,
                {
                    **self.settings,
                    **self.method_settings.get(method, {}),
                    **variant,
                    "method": method,
                    "seed": seed,
                    "study": self.name,
                },
            )
            for method in dict.fromkeys(self.methods)
            for variant in variants
            for seed in dict.fromkeys(self.seeds)
        ]


def build(model: type[Model], values: dict[str, Any], where: str = "") -> Model:
    """`model(**values)`; a ConfigError that names the first wrong field instead of pydantic's report."""
    try:
        return model(**values)
    except ValidationError as error:
        problem = error.errors()[0]
        field = ".".join(str(part) for part in problem["loc"])
        message = problem["msg"].removeprefix("Value error, ")
        if problem["type"] == "extra_forbidden":
            message = f"no such setting; known are: {', '.join(model.model_fields)}"
        elif field and problem["type"] != "value_error":
            message = f"{message}, not {problem['input']!r:.{LONGEST_NAME}}"
        raise ConfigError(f"{where}{field}: {message}" if field else f"{where}{message}", field=field or None) from None


def is_number(name: str) -> bool:
    """Whether a RunConfig setting takes a number, or nothing."""
    annotation = RunConfig.model_fields[name].annotation
    return bool({int, float} & {annotation, *get_args(annotation)})


def variable_settings() -> list[str]:
    """The settings that a study can vary: numbers that change the training."""
    return [name for name in RunConfig.model_fields if is_number(name) and name not in NEVER_VARIED]


def describe(name: str) -> str:
    """The description of a RunConfig setting."""
    return RunConfig.model_fields[name].description or ""


def bounds(name: str) -> dict[str, float]:
    """The numeric bounds of a RunConfig setting: any of ge, gt, le, lt."""
    return {
        kind: value
        for item in RunConfig.model_fields[name].metadata
        for kind in ("ge", "gt", "le", "lt")
        if (value := getattr(item, kind, None)) is not None
    }


def _check_values(name: str, values: list[Any]) -> list[Any]:
    try:
        checked = [getattr(build(RunConfig, {name: value}), name) for value in values]
    except ConfigError as error:
        raise ValueError(str(error)) from None
    if len(checked) > MOST_VALUES:
        raise ValueError(f"{name} has {len(checked):,} values; at most {MOST_VALUES:,} are tried in one study")
    if len(checked) < 2 or None in checked:
        raise ValueError(f"{name} needs at least two values, all of them numbers")
    if len(set(checked)) < len(checked):
        raise ValueError(f"{name} has the same value twice")
    return checked
