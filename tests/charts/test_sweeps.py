"""F1 against one setting: where points stand, what their hover says, which axis they get."""

import numpy as np
import pytest

from emocore.charts.style import NO_SKILL_COLOR
from emocore.charts.sweeps import sweep_curves
from emocore.models.methods import METHODS
from tests.support.chart_tables import ends, named, sweep_rows


def test_a_line_a_method_with_intervals_in_the_order_of_the_values() -> None:
    figure = sweep_curves(sweep_rows().sample(frac=1, random_state=0), "training rows")
    line = named(figure, "LoRA")
    assert list(line.x) == pytest.approx([250, 500, 1000], rel=0.02)
    assert list(line.y) == pytest.approx([0.3, 0.35, 0.4])
    assert np.array(ends(line)) == pytest.approx(np.array([[0.27, 0.32], [0.32, 0.37], [0.37, 0.42]]))
    assert line.line.color == METHODS["lora"].color
    assert tuple(figure.layout.yaxis.range) == (0, 1)


def test_methods_stand_a_little_apart_but_the_hover_has_the_true_value() -> None:
    figure = sweep_curves(sweep_rows(), "training rows")
    lora, ia3 = named(figure, "LoRA"), named(figure, "IA3")
    assert lora.x[2] != ia3.x[2]
    for line in (lora, ia3):
        assert line.hovertext[2] == (
            f"<b>{line.name}</b>, training rows 1,000<br>macro-F1 0.400, 95 % interval 0.370 to 0.420<br>1 seed"
        )


@pytest.mark.parametrize(
    ("values", "kind"),
    [((250, 500, 1000), "log"), ((1e-4, 5e-4, 1e-2), "log"), ((800, 1000, 1200), "linear"), ((1000,), "linear")],
)
def test_the_axis_is_logarithmic_where_the_values_ask_for_it_and_names_each(
    values: tuple[float, ...], kind: str
) -> None:
    axis = sweep_curves(sweep_rows(values), "setting").layout.xaxis
    assert axis.type == kind
    assert list(axis.tickvals) == pytest.approx(values)
    low, high = (10 ** np.array(axis.range)) if kind == "log" else axis.range
    assert low < values[0] <= values[-1] < high


def test_values_are_written_as_rows_or_rates() -> None:
    assert list(sweep_curves(sweep_rows((250, 1000)), "rows").layout.xaxis.ticktext) == ["250", "1,000"]
    assert list(sweep_curves(sweep_rows((5e-4, 1e-2)), "rate").layout.xaxis.ticktext) == ["0.0005", "0.01"]


def test_the_line_of_no_skill_crosses_the_chart_where_it_is_known() -> None:
    line = named(sweep_curves(sweep_rows(), "training rows"), "no skill (always predicted)")
    assert (list(line.y), line.line.dash, line.line.color) == ([0.31, 0.31], "dash", NO_SKILL_COLOR)
    assert line.x[0] < 250
    assert line.x[1] > 1000
    unknown = sweep_curves(sweep_rows().assign(no_skill=np.nan), "training rows")
    assert [trace.name for trace in unknown.data] == ["IA3", "LoRA"]


def test_points_without_an_interval_have_no_error_bar() -> None:
    figure = sweep_curves(sweep_rows().assign(low=np.nan, high=np.nan), "training rows")
    assert np.isnan(ends(named(figure, "LoRA"))).all()
    assert "no interval" in named(figure, "LoRA").hovertext[0]
