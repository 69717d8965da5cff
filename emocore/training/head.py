"""Train only a head, on embeddings that the frozen base computes once for all epochs, seeds and replicates.

The base is in eval mode, so its dropout is never active; dropout that the family's head has is active in training. The
base's weights are loaded only for texts whose embeddings are not in the cache.
"""

import logging
from pathlib import Path

import transformers
from datasets import DatasetDict

from emocore.data.split import Splits
from emocore.models.adapter import Precision, read_info
from emocore.models.answers import DTYPES
from emocore.models.build import OpenedBase, add_adapter, load_weights, open_base
from emocore.models.classifier import NeuralClassifier
from emocore.models.embedding_cache import TEXTS_PER_FILE, EmbeddingCache, Embeddings, hash_tokens
from emocore.models.embeddings import (
    Embedder,
    build_on_embeddings,
    describe_computation,
    number_texts,
    reads_only_embeddings,
)
from emocore.run.config import RunConfig
from emocore.run.folder import RunFolder
from emocore.run.result import Cost
from emocore.system.memory import release_memory
from emocore.tracking.tracker import Tracker
from emocore.training import neural
from emocore.training.callbacks import LogToTracker
from emocore.training.cost import peak_memory_bytes
from emocore.training.loss import build_loss
from emocore.training.neural import describe, encode_and_check, fit_and_save, precision_of_answers
from emocore.training.provenance import digest_folder, note_base
from emocore.training.trained import Trained
from emocore.training.trainer import EmotionTrainer, training_arguments

logger = logging.getLogger(__name__)


def train(
    run: RunFolder, config: RunConfig, splits: Splits, tracker: Tracker, device: str, precision: Precision
) -> Trained:
    """Train the head of `config` and save it to `run.adapter`; its size and latency are measured later.

    The cost counts what the embeddings of the training texts cost when they were computed, whichever run that was, so
    that it does not depend on the order of runs.
    """
    opened = open_base(config.base, splits.labels, config.pooling)
    if not reads_only_embeddings(opened):
        logger.info("The head of this base stands on more than its token states, so the base is read in each epoch")
        return neural.train(run, config, splits, tracker, device, precision)
    note_base(run, opened.revision, Path(opened.source))
    data = encode_and_check(run, config, splits, opened.tokenizer)
    answers_in = precision_of_answers(device, precision)
    embeddings = find_embeddings(opened, data, config, device, answers_in)
    logger.info("%s, %s, on the embeddings of the frozen base", device, precision)
    transformers.set_seed(config.seed)
    stand_in = build_on_embeddings(opened, embeddings, device)
    numbered = number_texts(data)
    trainer = EmotionTrainer(
        run_config=config,
        lengths=data["train"]["length"],
        new_modules=stand_in.new_modules,
        model=add_adapter(config, stand_in),
        args=training_arguments(config, str(run.checkpoints), len(data["train"]), device, precision),
        train_dataset=numbered["train"],
        eval_dataset=numbered["validation"],
        loss=build_loss(config, splits),
        data_collator=transformers.DataCollatorWithPadding(opened.tokenizer),
        callbacks=[LogToTracker(tracker)],
        embeddings_sha256=embeddings.digest(),
    )
    trained = fit_and_save(run, trainer, stand_in, describe(run, config, splits, stand_in, answers_in))
    cost = add_embedding_costs(trained.cost, embeddings, len(data["train"]))
    # The head that was saved is read from disk.
    base = build_on_embeddings(opened, embeddings, device)
    reloaded = NeuralClassifier.load(run.adapter, read_info(run.adapter), base, answers_in)
    return trained._replace(cost=cost, answer=lambda split: reloaded.logits_of_tokens(numbered[split][:]))


def find_embeddings(
    opened: OpenedBase, data: DatasetDict, config: RunConfig, device: str, precision: Precision
) -> Embeddings:
    """The embeddings of all texts, in the order of the splits. Those that are not in the cache are computed; of runs
    that need the same at once, one computes and the others wait. Raises BaseModelError."""
    source = Path(opened.source)
    files_sha256 = digest_folder(source) if source.is_dir() else None
    cache = EmbeddingCache(describe_computation(opened, files_sha256, device, precision, config.max_length))
    token_ids = [ids for part in data.values() for ids in part["input_ids"]]
    texts = [hash_tokens(ids) for ids in token_ids]
    if cache.find_missing(texts):
        with cache.lock():
            if missing := cache.find_missing(texts):
                logger.info("The base reads %d of %d texts; the others are in the cache", len(missing), len(texts))
                base = load_weights(opened, device, DTYPES[precision], quantized=False)
                embedder = Embedder(base, precision)
                for start in range(0, len(missing), TEXTS_PER_FILE):
                    portion = missing[start : start + TEXTS_PER_FILE]
                    found, seconds = embedder.embed([token_ids[number] for number in portion])
                    cache.add([texts[number] for number in portion], found, seconds, peak_memory_bytes(device))
                del base, embedder
                release_memory()
    else:
        logger.info("The embeddings of all %d texts are in the cache", len(texts))
    return cache.get(texts)


def add_embedding_costs(cost: Cost, embeddings: Embeddings, train_texts: int) -> Cost:
    """The cost of a training that computes the embeddings of its texts, which are the first `train_texts`."""
    assert cost.train_seconds and cost.samples_per_second and cost.peak_memory_bytes
    seconds = cost.train_seconds + embeddings.seconds(train_texts)
    return cost.model_copy(
        update={
            "train_seconds": seconds,
            "samples_per_second": cost.samples_per_second * cost.train_seconds / seconds,
            "peak_memory_bytes": max(cost.peak_memory_bytes, embeddings.peak_memory_bytes),
        }
    )
