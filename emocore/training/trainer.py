"""Hugging Face Trainer with additions for a fair and quick comparison and for exact resumes.

It adds the batches of `emocore.training.batches`, separate learning rates for adapter and head, a clock that excludes
evaluations, and checkpoints from which a run continues bit for bit, even in the middle of an epoch and between two
logged losses.
"""

import itertools
import logging
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from transformers import PrinterCallback, Trainer, TrainerControl, TrainerState, TrainingArguments

from emocore.models.adapter import Precision
from emocore.models.answers import compute_logits
from emocore.models.discovery import is_in_new
from emocore.models.methods.catalogue import find_method
from emocore.run.config import RunConfig
from emocore.training.batches import POOLED_BATCHES, LengthGroupedSampler
from emocore.training.callbacks import AllocateRanks
from emocore.training.checkpoints import (
    PREFIX,
    Progress,
    check_embeddings,
    last_checkpoint,
    read_progress,
    writing_checkpoint,
)
from emocore.training.cost import peak_memory_bytes
from emocore.training.epoch_choice import EpochChoice
from emocore.training.loss import MultiLabelLoss
from emocore.training.rank_allocation import RankAllocation
from emocore.training.trained import Chosen
from emocore.training.validation import mean_cross_entropy, score_validation

LOGGED_ROWS = 400  # a longer training logs every n-th step, so that curves stay small

logger = logging.getLogger(__name__)


