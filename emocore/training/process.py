"""The stages of a run in its own process: data, training, reload, evaluation, results.

The process inherits the run's lock from its caller, so only it changes the run's state until it ends.
"""

import gc
import importlib
import logging
import shutil
import signal
import sys
import time
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd

from emocore.data.split import Splits, load_splits
from emocore.errors import ConfigError, EmocoreError, RunError
from emocore.metrics import score_logits
from emocore.models.adapter import Precision, adapter_bytes, read_info, tune_thresholds, write_info
from emocore.models.methods.catalogue import find_method
from emocore.run.config import RunConfig
from emocore.run.folder import RunFolder
from emocore.run.records import write_record
from emocore.run.result import RunScores
from emocore.run.state import STOPPED_REASON, RunStatus
from emocore.system.devices import computes_bf16
from emocore.system.faults import reach
from emocore.system.files import sync
from emocore.system.processes import UNWRITABLE_EXIT_STATUS, End
from emocore.thresholds import cross_fit
from emocore.tracking.summary import flatten
from emocore.tracking.tracker import Tracker
from emocore.training.checkpoints import last_checkpoint
from emocore.training.failure import explain_failure
from emocore.training.predict import predict
from emocore.training.provenance import check_same_origin, describe_provenance
from emocore.training.trained import Trained
from emocore.training.validation import mean_cross_entropy, score_validation

SIGNALLED_REASON = "ended by a signal from outside (a kill, a logout, a shutdown of the machine); resume it"

logger = logging.getLogger(__name__)


