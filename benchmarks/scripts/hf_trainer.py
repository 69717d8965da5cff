"""Fine-tunes an adapter with Hugging Face Trainer, as a script that somebody writes without Emocore.

    python -m benchmarks.scripts.hf_trainer CONFIG TEXTS FOLDER --padding max_length --precision fp32

CONFIG is a JSON file with the settings of a run, of which this takes the base, the method's PEFT config, the learning
rates, their schedule, the batch size, the epochs, the seed and the device, "cpu" or "cuda". TEXTS is a parquet file
with the columns split (train, validation or test), text and one 0/1 column per label. FOLDER gets `predictions.parquet`
with the labels and logits of the test texts, and `outcome.json`. The validation texts are scored after each epoch, the
test texts once.

The usual script pads every text to the longest length that the settings allow and computes in fp32. A tuned one has
`--padding longest`, which pads to the longest text of a batch, and `--precision bf16`, which is autocast over fp32
weights. Both have the stock attention, and bitsandbytes's own kernels. Not covered: accumulation of gradients, resumes
and several GPUs.
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from datasets import Dataset, DatasetDict
from peft import get_peft_model, prepare_model_for_kbit_training
from sklearn.metrics import f1_score
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    BitsAndBytesConfig,
    DataCollatorWithPadding,
    Trainer,
    TrainerCallback,
    TrainingArguments,
    set_seed,
)

from emocore.models.bases import find_base
from emocore.models.bundled import base_source
from emocore.models.methods.catalogue import find_method
from emocore.models.pooling import set_pooling
from emocore.run.config import RunConfig


class StepClock(TrainerCallback):
    """Seconds of the training without its evaluations, each of which lies between the end of an epoch and
    `on_evaluate`."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._began = 0.0

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self._began = time.monotonic()

    def on_epoch_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if args.device.type == "cuda":
            torch.cuda.synchronize()
        self.seconds += time.monotonic() - self._began

    def on_evaluate(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self._began = time.monotonic()


def load_texts(file: Path, tokenizer: Any, config: RunConfig, padding: str) -> tuple[DatasetDict, list[str]]:
    """The tokenised splits, and the labels."""
    texts = pd.read_parquet(file)
    labels = list(texts.columns.drop(["split", "text"]))

    def encode(batch: dict[str, Any]) -> dict[str, Any]:
        encoded = tokenizer(
            batch["text"],
            truncation=True,
            max_length=config.max_length,
            padding="max_length" if padding == "max_length" else False,
        )
        rows = np.array([batch[label] for label in labels], dtype=np.float32).T
        return {**encoded, "labels": rows.tolist()}

    splits = {
        name: Dataset.from_pandas(rows.drop(columns="split"), preserve_index=False)
        for name, rows in texts.groupby("split")
    }
    return DatasetDict(splits).map(encode, batched=True, remove_columns=["text", *labels]), labels


def load_model(config: RunConfig, tokenizer: Any, labels: list[str], precision: str) -> Any:
    """The base with a new head and a new adapter."""
    base, method = find_base(config.base), find_method(config.method)
    assert method.adapter_config, f"{method.title} has no adapter"
    quantization = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16 if precision == "bf16" else torch.float32,
        llm_int8_skip_modules=[base.family.head],
    )
    model = AutoModelForSequenceClassification.from_pretrained(
        base_source(base),
        trust_remote_code=False,
        dtype=torch.float32,
        num_labels=len(labels),
        problem_type="multi_label_classification",
        quantization_config=quantization if method.quantized else None,
        device_map={"": config.device} if method.quantized else None,
        **({"classifier_dropout": 0.0} if base.pools_otherwise else {}),
    )
    if base.pools_otherwise:
        set_pooling(model, base.pooling)
    model.config.pad_token_id = tokenizer.pad_token_id
    if method.quantized:
        model = prepare_model_for_kbit_training(model, use_gradient_checkpointing=False)
    return get_peft_model(model, method.adapter_config(config, base))


def make_optimizer(model: Any, config: RunConfig) -> torch.optim.Optimizer:
    """AdamW with the adapter's learning rate and the head's own."""
    trained = [(name, parameter) for name, parameter in model.named_parameters() if parameter.requires_grad]
    groups: list[dict[str, Any]] = [
        {"params": [parameter for name, parameter in trained if "modules_to_save" not in name]},
        {
            "params": [parameter for name, parameter in trained if "modules_to_save" in name],
            "lr": config.head_learning_rate,
        },
    ]
    return torch.optim.AdamW(groups, lr=config.learning_rate or 0.0, weight_decay=config.weight_decay, fused=True)


def compute_metrics(prediction: Any) -> dict[str, float]:
    """Macro-F1 at a probability of 0.5, which is a logit of 0."""
    predicted = prediction.predictions >= 0
    return {"f1_macro": float(f1_score(prediction.label_ids, predicted, average="macro", zero_division=0))}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", type=Path)
    parser.add_argument("texts", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--padding", choices=["max_length", "longest"], default="max_length")
    parser.add_argument("--precision", choices=["fp32", "bf16"], default="fp32")
    options = parser.parse_args()
    config = RunConfig.model_validate_json(options.config.read_bytes())
    set_seed(config.seed)
    tokenizer = AutoTokenizer.from_pretrained(base_source(find_base(config.base)), trust_remote_code=False)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    data, labels = load_texts(options.texts, tokenizer, config, options.padding)
    model = load_model(config, tokenizer, labels, options.precision)
    arguments = TrainingArguments(
        output_dir=str(options.folder / "trainer"),
        num_train_epochs=config.epochs or 1,
        per_device_train_batch_size=config.batch_size,
        per_device_eval_batch_size=max(32, config.batch_size),
        lr_scheduler_type="cosine",
        warmup_steps=round(config.warmup_share * config.count_steps(len(data["train"]))),
        bf16=options.precision == "bf16",
        use_cpu=config.device == "cpu",
        seed=config.seed,
        eval_strategy="epoch",
        save_strategy="no",
        label_names=["labels"],
        include_num_input_tokens_seen="all",
        dataloader_pin_memory=config.device != "cpu",
        report_to="none",
    )
    clock = StepClock()
    trainer = Trainer(
        model=model,
        args=arguments,
        train_dataset=data["train"],
        eval_dataset=data["validation"],
        data_collator=DataCollatorWithPadding(tokenizer),
        compute_metrics=compute_metrics,
        optimizers=(make_optimizer(model, config), None),
        callbacks=[clock],
    )
    trainer.train()
    gpu_peak_bytes = None if config.device == "cpu" else torch.cuda.max_memory_allocated()
    validation = [row["eval_f1_macro"] for row in trainer.state.log_history if "eval_f1_macro" in row]
    test = trainer.predict(data["test"])
    stored = {f"true.{label}": test.label_ids[:, column].astype(np.int8) for column, label in enumerate(labels)}
    stored |= {f"logit.{label}": test.predictions[:, column] for column, label in enumerate(labels)}
    pd.DataFrame(stored).to_parquet(options.folder / "predictions.parquet", index=False)
    outcome = {
        "train_seconds": clock.seconds,
        "tokens": trainer.state.num_input_tokens_seen,
        "validation_f1_macro": validation[-1],
        "test_f1_macro": test.metrics["test_f1_macro"],
        "gpu_peak_bytes": gpu_peak_bytes,
    }
    (options.folder / "outcome.json").write_text(json.dumps(outcome), encoding="utf-8")


if __name__ == "__main__":
    main()
