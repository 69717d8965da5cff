"""Every setting of a run, defined once: its default, bounds and description.

The descriptions are the tooltips of the pages, the help of the command line and the documentation. A value of None
means the default of the method or the base; `emocore.models.resolve` fills it in, so a stored `config.json` always
shows what ran. `emocore.run.use` says what the rest of Emocore does with a setting, so a new setting needs only a new
field here. `emocore.run.settings` answers questions about the fields.
"""

import math
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator, model_validator

from emocore.errors import ConfigError
from emocore.run.machine_settings import MachineSettings
from emocore.run.positive_weight import tidy
from emocore.run.setting_texts import LONGEST_NAME, STUDY_NAME, check_text
from emocore.run.use import Use

STARTER = "starter"
MOST_REPLICATES = 1000
SPLIT_VERSION = 2  # of a new run
NO_BASE = "none"  # the base of a method that needs no base

Model = TypeVar("Model", bound=BaseModel)
KeepMetric = Literal["f1_macro", "f1_micro", "f1_weighted", "jaccard", "exact_match", "loss"]


def build(model: type[Model], values: dict[str, Any]) -> Model:
    """Returns `model(**values)`. Raises a ConfigError that names the first wrong field."""
    try:
        return model(**values)
    except ValidationError as error:
        problem = error.errors()[0]
        field = ".".join(str(part) for part in problem["loc"])
        message = problem["msg"].removeprefix("Value error, ")
        if problem["type"] == "extra_forbidden":
            message = f"no such setting; the settings are {', '.join(model.model_fields)}"
        elif field and problem["type"] != "value_error":
            message = f"{message}, not {problem['input']!r:.{LONGEST_NAME}}"
        raise ConfigError(f"{field}: {message}" if field else message, field=field or None) from None


