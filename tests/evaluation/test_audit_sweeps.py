"""Settings that a sweep varies in every method alike are its design and not unfair; false sweeps are recognised."""

from itertools import product
from typing import Any

import pandas as pd
import pytest
from inline_snapshot import snapshot

from emocore.evaluation.audit import audit, describe_audit, has_confound, name_differences
from emocore.evaluation.results import RunResult
from tests.support.audited_runs import finish

BY_ROWS = {250: "1" * 64, 1000: "2" * 64}  # each number of rows is a split of its own


def run(rows: int, **settings: Any) -> Any:
    origin = {"rows": {"train": rows, "validation": 4}, "split_sha256": BY_ROWS[rows]}
    return finish(origin, rows=rows, **settings)


def graded(table: pd.DataFrame) -> dict[str, str]:
    told = name_differences(table)
    return dict(zip(told["what"], told["severity"], strict=True))


@pytest.mark.parametrize("methods", [("lora", "ia3", "tfidf"), ("lora",)])
def test_rows_that_vary_in_every_method_are_one_line(methods: tuple[str, ...]) -> None:
    """Steps and splits vary with the rows, which is reported once."""
    table = audit([run(rows, method=method) for method, rows in product(methods, BY_ROWS)])
    assert graded(table) == {"training rows, by design": "cosmetic"}
    assert not has_confound(table)
    assert describe_audit(table) == snapshot(
        "Fair between series of the same training rows: the runs differ only in method and seed."
    )


def test_rows_that_only_one_method_varies_are_unfair() -> None:
    table = audit([run(250), run(1000), run(1000, method="ia3")])
    assert graded(table) == {"training rows": "confounds", "optimizer steps": "confounds"}
    assert table["values"][0] == snapshot("250 (LoRA (rows 250)) against 1,000 (LoRA (rows 1000), IA3)")


def test_epochs_that_go_with_a_method_are_unfair_in_a_sweep_too() -> None:
    runs = [run(rows, method=m, epochs=e) for (m, e), rows in product((("lora", 3), ("ia3", 9)), BY_ROWS)]
    assert graded(audit(runs)) == {
        "epochs": "confounds",
        "optimizer steps": "confounds",
        "training rows, by design": "cosmetic",
    }


def test_the_same_values_in_other_combinations_are_no_sweep() -> None:
    """LoRA's long run has few rows, IA3's has many: no two runs can be compared."""
    pairs = [("lora", 250, 3), ("lora", 1000, 9), ("ia3", 250, 9), ("ia3", 1000, 3)]
    assert has_confound(audit([run(rows, method=m, epochs=epochs) for m, rows, epochs in pairs]))


def test_one_method_with_two_things_changed_at_once_is_no_sweep() -> None:
    table = audit([run(250, batch_size=8), run(1000, batch_size=16)])
    assert {"training rows": "confounds", "batch size": "may matter"}.items() <= graded(table).items()


def test_a_full_grid_of_one_method_is_a_sweep() -> None:
    table = audit([run(rows, threshold=t) for rows, t in product(BY_ROWS, (0.3, 0.5))])
    assert set(graded(table)) == {"training rows, by design", "threshold, by design"}


def test_as_many_learning_rates_in_every_method_are_a_sweep() -> None:
    rates = {"lora": (1e-4, 1e-3), "ia3": (1e-3, 1e-2)}
    runs = [finish(method=method, learning_rate=rate) for method, own in rates.items() for rate in own]
    table = audit([*runs, finish(method="tfidf")])
    assert graded(table) == {"learning rate, by design": "cosmetic"}
    assert "equally many values" in table["effect"][0]


def test_learning_rates_of_only_one_method_are_tries() -> None:
    runs = [finish(learning_rate=rate) for rate in (1e-4, 1e-3, 1e-2)]
    table = audit([*runs, finish(method="ia3")])
    assert graded(table) == {"settings tried": "may matter", "learning rate": "may matter"}
    assert "LoRA had 3 settings to choose from, IA3 1" in table["effect"][0]


def test_steps_that_are_capped_alike_in_every_method_are_a_sweep() -> None:
    table = audit([finish(method=m, max_steps=steps) for m, steps in product(("lora", "ia3"), (10, 40))])
    assert graded(table) == {"optimizer steps, by design": "cosmetic"}


def test_splits_of_a_cross_validation_are_a_sweep() -> None:
    runs = [
        finish({"split_sha256": str(seed) * 64}, method=method, split_seed=seed)
        for method, seed in product(("lora", "ia3"), (1, 2, 3))
    ]
    assert graded(audit(runs)) == {"split seed, by design": "cosmetic"}


def test_bases_that_every_method_has_are_a_sweep() -> None:
    bases = ("smollm2-135m", "minilm-l6")
    runs = [finish(method=m, base=b, epochs=3) for m, b in product(("lora", "ia3"), bases)]
    assert "base, by design" in graded(audit(runs))
    assert not has_confound(audit(runs))
    assert has_confound(audit(runs[:3]))


def draws(*numbers: int, method: str = "lora") -> list[RunResult]:
    return [
        finish({"split_sha256": f"{n}" * 64, "evaluation_sha256": "e" * 64}, method=method, seed=n, split_seed=n)
        for n in numbers
    ]


def test_draws_that_all_series_share_are_fair() -> None:
    """They were scored on the same texts, which the line on the split seed must not deny."""
    assert graded(audit(draws(1, 2) + draws(1, 2, method="ia3"))) == {"split seed, by design": "cosmetic"}
    table = audit(draws(1, 2) + draws(2, 3, method="ia3"))
    assert graded(table) == {"split seed": "cosmetic"}
    assert table["effect"].tolist() == [
        "It led to the same evaluation texts, and series are compared by the training texts that they share."
    ]


def test_series_without_a_draw_in_common_have_a_confound() -> None:
    table = audit(draws(1, 2) + draws(3, method="ia3"))
    assert graded(table) == {"training draws": "confounds", "split seed": "cosmetic"}
    assert "may come from easier texts" in table["effect"][0]
    assert "scored" not in " ".join(table["effect"])
