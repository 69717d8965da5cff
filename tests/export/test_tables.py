"""Tables in words: units, signs, intervals next to their values, and no repetition."""

import numpy as np
import pandas as pd

from emocore.export.tables import to_words, with_index

SPACE = "\N{NO-BREAK SPACE}"


def test_costs_have_units_and_missing_ones_a_dash() -> None:
    costs = pd.DataFrame(
        {
            "series": ["LoRA", "IA3 · W&B"], "method": ["lora", "ia3"], "seeds": [3, 1], "f1_macro": [0.5084, 0.4],
            "f1_macro_low": [0.485, np.nan], "f1_macro_high": [0.531, np.nan], "train_seconds": [192.0, 8.0],
            "peak_memory_bytes": [2.1e9, np.nan], "trainable_parameters": [19.6e6, 4235],
            "latency_seconds": [0.0123, np.nan],
        }
    )  # fmt: skip
    words = to_words(costs)
    assert words.columns == [
        "series", "seeds", "macro-F1", "training time", "peak memory", "trainable parameters", "latency of one text",
    ]  # fmt: skip
    assert words.rows == [
        ["LoRA", "3", f"0.508 [0.485,{SPACE}0.531]", "3 min 12 s", "2.1 GB", "19.6 M", "12.3 ms"],
        ["IA3 · W&B", "1", "0.400", "8.0 s", "–", "4,235", "–"],
    ]
    assert words.is_number == [False, True, True, True, True, True, True]


def test_differences_are_points_with_a_sign_and_their_interval() -> None:
    verdicts = pd.DataFrame(
        {
            "first": ["A"], "second": ["B"], "first_method": ["lora"], "second_method": ["ia3"],
            "difference": [-0.0234], "low": [-0.05], "high": [0.0], "p_adjusted": [0.0002], "verdict": ["worse"],
            "note": [""],
        }
    )  # fmt: skip
    words = to_words(verdicts)
    assert words.columns == ["first", "second", "difference (points)", "p (Holm)", "verdict"]
    assert words.rows == [["A", "B", f"-2.3 [-5.0,{SPACE}+0.0]", "< 0.001", "worse"]]


def test_methods_metrics_and_policies_go_by_their_titles() -> None:
    table = {"method": ["tfidf", "gone"], "metric": ["f1_micro", "jaccard"], "policy": ["tuned", "?"]}
    assert to_words(pd.DataFrame(table)).rows == [["TF-IDF", "micro-F1", "tuned by emotion"], ["gone", "Jaccard", "?"]]


def test_the_interval_of_a_sweep_belongs_to_its_score_and_not_to_the_setting() -> None:
    sweep = pd.DataFrame(
        {"setting": ["rows", "learning_rate"], "value": [1000.0, 5e-4], "f1_macro": [0.4, 0.5], "low": 0.3, "high": 0.6}
    )
    words = to_words(sweep)
    assert [row[1] for row in words.rows] == ["1,000", "0.0005"]
    assert words.rows[0][2] == f"0.400 [0.300,{SPACE}0.600]"


def test_an_index_of_names_is_a_column_and_one_of_numbers_is_not() -> None:
    agreement = pd.DataFrame([[1.0, 0.62], [0.62, 1.0]], index=["A", "B"], columns=["A", "B"])
    assert to_words(agreement).rows == [["A", "1.000", "0.620"], ["B", "0.620", "1.000"]]
    assert list(with_index(agreement).columns) == ["", "A", "B"]
    chosen = pd.DataFrame({"a": [1, 2, 3]})[1:]
    assert with_index(chosen).columns.tolist() == ["a"]


def test_an_empty_table_keeps_its_columns() -> None:
    words = to_words(pd.DataFrame(columns=["what", "values"]))
    assert (words.columns, words.rows) == (["what", "values"], [])


def test_counts_that_are_means_over_seeds_keep_their_half() -> None:
    table = pd.DataFrame({"emotion": ["joy", "fear"], "count": [1234.0, 0.5]})
    assert to_words(table).rows == [["joy", "1,234"], ["fear", "0.5"]]


def test_a_table_of_few_rows_and_many_columns_is_turned_upright() -> None:
    words = to_words(pd.DataFrame({"series": ["A", "B"], "joy": [0.25, 0.5], "fear": [0.75, np.nan]}))
    assert words.upright(3) is words
    turned = words.upright(2)
    assert turned.columns == ["series", "A", "B"]
    assert turned.rows == [["joy", "0.250", "0.500"], ["fear", "0.750", "–"]]
    assert turned.is_number == [False, True, True]


def test_times_of_a_shared_device_are_marked() -> None:
    costs = pd.DataFrame(
        {
            "series": ["LoRA", "IA3", "Head"], "train_seconds": [10.0, 40.0, np.nan], "adapter_bytes": [1.0, 2.0, 3.0],
            "shared_times": [False, True, True],
        }
    )  # fmt: skip
    words = to_words(costs)
    assert words.columns == ["series", "training time", "adapter size"]
    assert [row[1] for row in words.rows] == ["10 s", "40 s*", "–"]
    assert not any("*" in row[2] for row in words.rows)