class TaskSettings(BaseModel):
    """What is learned from which texts, and how."""

    method: Annotated[str, Use("identity", "top")] = Field(
        "lora", description="How the base is fine-tuned; `emocore methods` lists the methods."
    )
    base: Annotated[str, Use("training", "top")] = Field(
        "minilm-l6",
        description="The pretrained model: a name that `emocore bases` lists, a Hub id (owner/name) or a local folder.",
    )
    seed: Annotated[int, Use("identity", "top")] = Field(
        42,
        ge=0,
        lt=2**31,
        description="Seeds the new weights and the order of the batches. All seeds share the same evaluation texts.",
    )
    replicate: Annotated[int, Use("identity", "top")] = Field(
        1,
        ge=1,
        le=MOST_REPLICATES,
        description="Which draw of the training rows a run learns from; runs with the same number learn from the same "
        "rows. If `rows` asks for all of them, replicate 1 does, and each other one learns from another half.",
    )
    study: Annotated[str | None, Use("identity", "top")] = Field(
        None,
        max_length=80,
        pattern=STUDY_NAME,
        description="Runs with the same study name are compared together; the name is also the group in W&B.",
    )

    data: Annotated[str, Use("data", "top", file=True)] = Field(
        STARTER,
        description="'starter' for the built-in messages, or a file of texts with their labels: a CSV/TSV with 0/1 "
        "columns, JSON Lines, JSON or parquet.",
    )
    validation_data: Annotated[str | None, Use("data", "Data", file=True, audited_as="evaluation texts")] = Field(
        None,
        description="A separate validation file (an official split). Without it, a share of the data is used.",
    )
    test_data: Annotated[str | None, Use("data", "Data", file=True, audited_as="evaluation texts")] = Field(
        None,
        description="A separate test file. Without it, a share of the data is used, "
        "or no test split if there is a validation file.",
    )
    text_column: Annotated[str | None, Use("data", "Data")] = Field(
        None,
        description="Column with the text. By default, a column named Tweet, text, message or similar is used.",
    )
    label_columns: Annotated[list[str] | None, Use("data", "Data", audited_as="labels")] = Field(
        None, description="Columns with the 0/1 labels. By default, every numeric column except the ID."
    )
    # It changes what a run learns from only by the split, so runs with the same evaluation texts are one series.
    group_column: Annotated[str | None, Use("data", "Data", draws=True)] = Field(
        None,
        description="Column that says which texts belong together, such as the author or the thread; every file needs "
        "it. A group stays in one split and is resampled whole, since its texts tell less than as many separate ones. "
        "It is stored with the predictions.",
    )
    rows: Annotated[int | None, Use("data", "top", varied=True, audited_as="training rows")] = Field(
        None,
        ge=20,
        le=100_000_000,
        description="Use only this many rows of the training part (the study used 1,000), drawn at random. "
        "A smaller number is a subset of a larger one.",
    )
    validation_share: Annotated[float, Use("data", "Data")] = Field(
        0.15, gt=0, lt=0.5, description="Share of the data used for validation."
    )
    test_share: Annotated[float, Use("data", "Data")] = Field(
        0.15, gt=0, lt=0.5, description="Share of the data held back for the test."
    )
    split_seed: Annotated[int, Use("data", "Data", draws=True)] = Field(
        42,
        ge=0,
        lt=2**31,
        description="Seeds the split and, together with `replicate`, the choice of rows; the same in a whole study.",
    )
    split_version: Annotated[int, Use("data", None, draws=True)] = Field(
        SPLIT_VERSION,
        ge=1,
        le=SPLIT_VERSION,
        description="How Emocore draws validation and test texts where no official split is given. Version 2 keeps "
        "copies of a text in one split, and the order of the rows does not matter to it. Version 1 is that of Emocore "
        "before; a run or a study that began with it keeps it, and so does a clone.",
    )
    max_length: Annotated[int, Use("training", "Data", varied=True)] = Field(
        128, ge=8, le=8192, description="Longest text in tokens; the rest of a longer text is cut off."
    )

    pooling: Annotated[Literal["auto", "cls", "mean", "last", "stock"], Use("training", "Training")] = Field(
        "auto",
        description="What the head reads: cls is the state of a text's first token, mean that of all on average, last "
        "that of the last one, stock what the base's class in Transformers takes; auto is the base's own.",
    )
    epochs: Annotated[int | None, Use("method", "top", varied=True)] = Field(
        None, ge=1, le=1000, description="Passes over the training rows."
    )
    max_steps: Annotated[int | None, Use("method", "Training", varied=True, audited_as="optimizer steps")] = Field(
        None, ge=1, le=1_000_000, description="Stop after this many steps, whatever the epochs (the study's QLoRA: 40)."
    )
    batch_size: Annotated[int, Use("training", "top", varied=True)] = Field(
        16, ge=1, le=4096, description="Texts per optimizer step, before accumulation."
    )
    gradient_accumulation_steps: Annotated[int, Use("training", "Training", varied=True, audited_as="batch size")] = (
        Field(
            1, ge=1, le=1024, description="Batches summed before a step: a larger effective batch in the same memory."
        )
    )
    learning_rate: Annotated[float | None, Use("method", "top", varied=True)] = Field(
        None, gt=0, le=1, description="Peak learning rate of the adapter. IA3 wants about 10 times LoRA's."
    )
    head_learning_rate: Annotated[float | None, Use("method", "Training", varied=True)] = Field(
        None,
        gt=0,
        le=1,
        description="Peak learning rate of the new classification head, which starts at random.",
    )
    weight_decay: Annotated[float, Use("training", "Training", varied=True)] = Field(
        0.01, ge=0, le=1, description="AdamW's weight decay."
    )
    warmup_share: Annotated[float, Use("training", "Training", varied=True)] = Field(
        0.1, ge=0, lt=1, description="Share of the steps in which the learning rate rises."
    )
    max_grad_norm: Annotated[float, Use("training", "Training", varied=True)] = Field(
        1.0, gt=0, le=1_000_000, description="Gradients are clipped to this norm."
    )
    loss: Annotated[Literal["bce", "focal", "asymmetric"], Use("training", "Training", needs_base=False)] = Field(
        "bce",
        description="What the training minimises: binary cross-entropy, the focal loss (gamma 2) or the asymmetric "
        "loss (gammas 0 and 4, margin 0.05), which count easy labels less. The validation loss that is logged is "
        "plain binary cross-entropy for all of them.",
    )
    positive_weight: Annotated[str, Use("training", "Training", needs_base=False)] = Field(
        "none",
        description="How much a label that a text has weighs in the loss, where one that it lacks weighs 1: none (the "
        "same), balanced (texts without it / texts with it, in the training rows, at most 100), sqrt (the square root "
        "of balanced), or numbers such as anger:2,joy:1.5. More weight raises probabilities of rare emotions, which "
        "then are no frequencies.",
    )
    keep: Annotated[Literal["last", "best"], Use("training", "Training")] = Field(
        "last",
        description="Which weights a run keeps: those of the last epoch, or of the epoch that is best on the "
        "validation split, whose scores are then optimistic.",
    )
    keep_metric: Annotated[KeepMetric, Use("training", "Training")] = Field(
        "f1_macro", description="The validation metric by which keep=best chooses the epoch; of losses, the lowest."
    )
    patience: Annotated[int, Use("training", "Training")] = Field(
        0,
        ge=0,
        le=1000,
        description="With keep=best, end the training after so many epochs in a row that are no better; 0 never does.",
    )
    threshold: Annotated[float | None, Use("training", "Training", needs_base=False)] = Field(
        None,
        gt=0,
        lt=1,
        description="An emotion is predicted when its probability is at least this. By default, each emotion has its "
        "own threshold, tuned on the validation split.",
    )

    lora_rank: Annotated[int | None, Use("method", "Methods", varied=True)] = Field(
        None,
        ge=1,
        le=1024,
        description="Rank of the matrices of LoRA and its kin; VeRA, which does not train them, wants a larger one.",
    )
    lora_alpha: Annotated[int | None, Use("method", "Methods", varied=True)] = Field(
        None,
        ge=1,
        le=4096,
        description="LoRA's scale: updates are multiplied by alpha / rank, those of rsLoRA by alpha / sqrt(rank).",
    )
    lora_dropout: Annotated[float | None, Use("method", "Methods", varied=True)] = Field(
        None, ge=0, lt=1, description="Dropout on the input of the LoRA matrices."
    )
    lora_plus_ratio: Annotated[float | None, Use("method", "Methods", varied=True)] = Field(
        None,
        ge=1,
        le=1000,
        description="LoRA+: how many times the learning rate of the matrices that start at zero is that of the others.",
    )
    oft_block_size: Annotated[int | None, Use("method", "Methods", varied=True)] = Field(
        None,
        ge=2,
        le=4096,
        description="OFT: how many inputs of a layer are rotated together; more is a larger adapter.",
    )
    fourier_coefficients: Annotated[int | None, Use("method", "Methods", varied=True)] = Field(
        None, ge=1, le=1_000_000, description="FourierFT: learned coefficients per layer."
    )
    target_modules: Annotated[list[str] | None, Use("method", "Methods")] = Field(
        None,
        description="Layers that get an adapter, by the end of their names. By default, those of the base.",
    )
    peft: Annotated[list[str] | None, Use("method", None)] = Field(
        None,
        description="Parameters of a method peft:TYPE under PEFT's own names, as PARAMETER=VALUE. The command line "
        "takes each as --set peft.PARAMETER=VALUE.",
    )
    inverse_regularization: Annotated[float | None, Use("method", "Methods", varied=True)] = Field(
        None, gt=0, le=1_000_000, description="C of the logistic regression: smaller means stronger regularisation."
    )


class RunConfig(MachineSettings, TaskSettings):
    """One fine-tuning run, complete enough to repeat it. The settings of the task come first."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True, allow_inf_nan=False)

    @field_validator("positive_weight", mode="before")
    @classmethod
    def _tidy_weights(cls, value: Any) -> Any:
        return tidy(value)

    @field_validator("*")
    @classmethod
    def _check_text(cls, value: Any, info: ValidationInfo) -> Any:
        return check_text(str(info.field_name), value)

    @model_validator(mode="after")
    def _check_shares(self) -> Self:
        if self.validation_share + self.test_share >= 0.8:
            raise ValueError("validation_share and test_share leave less than 20 % for training; lower one of them")
        return self

    @property
    def learns_half(self) -> bool:
        """Whether the run learns from a random half of all training rows. Such runs only show how much the choice of
        the training texts matters: scores are those of the run on all rows."""
        return self.rows is None and self.replicate > 1

    def count_steps(self, rows: int) -> int:
        """Optimizer steps for this many training rows; a short last batch of an epoch also counts as a step."""
        steps_per_epoch = math.ceil(math.ceil(rows / self.batch_size) / self.gradient_accumulation_steps)
        return self.max_steps or steps_per_epoch * (self.epochs or 1)
