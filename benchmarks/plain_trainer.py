"""Compares the speed of Emocore's training with a plain Hugging Face Trainer script, in turns on the same rows.

    python -m benchmarks.plain_trainer --data train.csv [--base smollm2-135m] [--rows 320] [--rounds 2]

The plain script uses fp32 weights, under bf16 autocast if Emocore trains in bf16 on this machine, random batches padded
to their longest text, and the stock attention. Both train LoRA of the same rank on all linear layers for one epoch.
Prints samples per second and the ratio.
"""

import argparse
import statistics
import tempfile
import time

import torch
import transformers
from datasets import DatasetDict
from peft import PeftModel, get_peft_model
from transformers import AutoModelForSequenceClassification, Trainer, TrainingArguments

from emocore.data.encode import encode_splits
from emocore.data.split import Splits, load_splits
from emocore.models.bases import find_base
from emocore.models.build import LoadedBase, build_model
from emocore.models.bundled import bundled_folder
from emocore.models.methods import find_method
from emocore.models.pooling import MeanPooledBert
from emocore.models.resolve import resolve
from emocore.run.config import STARTER, RunConfig
from emocore.training.process import choose_precision
from emocore.training.trainer import EmotionTrainer, training_arguments


def plain_trainer(config: RunConfig, loaded: LoadedBase, data: DatasetDict, folder: str) -> Trainer:
    base, method = find_base(config.base), find_method(config.method)
    assert method.adapter_config, "TF-IDF has no adapter"
    model_class = MeanPooledBert if base.pooling == "mean" else AutoModelForSequenceClassification
    model = model_class.from_pretrained(
        bundled_folder(base),
        trust_remote_code=False,
        dtype=torch.float32,
        num_labels=len(data["train"]["labels"][0]),
        problem_type="multi_label_classification",
    )
    model.config.pad_token_id = loaded.tokenizer.pad_token_id
    arguments = TrainingArguments(
        folder,
        num_train_epochs=1,
        per_device_train_batch_size=config.batch_size,
        learning_rate=config.learning_rate,
        bf16=config.precision == "bf16",
        use_cpu=True,
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
    )
    return Trainer(
        model=get_peft_model(model, method.adapter_config(config, base)),
        args=arguments,
        train_dataset=data["train"].remove_columns(["row_id", "length"]),
        data_collator=transformers.DataCollatorWithPadding(loaded.tokenizer),
    )


def emocore_trainer(
    config: RunConfig, model: PeftModel, loaded: LoadedBase, data: DatasetDict, folder: str
) -> EmotionTrainer:
    return EmotionTrainer(
        run_config=config,
        lengths=data["train"]["length"],
        model=model,
        args=training_arguments(config, folder, len(data["train"]), "cpu", config.precision),
        train_dataset=data["train"],
        eval_dataset=data["validation"].select(range(16)),
        data_collator=transformers.DataCollatorWithPadding(loaded.tokenizer),
    )


def measure_round(config: RunConfig, splits: Splits) -> tuple[float, float]:
    """Samples per second of the plain script and of Emocore."""
    speeds = []
    for kind in ("plain", "emocore"):
        transformers.set_seed(config.seed)
        model, loaded = build_model(config, splits.labels, "cpu", bf16=config.precision == "bf16")
        data = encode_splits(splits, loaded.tokenizer, config.max_length)
        with tempfile.TemporaryDirectory() as folder:
            if kind == "plain":
                trainer = plain_trainer(config, loaded, data, folder)
            else:
                trainer = emocore_trainer(config, model, loaded, data, folder)
            began = time.monotonic()
            trainer.train()
            seconds = trainer.train_seconds if kind == "emocore" else time.monotonic() - began
        speeds.append(len(data["train"]) / seconds)
    return speeds[0], speeds[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default=STARTER)
    parser.add_argument("--base", default="smollm2-135m")
    parser.add_argument("--method", default="lora")
    parser.add_argument("--rows", type=int, default=320)
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    rows = None if options.data == STARTER else options.rows
    config, _ = resolve(RunConfig(method=options.method, base=options.base, data=options.data, rows=rows, epochs=1))
    config = config.model_copy(update={"precision": choose_precision(config, "cpu")})
    splits = load_splits(config)
    rounds = [measure_round(config, splits) for _ in range(options.rounds)]
    for plain, ours in rounds:
        print(f"plain {plain:.1f} samples/s, emocore {ours:.1f} samples/s, ratio {ours / plain:.2f}")
    print(f"median ratio {statistics.median(ours / plain for plain, ours in rounds):.2f}")


if __name__ == "__main__":
    main()
