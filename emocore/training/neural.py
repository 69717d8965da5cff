"""Train a neural method with Hugging Face Trainer and Emocore's batches, learning rates and log."""

import logging
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
import transformers
from peft import PeftModel
from transformers import PreTrainedModel

from emocore.data.checks.lengths import check_lengths
from emocore.data.encode import count_tokens, encode_splits
from emocore.data.split import Splits
from emocore.models.adapter import AdapterInfo, Precision, describe_adapter, write_info
from emocore.models.build import LoadedBase, build_model
from emocore.models.card import write_card
from emocore.models.discovery import is_in_new
from emocore.models.methods.any_peft import PREFIX
from emocore.models.methods.catalogue import find_method
from emocore.models.moved_base import copy_factors, save_for_usual_base
from emocore.run.config import RunConfig
from emocore.run.folder import RunFolder
from emocore.run.result import Cost
from emocore.system.devices import computes_bf16
from emocore.system.faults import reach
from emocore.system.memory import release_memory
from emocore.tracking.tracker import Tracker
from emocore.training.batches import make_collator
from emocore.training.callbacks import LeaveLastEvaluation, LogToTracker, SaveCheckpoints
from emocore.training.loss import build_loss
from emocore.training.provenance import note_base, note_threads, note_warnings
from emocore.training.trained import CHECKED_TEXTS, Trained
from emocore.training.trainer import EmotionTrainer, training_arguments

if TYPE_CHECKING:
    from datasets import DatasetDict

logger = logging.getLogger(__name__)


def train(
    run: RunFolder, config: RunConfig, splits: Splits, tracker: Tracker, device: str, precision: Precision
) -> Trained:
    """Train the adapter of `config` and save it to `run.adapter`; its size and latency are measured later."""
    transformers.set_seed(config.seed)
    model, loaded = build_model(config, splits.labels, device, precision)
    note_base(run, loaded.revision, Path(loaded.source))
    logger.info("%s, %s, %s attention", device, precision, loaded.model.config._attn_implementation)
    data = encode_and_check(run, config, splits, loaded.tokenizer)
    trainer = EmotionTrainer(
        run_config=config,
        lengths=data["train"]["length"],
        new_modules=loaded.new_modules,
        model=model,
        args=training_arguments(config, str(run.checkpoints), len(data["train"]), device, precision),
        train_dataset=data["train"],
        eval_dataset=data["validation"],
        loss=build_loss(config, splits),
        data_collator=make_collator(loaded.model, loaded.tokenizer, config.max_length),
        callbacks=[LogToTracker(tracker)],
    )
    answers_in = precision_of_answers(device, precision)
    return fit_and_save(run, trainer, loaded, describe(run, config, splits, loaded, answers_in))


def encode_and_check(run: RunFolder, config: RunConfig, splits: Splits, tokenizer: Any) -> "DatasetDict":
    """The tokens of all splits; what is doubtful in their lengths is logged and stored."""
    data = encode_splits(splits, tokenizer, config.max_length)
    counts = count_tokens(splits, data, tokenizer, config.max_length)
    note_warnings(run, map(splits.describe, check_lengths(splits.frames, counts, config.max_length)))
    return data


def fit_and_save(run: RunFolder, trainer: EmotionTrainer, loaded: LoadedBase, info: AdapterInfo) -> Trained:
    """Train, or go on from the last checkpoint, and save the adapter."""
    release_memory()  # that only the loading took
    taken = copy_factors(trainer.model) if find_method(info.method).moves_base else {}
    trainer.add_callback(SaveCheckpoints(trainer, run))
    if trainer.choice is None:
        trainer.add_callback(LeaveLastEvaluation())
    reach("run.built")
    trainer.train_or_resume()
    note_threads(run, torch.get_num_threads())  # a resumed run trained with those of its checkpoint
    reach("run.trained")
    seconds = trainer.train_seconds
    adapter, head = count_parameters(trainer.model, loaded.new_modules)
    cost = Cost(
        train_seconds=seconds,
        samples_per_second=trainer.samples_seen / seconds,
        peak_memory_bytes=trainer.peak_memory_bytes,
        trainable_parameters=adapter + head,
        adapter_parameters=adapter,
        head_parameters=head,
        adapter_bytes=None,
    )
    if chosen := trainer.take_chosen_epoch():
        logger.info("%s", chosen.kept)
    is_checked = info.method.startswith(PREFIX)  # nobody knows whether PEFT stores all of its types
    expected = trainer.answer_validation(CHECKED_TEXTS) if is_checked else None
    save_adapter(run, trainer.model, loaded, info, taken)
    return Trained(cost, trainer.state.global_step, float(trainer.state.epoch or 0), expected=expected, chosen=chosen)


def describe(
    run: RunFolder, config: RunConfig, splits: Splits, loaded: LoadedBase, answers_in: Precision
) -> AdapterInfo:
    """The description of the adapter to be trained."""
    quantized = find_method(config.method).quantized
    return describe_adapter(run.id, config, splits.labels, loaded.revision, answers_in, quantized)


def precision_of_answers(device: str, precision: Precision) -> Precision:
    """That of the training, but fp32 where bf16 was asked for and would be emulated."""
    return precision if computes_bf16(device) else "fp32"


def save_adapter(
    run: RunFolder,
    model: PreTrainedModel | PeftModel,
    loaded: LoadedBase,
    info: AdapterInfo,
    taken: dict[str, torch.Tensor],
) -> None:
    """Fill `run.adapter`. `taken` are the factors that the adapter took out of the base, if any."""
    shutil.rmtree(run.adapter, ignore_errors=True)  # of an earlier attempt, maybe incomplete
    save_for_usual_base(model, taken, run.adapter)
    loaded.tokenizer.save_pretrained(str(run.adapter))
    reach("adapter.weights")
    write_card(run.adapter, info, loaded.base, loaded.source)
    write_info(run.adapter, info)
    reach("adapter.complete")


def count_parameters(model: torch.nn.Module, new_modules: tuple[str, ...]) -> tuple[int, int]:
    """Trainable parameters of the adapter, or of the base, and of the modules that are trained whole."""
    trainable = [(name, p.numel()) for name, p in model.named_parameters() if p.requires_grad]
    head = sum(size for name, size in trainable if is_in_new(name, new_modules))
    return sum(size for _, size in trainable) - head, head
