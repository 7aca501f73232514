"""Mirrors backprop/plots.py."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from backprop import plots
from backprop.training import History


@pytest.fixture(autouse=True)
def close():
    yield
    plt.close("all")


def test_history_has_a_panel_for_the_accuracy_only_where_there_is_one():
    assert len(plots.history(History(loss=[2.0, 1.0])).axes) == 1
    figure = plots.history(History(loss=[2.0, 1.0], test_loss=[3.0, 2.0], test_accuracy=[0.5, 0.9]))
    loss, accuracy = figure.axes
    np.testing.assert_array_equal(loss.lines[0].get_ydata(), [2, 1])
    np.testing.assert_array_equal(accuracy.lines[0].get_ydata(), [50, 90])


def test_norms_draws_every_step_and_the_limit():
    record = History()
    record.norms, record.rates = [3.0, 2.0, 5.0], [0.1, 0.2, 0.3]
    length, rate = plots.norms(record, limit=2.5).axes
    assert [list(line.get_ydata()) for line in length.lines] == [[3.0, 2.0, 5.0], [2.5, 2.5]]
    assert list(rate.lines[0].get_ydata()) == [0.1, 0.2, 0.3]
    with pytest.raises(ValueError, match="record"):
        plots.norms(History())


def test_confusion_writes_every_count_that_is_not_zero():
    (axis,) = plots.confusion(np.array([[5, 1], [0, 7]])).axes
    assert sorted(t.get_text() for t in axis.texts) == ["1", "5", "7"]


def test_images_are_squares_in_the_order_of_the_rows():
    rows = np.arange(12.0).reshape(3, 4)
    figure = plots.images(rows, ["a", "b", "c"], columns=2)
    shown = [axis for axis in figure.axes if axis.images]
    np.testing.assert_array_equal(shown[2].images[0].get_array(), [[8, 9], [10, 11]])
    assert [axis.get_title() for axis in shown] == ["a", "b", "c"]


def test_a_shared_scale_is_symmetric():
    figure = plots.images(np.array([[0.0, -2, 1, 1], [0, 0, 0, 1]]), shared=True)
    assert {axis.images[0].get_clim() for axis in figure.axes if axis.images} == {(-2, 2)}


def test_mistakes_shows_only_mistakes():
    figure = plots.mistakes(np.ones((3, 4)), np.array([1, 2, 3]), np.array([1, 7, 3]))
    assert [a.get_title() for a in figure.axes if a.images] == ["2, not 7"]


def test_bad_input_raises():
    with pytest.raises(ValueError, match=r"rows has shape \(2, 5\); needs \(K, D\)"):
        plots.images(np.ones((2, 5)))
    with pytest.raises(ValueError, match="titles has 1 entries; needs 2"):
        plots.images(np.ones((2, 4)), ["a"])
    with pytest.raises(ValueError, match="needs at least one mistake"):
        plots.mistakes(np.ones((1, 4)), np.array([1]), np.array([1]))


def test_graph_writes_names_values_and_gradients_and_turns_active_edges_round():
    place = {"a": (0.0, 0.0), "b": (1.0, 0.0)}
    edges = [("a", "b", "1"), ("a", "b", "1")]
    figure, axis = plt.subplots()
    drawn = plots.graph(
        place, edges, values={"a": "7"}, gradients={"b": "9"}, active=[("a", "b")], axis=axis
    )
    assert drawn is figure
    assert sorted(t.get_text() for t in axis.texts if t.get_text()) == list("1179ab")
    arrows = [t.arrow_patch for t in axis.texts if getattr(t, "arrow_patch", None)]
    assert len(arrows) == 2 and {type(a.get_arrowstyle()).__name__ for a in arrows} == {
        "CurveFilledA"
    }
    assert len({str(a.get_connectionstyle().rad) for a in arrows}) == 2


def test_graph_makes_a_figure_of_its_own():
    figure = plots.graph({"a": (0.0, 0.0), "b": (2.0, 1.0)}, [("a", "b", "")])
    assert len(figure.axes) == 1