class EmotionTrainer(Trainer):
    """`lengths` are the training rows' token counts, `new_modules` are trained whole, such as the head, with a learning
    rate of their own. `eval_dataset` is read once, and kept as lists. `loss` takes logits in fp32 and labels.
    `embeddings_sha256` is the digest of the embeddings that a head is trained on; None for other methods. `choice` is
    None if the run keeps its last epoch."""

    def __init__(
        self,
        run_config: RunConfig,
        lengths: list[int],
        new_modules: tuple[str, ...],
        eval_dataset: Dataset,
        loss: MultiLabelLoss,
        embeddings_sha256: str | None = None,
        **kwargs: Any,
    ) -> None:
        self._run_config = run_config
        self._lengths = list(lengths)
        self._new_modules = new_modules
        self._embeddings_sha256 = embeddings_sha256
        self._began = self._checkpointed = time.monotonic()
        self._other_seconds = self._earlier_seconds = 0.0
        self._earlier_peak_bytes = 0
        self._resumed: Progress | None = None
        self._draft: Path | None = None
        self._validation = eval_dataset.to_dict()
        self.choice = EpochChoice(run_config) if run_config.keep == "best" else None
        super().__init__(eval_dataset=eval_dataset, **kwargs)
        self.remove_callback(PrinterCallback)  # our callback writes the log
        self._allocation = None
        if find_method(run_config.method).allocates_ranks:
            self._allocation = RankAllocation(self.model, run_config.count_steps(len(self._lengths)))
            self.add_callback(AllocateRanks(self._allocation))
        # Otherwise Trainer would expect a model with **kwargs to divide by the accumulation steps itself.
        self.model_accepts_loss_kwargs = False
        self._loss = loss.to(self.args.device)

    @property
    def samples_seen(self) -> float:
        """Training texts processed, over all epochs."""
        return len(self._lengths) * float(self.state.epoch or 0)

    @property
    def train_seconds(self) -> float:
        """Seconds of optimisation over all attempts, without loading, evaluations, checkpoints and steps that a kill
        discarded."""
        return self._earlier_seconds + time.monotonic() - self._began - self._other_seconds

    @property
    def peak_memory_bytes(self) -> int:
        """Peak memory over all attempts, as in Cost."""
        return max(self._earlier_peak_bytes, peak_memory_bytes(self.args.device.type))

    def train_or_resume(self) -> None:
        """Train to the end, from the last complete checkpoint if there is one. Raises RunError if that was trained on
        other embeddings."""
        checkpoint = last_checkpoint(Path(self.args.output_dir))
        if checkpoint is None:
            self.train()
            return
        self._resumed = read_progress(checkpoint)
        check_embeddings(self._resumed.embeddings_sha256, self._embeddings_sha256)
        torch.set_num_threads(self._resumed.threads)
        self._earlier_seconds = self._resumed.train_seconds
        self._earlier_peak_bytes = self._resumed.peak_memory_bytes
        if self.choice:
            self.choice.restore(checkpoint, self._resumed.best)
        state = TrainerState.load_from_json(str(checkpoint / "trainer_state.json"))
        logger.info("Resuming from step %d of %d", state.global_step, state.max_steps)
        if state.global_step < state.max_steps and not (self.choice and self.choice.is_over):
            self.train(resume_from_checkpoint=str(checkpoint))
        else:  # the training was complete
            self._load_from_checkpoint(str(checkpoint))
            self.state = state
            self._began = time.monotonic()

    def take_chosen_epoch(self) -> Chosen | None:
        """Give the model the weights of the best epoch, when the training is over; None if it keeps the last one."""
        if self.choice is None:
            return None
        chosen = self.choice.conclude(self.model, self.state)
        if self._allocation and self.choice.best:
            self._allocation.return_to(self.choice.best.step)
        return chosen

    def restore_loss(self) -> None:
        """Restore the loss that was not logged yet, which Trainer forgets. Called when a training starts or resumes."""
        self._began = self._checkpointed = time.monotonic()
        if self._resumed:
            self._tr_loss += self._resumed.loss_sum
            self._globalstep_last_logged = self._resumed.logged_step

    @property
    def _pooled_batches(self) -> int:
        """A resumed run draws its batches as it began."""
        return self._resumed.pooled_batches if self._resumed else POOLED_BATCHES

    @property
    def is_checkpoint_due(self) -> bool:
        return time.monotonic() - self._checkpointed > 60 * self._run_config.checkpoint_minutes

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        folder = Path(self.args.output_dir)
        progress = Progress(
            step=self.state.global_step,
            loss_sum=self._tr_loss.item(),
            logged_step=self._globalstep_last_logged,
            train_seconds=self.train_seconds,
            peak_memory_bytes=self.peak_memory_bytes,
            threads=torch.get_num_threads(),
            pooled_batches=self._pooled_batches,
            embeddings_sha256=self._embeddings_sha256,
            best=self.choice.best if self.choice else None,
        )
        began = time.monotonic()
        with writing_checkpoint(folder, progress, self._run_config.checkpoints_kept) as self._draft:
            with self._allocation.saving_all_ranks() if self._allocation else nullcontext():
                super()._save_checkpoint(model, trial)
            if self._allocation:
                self._allocation.save(self._draft / f"{PREFIX}{self.state.global_step}")
            if self.choice:
                self.choice.save(self._draft / f"{PREFIX}{self.state.global_step}")
        self._draft = None
        self._checkpointed = time.monotonic()
        self._other_seconds += self._checkpointed - began

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        super()._load_from_checkpoint(resume_from_checkpoint, model)
        if self._allocation:  # after the weights, of which PEFT would otherwise drop ranks
            self._allocation.restore(Path(resume_from_checkpoint))

    def _get_output_dir(self, trial: Any) -> str:
        return str(self._draft or self.args.output_dir)

    def evaluate(self, *args: Any, **kwargs: Any) -> dict[str, float]:
        """Score and log `eval_dataset`, whatever Trainer asks for, as the saved adapter will be scored."""
        began = time.monotonic()
        logits = compute_logits(self.model, self._validation, "bf16" if self.args.bf16 else "fp32")
        truth = np.array(self._validation["labels"])
        scores = {"loss": mean_cross_entropy(truth, logits)}
        scores |= score_validation(truth, logits, self._run_config.threshold)
        metrics = {f"eval_{name}": value for name, value in scores.items()}
        self.log(metrics)
        self.control: TrainerControl = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        if self.choice:
            self.choice.judge(self.state, scores, logits, self.model)
            self.control.should_training_stop |= self.choice.is_over
        self._other_seconds += time.monotonic() - began
        return metrics

    def answer_validation(self, texts: int) -> np.ndarray:
        """(texts, labels): the logits of the first validation texts, as they are scored."""
        first = {name: values[:texts] for name, values in self._validation.items()}
        return compute_logits(self.model, first, "bf16" if self.args.bf16 else "fp32")

    def compute_loss(self, model: Any, inputs: dict[str, Any], *args: Any, **kwargs: Any) -> torch.Tensor:
        """The run's loss, a mean over texts and labels, in fp32."""
        labels = inputs.pop("labels")
        logits = model(**inputs).logits.float()
        loss: torch.Tensor = self._loss(logits, labels)
        if self._allocation and model.training:
            penalty = self._allocation.penalty()
            return loss + penalty - penalty.detach()  # it steers the training, and the curves show the loss alone
        return loss

    def create_optimizer(self, model: Any = None) -> torch.optim.Optimizer:
        """AdamW with separate groups for adapter and head. Vectors and biases are not decayed, as usual."""
        if getattr(self, "optimizer", None) is None:
            config = self._run_config
            parameters = [(n, p) for n, p in self.model.named_parameters() if p.requires_grad]
            groups = []
            rate = config.learning_rate or 0.0
            rates = {"adapter": rate, "zeros": rate * (config.lora_plus_ratio or 1), "head": config.head_learning_rate}
            for part, decayed in itertools.product(rates, (True, False)):
                chosen = [
                    parameter
                    for name, parameter in parameters
                    if self._part(name) == part and is_matrix(parameter) == decayed
                ]
                if chosen:
                    decay = config.weight_decay * decayed
                    groups.append({"params": chosen, "lr": rates[part], "weight_decay": decay})
            self.optimizer = torch.optim.AdamW(groups, fused=True)
        return self.optimizer

    def _part(self, name: str) -> str:
        """Which learning rate a parameter has. LoRA+ (Hayou et al. 2024) has one of its own for the matrices that start
        at zero."""
        if is_in_new(name, self._new_modules):
            return "head"
        return "zeros" if self._run_config.lora_plus_ratio and ".lora_B." in name else "adapter"

    def _get_train_sampler(self, train_dataset: Any = None) -> LengthGroupedSampler:
        return LengthGroupedSampler(
            self._lengths, self._run_config.batch_size, self._run_config.seed, self._pooled_batches
        )


