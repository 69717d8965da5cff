"""Every method that adapts a base, on an encoder and a decoder: trained, killed, resumed, saved, reloaded, and asked.

Each method has one of the two bases here, and the other one among the long tests, which load all adapters together.
`test_resume.py` has the ways in which a run can be killed, for the methods that the study compared.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from peft import PeftModel
from transformers import AutoModelForSequenceClassification, AutoTokenizer, BitsAndBytesConfig

from emocore.jobs.queue import resume_run
from emocore.models.classifier import BaseStore, load_classifier
from emocore.models.methods.catalogue import METHODS, find_method
from emocore.run.folder import RunFolder
from emocore.run.state import RunStatus
from emocore.system.faults import EXIT_STATUS
from emocore.tracking.metrics_file import read_metrics
from emocore.training.checkpoints import last_checkpoint
from tests.support.live_runs import carry_out, describe, queue_run
from tests.support.outcomes import assert_same, outcome_of
from tests.support.tiny_models import save_tiny_bert

ADAPTERS = [name for name, method in METHODS.items() if method.engine == "neural"]
BASES = ("llama", "bert")
NOTHING_TO_TRAIN = {("bitfit", "llama")}
OTHERS = [("peft:randlora", "bert"), ("peft:hira", "llama")]  # types that the catalogue does not have
CASES = [case for case in itertools.product(ADAPTERS, BASES) if case not in NOTHING_TO_TRAIN] + OTHERS
KILLED = [
    case for number, case in enumerate(CASES) if number % 4 in (0, 3) or case[0] == "bitfit" or case in OTHERS
]  # each method on one base
EVERY = [pytest.param(case, id=" on ".join(case), marks=() if case in KILLED else pytest.mark.long) for case in CASES]
Case = tuple[str, str]  # method and base
TEXTS = ["so happy", "nobody told me, and now I stand here in the rain, waiting for a bus that is not coming", "why?!"]


@dataclass(frozen=True)
class Outcome:
    resumed: RunFolder
    checkpoint: int
    killed_with: int


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory, tiny_llama: Path) -> dict[str, Path]:
    """The encoder pools as its stock class does, which plain PEFT loads."""
    bert = save_tiny_bert(tmp_path_factory.mktemp("bases") / "bert", mean_pooling=False)
    return {"llama": tiny_llama, "bert": bert}


@pytest.fixture(scope="module")
def queue(
    tmp_path_factory: pytest.TempPathFactory, small_csv: Path, bases: dict[str, Path]
) -> Callable[[Case, float], RunFolder]:
    root = tmp_path_factory.mktemp("runs")

    def queue(case: Case, checkpoint_minutes: float) -> RunFolder:
        method, base = case
        settings = {"method": method, "base": str(bases[base]), "batch_size": 16}
        settings |= {"lora_plus_ratio": 2} if method == "lora-plus" else {}  # of the high rate of a quick training
        settings |= {"peft": ["r=4"]} if method.startswith("peft:") else {}
        settings |= {"keep": "best"} if base == "bert" else {}
        return queue_run(root, small_csv, checkpoint_minutes=checkpoint_minutes, **settings)

    return queue


@pytest.fixture(scope="module")
def runs(request: pytest.FixtureRequest, queue: Callable[[Case, float], RunFolder]) -> dict[Case, RunFolder]:
    """Finished without a break: those that the selected tests ask for."""
    selected = [item for item in request.session.items if isinstance(item, pytest.Function)]
    asked = [item.callspec.params for item in selected if item.path == request.path]
    wanted = CASES if any("base" in each for each in asked) else [each["case"] for each in asked]
    found = {case: queue(case, 1000) for case in dict.fromkeys(wanted)}
    assert carry_out(*found.values()) == 0, "".join(map(describe, found.values()))
    return found


@pytest.fixture(scope="module")
def outcomes(queue: Callable[[Case, float], RunFolder]) -> dict[Case, Outcome]:
    """Killed in the middle of the second epoch, and resumed."""
    found = {}
    for case in KILLED:
        run = queue(case, 1e-6)
        status = carry_out(run, fault="step.done:9")
        checkpoint = last_checkpoint(run.checkpoints)
        found[case] = Outcome(run, int(checkpoint.name.rpartition("-")[2]) if checkpoint else 0, status)
        resume_run(run)
    killed = [outcome.resumed for outcome in found.values()]
    assert carry_out(*killed) == 0, "".join(map(describe, killed))
    return found


@pytest.fixture(scope="module")
def answers(runs: dict[Case, RunFolder]) -> dict[Case, np.ndarray]:
    """Of each adapter as the only one on its base."""
    return {case: load_classifier(run.adapter, BaseStore("cpu")).logits(TEXTS) for case, run in runs.items()}


@pytest.mark.parametrize("case", KILLED, ids=" on ".join)
def test_a_resumed_run_ends_exactly_where_the_whole_one_does(
    runs: dict[Case, RunFolder], outcomes: dict[Case, Outcome], case: Case
) -> None:
    outcome = outcomes[case]
    assert (outcome.killed_with, outcome.checkpoint) == (EXIT_STATUS, 8)
    assert outcome.resumed.state.status == runs[case].state.status == RunStatus.FINISHED
    assert_same(outcome_of(outcome.resumed), outcome_of(runs[case]))


@pytest.mark.parametrize("case", EVERY)
def test_it_learns_more_than_its_head(runs: dict[Case, RunFolder], case: Case) -> None:
    scores = runs[case].scores
    assert scores and scores.cost.adapter_parameters
    losses = [row["train/loss"] for row in read_metrics(runs[case].metrics) if "train/loss" in row]
    assert np.mean(losses[-3:]) < 0.9 * losses[0]


@pytest.mark.parametrize("case", EVERY)
def test_an_answer_depends_neither_on_its_company_nor_on_padding(
    runs: dict[Case, RunFolder], answers: dict[Case, np.ndarray], case: Case
) -> None:
    classifier = load_classifier(runs[case].adapter, BaseStore("cpu"))
    alone = np.concatenate([classifier.logits([text]) for text in TEXTS])
    np.testing.assert_allclose(alone, answers[case], atol=1e-4)
    assert np.ptp(alone, axis=0).max() > 0.01, "all texts are the same to it"


@pytest.mark.filterwarnings("ignore:The following rank_pattern keys:RuntimeWarning")  # as `quiet_libraries` explains
@pytest.mark.filterwarnings("ignore:Unsupported layer type:UserWarning")  # PEFT says so of normalisations
@pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing.*:FutureWarning")  # PEFT asks Transformers for it
@pytest.mark.parametrize("case", EVERY)
def test_plain_peft_or_transformers_gives_the_same_answers_with_padding(
    runs: dict[Case, RunFolder],
    answers: dict[Case, np.ndarray],
    bases: dict[str, Path],
    case: Case,
) -> None:
    method, base = case
    folder, source = runs[case].adapter, bases[base]
    kept = ["score", "classifier", "bert.pooler.dense"]
    quantizers = {
        "nf4": BitsAndBytesConfig(
            load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True, llm_int8_skip_modules=kept
        ),
        "int8": BitsAndBytesConfig(load_in_8bit=True, llm_int8_threshold=0.0, llm_int8_skip_modules=kept),
    }
    tokenizer = AutoTokenizer.from_pretrained(folder)
    whole = find_method(method).trains_base
    plain = AutoModelForSequenceClassification.from_pretrained(
        folder if whole else source, num_labels=answers[case].shape[1],
        dtype=torch.float32, attn_implementation="eager",
        quantization_config=quantizers.get(find_method(method).quantized),
    )  # fmt: skip
    plain.config.pad_token_id = tokenizer.pad_token_id
    for module in plain.modules():
        if hasattr(module, "support_avx512bf16_for_cpu"):
            module.support_avx512bf16_for_cpu = False
    model = plain.eval() if whole else PeftModel.from_pretrained(plain, folder).eval()
    with torch.inference_mode():
        found = model(**tokenizer(TEXTS, padding=True, return_tensors="pt")).logits
    # A difference in the last digit of an input, as padding makes it, decides how it is rounded to 8 bits. The products
    # themselves are compared in tests/models/fused/test_weights.py.
    most = 0.1 if find_method(method).quantized == "int8" else 1e-4
    np.testing.assert_allclose(found.float().numpy(), answers[case], atol=most)


@pytest.mark.long
@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("order", [1, -1])
def test_adapters_on_one_base_answer_as_each_does_alone(
    runs: dict[Case, RunFolder], answers: dict[Case, np.ndarray], base: str, order: int
) -> None:
    store = BaseStore("cpu")
    cases = [case for case in CASES if case[1] == base][::order]
    loaded = {case: load_classifier(runs[case].adapter, store) for case in cases}
    for case in cases:
        np.testing.assert_array_equal(loaded[case].logits(TEXTS), answers[case], err_msg=str(case))