def execute(path: Path) -> int:
    """Carry out the run in `path` and write its final state. Returns the exit status."""
    logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(asctime)s  %(message)s", datefmt="%H:%M:%S")
    logging.captureWarnings(True)
    for noisy in ("py.warnings", "httpx", "datasets", "accelerate", "wandb"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    run = RunFolder(path)
    try:
        _carry_out(run)
    except KeyboardInterrupt:
        # The next signal of the same stop must not interrupt this short part.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        reach("run.stopping")
        if run.stored_state.status.is_final:  # the run finished before the stop request came
            return 0
        if run.stop_request.exists():
            logger.info("Stopped as requested.")
            return _end(run, RunStatus.STOPPED, End(STOPPED_REASON), exit_status=130)
        logger.info("Ended by a signal from outside.")
        return _end(run, RunStatus.INTERRUPTED, End(SIGNALLED_REASON), exit_status=130)
    except EmocoreError as error:
        logger.error("%s", error)
        return _end(run, RunStatus.FAILED, explain_failure(error), exit_status=1)
    except Exception as error:
        logger.error("%s", traceback.format_exc())
        return _end(run, RunStatus.FAILED, explain_failure(error), exit_status=1)
    return 0


def _end(run: RunFolder, status: RunStatus, end: End, exit_status: int) -> int:
    """Write the final state. Returns `exit_status`, or another one if that was impossible."""
    end = end.on_shared_device(run.had_company)
    try:
        run.change_state(status, reason=end.reason, failure=end.failure)
    except (OSError, RunError) as error:
        logger.error("The run's folder cannot be written: %s", error)
        return UNWRITABLE_EXIT_STATUS
    reach("run.stopped")
    return exit_status


def _carry_out(run: RunFolder) -> None:
    config = run.config
    method = find_method(config.method)
    run.change_state(RunStatus.RUNNING, started_at=time.time())
    reach("run.running")
    logger.info("%s on %s, seed %d", method.title, config.base, config.seed)
    splits = load_splits(config)
    for note in splits.notes:
        logger.info("Note: %s", note)
    logger.info("Rows: %s", ", ".join(f"{len(frame):,} {name}" for name, frame in splits.frames.items()))
    reach("run.data")
    tracker = Tracker.open(run, config)
    reach("run.tracked")
    exit_code = 1
    try:
        # The result is written last, so if it exists, nothing is left to compute.
        scores = run.scores or _train_and_evaluate(run, config, splits, tracker)
        tracker.summarize(flatten(scores.model_dump()))
        if run.checkpoints.exists():  # only a resume needs them
            shutil.rmtree(run.checkpoints)
        reach("run.pruned")
        exit_code = 0
    finally:
        tracker.close(exit_code)
    reach("run.closed")
    run.change_state(RunStatus.FINISHED)
    validation = scores.validation.multilabel
    logger.info("Finished: validation macro-F1 %.3f, micro-F1 %.3f", validation.f1_macro, validation.f1_micro)
    reach("run.finished")


def _train_and_evaluate(run: RunFolder, config: RunConfig, splits: Splits, tracker: Tracker) -> RunScores:
    """Train, evaluate and write `result.json`; returns its content."""
    device = choose_device(config, run.stored_state.device)
    precision = choose_precision(config, device)
    provenance = describe_provenance(splits, device, precision)
    if last_checkpoint(run.checkpoints) and (earlier := run.provenance):
        check_same_origin(earlier, provenance)
        base = earlier.model_dump(include={"base_revision", "base_files_sha256"})
        provenance = provenance.model_copy(update=base)
    write_record(run.path / "provenance.json", provenance)
    trained = _load_engine(config).train(run, config, splits, tracker, device, precision)
    run.change_state(RunStatus.EVALUATING)
    reach("run.evaluating")
    logits, latency_seconds = predict(run, config, splits, trained, device)
    if not trained.chosen:  # otherwise every epoch has been evaluated, the last one, too
        _log_validation(tracker, trained, config, splits, logits["validation"])
    thresholds = _choose_thresholds(run, config, splits, logits)
    _store_predictions(run, splits, logits)
    for path in (run.predictions, *run.adapter.iterdir(), run.adapter):  # or a power cut could leave only the result
        sync(path)
    reach("run.predicted")
    measured = {"adapter_bytes": adapter_bytes(run.adapter), "latency_seconds": latency_seconds}
    scores = RunScores.model_validate(
        _score(splits, logits, thresholds)
        | {"cost": trained.cost.model_copy(update=measured), "shared_device": run.shared_attempts.exists()}
        | {"kept": trained.chosen and trained.chosen.kept}
    )
    write_record(run.path / "result.json", scores)
    reach("run.result")
    return scores


def _load_engine(config: RunConfig) -> ModuleType:
    """The module that trains this method. Its import creates many objects and no garbage: pausing garbage collection
    saves a fifth of the time, and freezing the objects saves a quarter of a second at each later collection."""
    gc.disable()
    try:
        return importlib.import_module(f"emocore.training.{find_method(config.method).engine}")
    finally:
        gc.freeze()
        gc.enable()


def choose_device(config: RunConfig, slot: str | None) -> str:
    """ "cuda" or "cpu". `slot` is the device that the scheduler chose, the only one that this process sees; else None.

    Raises ConfigError if torch cannot use the GPU. On the CPU the run would slow down the one in the CPU's slot, and
    its time and memory would count as a GPU's.
    """
    if slot in ("cpu", None) or not find_method(config.method).needs_base:
        return "cpu"
    import torch

    if not torch.cuda.is_available():
        raise ConfigError(
            f"this PyTorch ({torch.__version__}) cannot use the GPU {slot}: install its CUDA build, bring the driver "
            "up to date, or set device to cpu",
            field="device",
        )
    return "cuda"


def choose_precision(config: RunConfig, device: str) -> Precision:
    """As configured or as is best for the device. Raises ConfigError if an epoch would be chosen in another precision
    than that of the answers."""
    if config.precision == "bf16" and config.keep == "best" and not computes_bf16(device):
        raise ConfigError(
            "keep: this device does not compute in bf16, so the epoch would be chosen in bf16 and the adapter answer "
            "in fp32; set precision to auto or fp32, or keep to last",
            field="keep",
        )
    if config.precision != "auto":
        return config.precision
    return "bf16" if computes_bf16(device) else "fp32"


def _log_validation(tracker: Tracker, trained: Trained, config: RunConfig, splits: Splits, logits: np.ndarray) -> None:
    """The last point of the curves, which are the scores of the adapter that is kept."""
    truth = splits.frames["validation"][list(splits.labels)].to_numpy()
    scores = {"loss": mean_cross_entropy(truth, logits)} | score_validation(truth, logits, config.threshold)
    tracker.log_end(trained.steps, trained.epochs, {f"validation/{name}": value for name, value in scores.items()})


def _choose_thresholds(
    run: RunFolder, config: RunConfig, splits: Splits, logits: dict[str, np.ndarray]
) -> dict[str, np.ndarray | float]:
    """Split -> the thresholds that it is scored with. Tuned ones are stored in the adapter for its later answers."""
    if config.threshold:
        return dict.fromkeys(logits, config.threshold)
    truth = splits.frames["validation"][list(splits.labels)].to_numpy()
    info = tune_thresholds(read_info(run.adapter), splits.labels, truth, logits["validation"])
    write_info(run.adapter, info)
    return {
        "validation": cross_fit(truth, logits["validation"]),
        "test": np.array([info.thresholds[label] for label in splits.labels]),
    }


def tabulate_predictions(split: str, texts: pd.DataFrame, logits: np.ndarray) -> pd.DataFrame:
    """The rows of `predictions.parquet` for one split: split, row_id, text, with groups group_name, `true.LABEL` (int8)
    and `logit.LABEL` (float32). `texts` is the split's frame; `logits` is (texts, labels)."""
    words = texts.columns.intersection(["row_id", "text", "group_name"], sort=False)
    cells: dict[str, np.ndarray] = {}
    for column, label in enumerate(texts.columns.drop(words)):
        cells[f"true.{label}"] = texts[label].to_numpy(np.int8)
        cells[f"logit.{label}"] = logits[:, column].astype(np.float32)
    return pd.DataFrame({"split": split} | {name: texts[name].to_numpy() for name in words} | cells)


def _store_predictions(run: RunFolder, splits: Splits, logits: dict[str, np.ndarray]) -> None:
    parts = [tabulate_predictions(name, splits.frames[name], values) for name, values in logits.items()]
    temporary = run.predictions.with_suffix(".tmp")
    pd.concat(parts).to_parquet(temporary, index=False)
    temporary.replace(run.predictions)


def _score(splits: Splits, logits: dict[str, np.ndarray], thresholds: dict[str, np.ndarray | float]) -> dict[str, Any]:
    labels = list(splits.labels)
    return {
        name: score_logits(splits.frames[name][labels].to_numpy(), logits[name], labels, thresholds[name])
        if name in logits
        else None
        for name in ("validation", "test")
    }