def is_matrix(parameter: torch.nn.Parameter) -> bool:
    """Whether a parameter is a true matrix: not a bias, nor an IA3 vector, which has only one row or column."""
    return parameter.ndim >= 2 and min(parameter.shape) > 1


def training_arguments(
    config: RunConfig, folder: str, rows: int, device: str, precision: Precision
) -> TrainingArguments:
    """Emocore's settings as Trainer's arguments, with one evaluation per epoch."""
    total_steps = config.count_steps(rows)
    return TrainingArguments(
        output_dir=folder,
        num_train_epochs=config.epochs or 1,
        max_steps=config.max_steps or -1,
        per_device_train_batch_size=config.batch_size,
        gradient_accumulation_steps=config.gradient_accumulation_steps,
        learning_rate=config.learning_rate or config.head_learning_rate or 0.0,
        lr_scheduler_type="cosine",
        warmup_steps=round(config.warmup_share * total_steps),
        max_grad_norm=config.max_grad_norm,
        bf16=precision == "bf16",
        use_cpu=device == "cpu",
        seed=config.seed,
        eval_strategy="epoch",
        save_strategy="no",  # SaveCheckpoints decides
        logging_strategy="steps",
        logging_steps=max(1, total_steps // LOGGED_ROWS),
        logging_first_step=True,
        disable_tqdm=True,
        report_to="none",
        dataloader_pin_memory=device != "cpu",
        label_names=["labels"],
        remove_unused_columns=True,
    )
