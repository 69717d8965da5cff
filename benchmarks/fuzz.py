"""Tries bad files, settings, run folders, adapters and page addresses; none may get a key, run code, or stop anything.

`make fuzz`, or `python -m benchmarks.fuzz --count 2000 --seed 1`, makes that many cases, the same for the same seed,
and carries out each by the real command in its own process, or on a real page. `tests/support/fuzzing/` has the
details.

Checked for each step: it ends within 20 s, with status 0, or with status 2 and one clear line; its output has no
traceback, no secret and no terminal control characters; and refused input leaves nothing behind. If input is accepted,
the result must be plausible: probabilities are between 0 and 1, healthy runs are listed along with damaged ones, and
contradictions are refused. Checked for each case: no key and no secret reached a server that a folder named, no foreign
process was signalled, no planted code ran, and a healthy queued run next to damaged ones was finished.

Each failure is printed with its number; `--only NUMBER` repeats only that case. The exit status is 1 if any case
failed.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter, deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.support.fuzzing.campaign import MAKERS, Campaign, Case
from tests.support.fuzzing.verdict import KINDS

WORKERS = 2
KIND_NAMES = list(MAKERS)


def kind_of(number: int) -> str:
    return KIND_NAMES[number % len(KIND_NAMES)]


def work(campaign: Campaign, numbers: Iterator[int]) -> dict[int, Case]:
    for number in numbers:
        for problem in campaign.run(number, kind_of(number)):
            print(f"case {number} ({kind_of(number)}) {problem.kind}: {problem.text}", flush=True)
    return campaign.cases


def campaigns(folder: Path, checkout: Path, seed: int, count: int) -> list[Campaign]:
    found = [Campaign(folder / str(worker), checkout, seed) for worker in range(count)]
    templates = found[0].prepare()
    for campaign in found[1:]:
        campaign.templates = templates
    return found


def print_summary(cases: dict[int, Case], seed: int, seconds: float) -> None:
    kinds = Counter(case.kind for case in cases.values())
    told = ", ".join(f"{kind} {kinds[kind]}" for kind in KIND_NAMES)
    print(f"{len(cases)} cases (seed {seed}) in {seconds / 60:.0f} minutes: {told}")
    for kind in KIND_NAMES:
        own = [case for case in cases.values() if case.kind == kind]
        refused, mean = sum(case.is_refused for case in own), sum(case.seconds for case in own) / max(1, len(own))
        print(f"  {kind}: {len(own) - refused} accepted, {refused} refused, {mean:.1f} s each")
    print(f"  {sum(case.is_repeated for case in cases.values())} of them also in a fresh process, with the same result")
    problems = Counter(kind for case in cases.values() for kind in {problem.kind for problem in case.problems})
    print("; ".join(f"{problems[kind]} {name}" for kind, name in KINDS.items()))
    if failed := sorted(number for number, case in cases.items() if case.problems):
        print(f"{len(failed)} cases failed: {', '.join(map(str, failed))}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=2000, help="cases")
    parser.add_argument("--seed", type=int, default=1, help="seed of the cases")
    parser.add_argument("--only", help="numbers of the cases to repeat, separated by commas")
    parser.add_argument("--kind", choices=KIND_NAMES, help="only cases of this kind")
    parser.add_argument("--checkout", type=Path, default=Path(__file__).parents[1], help="the code to test")
    options = parser.parse_args()
    numbers = [int(part) for part in options.only.split(",")] if options.only else list(range(options.count))
    numbers = [number for number in numbers if options.kind in (None, kind_of(number))]
    started, cases = time.monotonic(), dict[int, Case]()
    with tempfile.TemporaryDirectory(prefix="emocore-fuzz-") as name, ThreadPoolExecutor(WORKERS) as pool:
        workers = campaigns(Path(name), options.checkout.resolve(), options.seed, min(WORKERS, len(numbers)))
        waiting = iter(numbers)  # shared, so that each worker takes the next number when it is free
        try:
            for done in [pool.submit(work, campaign, waiting) for campaign in workers]:
                cases |= done.result()
        finally:
            deque(waiting, maxlen=0)  # after an interrupt, leave no numbers for the workers
            for campaign in workers:
                campaign.close()
    print_summary(cases, options.seed, time.monotonic() - started)
    return int(any(case.problems for case in cases.values()))


if __name__ == "__main__":
    sys.exit(main())
