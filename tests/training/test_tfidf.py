"""TF-IDF learns each emotion by the loss and the weights of its settings, from the training rows."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score

from emocore.errors import ConfigError, DataError
from emocore.models.linear import LinearClassifier
from emocore.run.config import RunConfig
from emocore.training.tfidf import fit
from tests.support.adapters import make_info
from tests.support.tables import LABELS, make_table

TEXTS = ["so much anger", "joy and fear", "nothing at all", "", "ünïcode 😂", "message message"]
LOSSES = ("bce", "focal", "asymmetric")


def training_frame(rows: int = 200, seed: int = 0) -> pd.DataFrame:
    return make_table(rows, seed).rename(columns={"ID": "row_id", "Tweet": "text"})


def learn(frame: pd.DataFrame, **settings: Any) -> LinearClassifier:
    return fit(frame, RunConfig(method="tfidf", **settings), make_info(LABELS))


@pytest.fixture(scope="module")
def trained() -> LinearClassifier:
    return learn(training_frame())


@pytest.mark.parametrize("loss", LOSSES)
def test_it_learns_which_words_go_with_which_emotion(loss: str) -> None:
    unseen = training_frame(seed=9)
    logits, truth = learn(training_frame(), loss=loss).logits(unseen["text"].tolist()), unseen[list(LABELS)].to_numpy()
    assert average_precision_score(truth, logits, average="macro") > 0.97
    if loss != "asymmetric":  # which takes probabilities of labels that texts lack for good enough below one half
        assert ((logits >= 0) == truth).mean() > 0.97


def test_the_same_rows_give_the_same_classifier(trained: LinearClassifier) -> None:
    np.testing.assert_array_equal(learn(training_frame()).logits(TEXTS), trained.logits(TEXTS))


def test_stronger_regularisation_keeps_the_weights_smaller(trained: LinearClassifier) -> None:
    assert np.abs(learn(training_frame(), inverse_regularization=0.01).weights).sum() < np.abs(trained.weights).sum()


@pytest.mark.parametrize("positives", [0, 1])
def test_a_label_with_one_value_keeps_the_log_odds_of_its_share(positives: int) -> None:
    logits = learn(training_frame().assign(trust=positives)).logits(TEXTS)
    share = (positives * 200 + 0.5) / 201
    np.testing.assert_allclose(logits[:, LABELS.index("trust")], np.log(share / (1 - share)), rtol=1e-6)
    assert np.ptp(logits[:, LABELS.index("anger")]) > 0


def test_one_label_that_can_be_learned_is_learned_among_those_that_cannot() -> None:
    frame = training_frame().assign(joy=0, fear=0, trust=0)
    logits = learn(frame).logits(["so much anger", "so much joy"])
    assert logits[0, 0] > 0 > logits[1, 0]
    assert (logits[:, 1:] < -5).all()


def test_texts_that_share_no_term_are_refused_with_what_to_do() -> None:
    texts = [chr(0x4E00 + 8 * number) + chr(0x4E04 + 8 * number) for number in range(40)]
    with pytest.raises(DataError, match=r"no term that several training texts share .*; use more rows"):
        learn(training_frame(40).assign(text=texts))


def test_more_weight_raises_the_probabilities_of_that_emotion_only(trained: LinearClassifier) -> None:
    changes = learn(training_frame(), positive_weight="anger:4").logits(TEXTS) - trained.logits(TEXTS)
    assert (changes[:, LABELS.index("anger")] > 0).all() and changes.max() > 1
    np.testing.assert_array_equal(changes[:, LABELS.index("joy")], 0)


def test_balanced_is_the_ratio_of_the_training_rows(trained: LinearClassifier) -> None:
    frame = training_frame()
    given = ",".join(f"{label}:{(frame[label] == 0).sum() / frame[label].sum():.10g}" for label in LABELS)
    balanced, same = (learn(frame, positive_weight=weights).logits(TEXTS) for weights in ("balanced", given))
    np.testing.assert_allclose(balanced, same, atol=1e-4)
    assert not np.allclose(balanced, trained.logits(TEXTS), atol=0.1)


def test_an_emotion_that_the_rows_lack_is_refused() -> None:
    with pytest.raises(ConfigError, match="the data has no emotion 'envy'"):
        learn(training_frame(40), positive_weight="envy:2")
