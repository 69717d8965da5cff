"""Compares one training by Emocore with the same one by two Hugging Face Trainer scripts, in turns.

    python -m benchmarks.training [--base smollm2-135m] [--method lora] [--rows 480] [--epochs 1] [--rounds 2]

measures three sides, each in its own fresh process, on the CPU or with `--device cuda` on the first GPU. `usual` is the
usual script: fp32, and every text padded to 128 tokens. `tuned` is the same script with bf16 autocast, if Emocore would
choose bf16 on this machine, and batches padded to their longest text; `--precision` chooses another one. `emocore` is a
run as the app starts it, W&B offline. They share the texts, base, PEFT config, batch size, epochs, seed and learning
rates. All score the validation texts after each epoch and the test texts once, and store predictions; Emocore also does
what it always does, such as checkpoints, tuned thresholds, the reading of the saved adapter and its log.

Printed for each side are medians over the rounds. Samples/s are training texts over the seconds of all training steps,
the first included, without loading and evaluations. GFLOP/s count 4 FLOP per parameter of the frozen linear layers and
token with padding: `benchmarks.timing.work` says why. The share is that of what this machine reaches in plain matrix
products of the same precision, measured at the start of each round. Memory is the largest resident set of the process;
on a GPU, it is the peak of PyTorch's allocator in the training. Macro-F1 is that of multi-label predictions at a
probability of 0.5. The last columns are the seconds from the start of the process until predictions are stored, and
until it ends. The ratios are medians over the rounds, with their range.

`--random-weights` measures a base of the original study without fetching it: its published architecture, with random
weights, on random texts that are as long as the starter messages, with random labels. Scores are not shown, because
they mean nothing. One training measures one batch size; the best one on a GPU is found by a loop, such as

    for size in 16 32 64 128 256; do
        python -m benchmarks.training --device cuda --random-weights gemma-1.1-2b --rows 10240 --batch-size $size
    done
    python -m benchmarks.training --device cuda --random-weights gte-qwen1.5-7b --method qlora --batch-size 16

`--toy` makes these bases small, so that the same can be tried on a CPU in a minute. A laptop without bf16 and AVX-512
is measured on a machine that has them with

    export ONEDNN_MAX_CPU_ISA=AVX2 MKL_ENABLE_INSTRUCTIONS=AVX2 ATEN_CPU_CAPABILITY=avx2
    python -m benchmarks.training --precision fp32

where all sides compute in fp32. The three variables are those of the three libraries that PyTorch computes with.
"""

import argparse
import os
import statistics
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from benchmarks.timing.report import describe_ratios, print_progress, write_figures
from benchmarks.timing.sides import Outcome, Work, make_sides, measure_work
from benchmarks.timing.task import METHODS, Task, add_options, choice_of, make_task
from emocore.cli.output import print_table
from emocore.errors import EmocoreError
from emocore.text import format_bytes

SIDES = ("usual", "tuned", "emocore")
Round = tuple[Work, dict[str, Outcome]]

COLUMNS = (
    "side",
    "samples/s",
    "GFLOP/s",
    "share",
    "of",
    "memory",
    "validation F1",
    "test F1",
    "predictions s",
    "end s",
)


def run_round(task: Task, method: str, sides: list[str], folder: Path) -> Round:
    """One training per side, each in a folder of its own."""
    folder.mkdir()
    print_progress(f"{folder.name} begins")
    work = measure_work(task, method, folder)
    run = make_sides(work)
    outcomes = {}
    for side in sides:
        outcomes[side] = run[side](task, method, folder / side)
        speed = task.samples / outcomes[side].train_seconds
        print_progress(f"{folder.name}, {side}: {speed:.1f} samples/s")
    return work, outcomes


def describe_side(task: Task, side: str, rounds: list[Round]) -> list[str]:
    """The cells of COLUMNS."""
    pairs = [(work, outcomes[side]) for work, outcomes in rounds]
    precision = pairs[0][1].precision

    def median(figure: Callable[[Outcome], float]) -> float:
        return statistics.median(figure(outcome) for _, outcome in pairs)

    flops = [work.flop_per_token * outcome.tokens / outcome.train_seconds for work, outcome in pairs]
    shares = [reached / work.rates[precision] for reached, (work, _) in zip(flops, pairs, strict=True)]
    return [
        side,
        f"{median(lambda outcome: task.samples / outcome.train_seconds):.1f}",
        f"{statistics.median(flops) / 1e9:.1f}",
        f"{statistics.median(shares):.0%}",
        f"{statistics.median(work.rates[precision] for work, _ in pairs) / 1e9:.0f} in {precision}",
        format_bytes(median(lambda outcome: outcome.peak_memory_bytes)),
        "-" if task.random_weights else f"{median(lambda outcome: outcome.validation_f1_macro):.3f}",
        "-" if task.random_weights else f"{median(lambda outcome: outcome.test_f1_macro):.3f}",
        f"{median(lambda outcome: outcome.stored_seconds):.1f}",
        f"{median(lambda outcome: outcome.process_seconds):.1f}",
    ]


def compare_sides(rounds: list[Round], other: str) -> dict[str, list[float]]:
    """Emocore's figure over that of another side, one per round."""
    pairs = [(outcomes["emocore"], outcomes[other]) for _, outcomes in rounds]
    return {
        "samples/s": [theirs.train_seconds / ours.train_seconds for ours, theirs in pairs],
        "seconds to predictions": [ours.stored_seconds / theirs.stored_seconds for ours, theirs in pairs],
        "memory": [ours.peak_memory_bytes / theirs.peak_memory_bytes for ours, theirs in pairs],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_options(parser, rows=480, epochs=1, rounds=2)
    parser.add_argument("--method", choices=METHODS, default="lora")
    parser.add_argument("--sides", type=choice_of(SIDES), default=list(SIDES), metavar=",".join(SIDES))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="emocore-training-") as name:
        os.environ["EMOCORE_SETTINGS"] = f"{name}/settings"
        try:
            task = make_task(options, [options.method], Path(name))
        except EmocoreError as error:
            parser.error(str(error))
        print(task, flush=True)
        rounds = []
        for number in range(options.rounds):
            # Every second round goes backwards, so that no side always has the machine at its best.
            sides = options.sides[:: -1 if number % 2 else 1]
            rounds.append(run_round(task, options.method, sides, Path(name) / f"round {number + 1}"))
    print_table([list(COLUMNS), *(describe_side(task, side, rounds) for side in options.sides)])
    others = [side for side in options.sides if side != "emocore" and "emocore" in options.sides]
    ratios = {f"emocore/{other}": compare_sides(rounds, other) for other in others}
    if ratios:
        rows = [[name, *map(describe_ratios, figures.values())] for name, figures in ratios.items()]
        print_table([["ratio", "samples/s", "seconds to predictions", "memory"], *rows])
    told = [{"work": asdict(work), **{side: asdict(outcomes[side]) for side in outcomes}} for work, outcomes in rounds]
    config = task.configs[options.method].model_dump()
    facts = {"config": config, "texts": task.counts, "device": asdict(task.device)}
    write_figures(options.json, facts | {"random_weights": task.random_weights, "rounds": told, "ratios": ratios})


if __name__ == "__main__":
    main()
