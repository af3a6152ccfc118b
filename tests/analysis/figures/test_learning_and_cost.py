"""Learning curves and costs are what histories, score files and weights say."""

import struct

import numpy as np
import pytest

from analysis.figures.costs import costs_of
from analysis.figures.drawn import cost, learning
from grid.records.places import history_key, weights_key
from grid.records.tables import read_history
from grid.store.errors import StoreMissing


def fits_of(matrix):
    return list(dict.fromkeys(c.fit_id for e in matrix.all_entries() for c in e.cells))


def test_learning_curves_are_the_histories(evidence):
    matrix, selection = evidence.matrices[0], evidence.selection
    pictures = learning.FIGURE.pictures(evidence)
    assert len(pictures) == 4  # of the main matrices alone
    losses, aucs = pictures[0].canvas.axes
    tables = [
        read_history(selection.store, fit_id, selection.commits[fit_id]["attempt"])
        for fit_id in fits_of(matrix)
    ]
    assert len(tables) == 6
    mean = {line.get_label(): line for line in losses.get_lines()}
    for label, column in (("training", "train_loss"), ("validation", "validation_loss")):
        expected = np.mean([table[column].to_numpy() for table in tables], 0)
        np.testing.assert_allclose(mean[label].get_ydata(), expected)
    thin = [line for line in aucs.get_lines() if line.get_linewidth() < 0.5]
    found = sorted(float(line.get_ydata()[-1]) for line in thin)
    expected = sorted(table["validation_auc"].to_pylist()[-1] for table in tables)
    assert found == pytest.approx(expected)


def test_a_fit_that_stopped_earlier_shortens_the_mean(evidence):
    def history(*losses):
        epochs = np.arange(1.0, len(losses) + 1)
        return {"epoch": epochs, "train_loss": np.array(losses)}

    canvas = learning.new_canvas(3, 2)
    axes = canvas.add_subplot()
    learning._lines(axes, [history(1, 0.5, 0.2), history(2, 1.5)], "train_loss", "r", "-", "x")
    mean = axes.get_lines()[-1]
    assert mean.get_ydata().tolist() == [1.5, 1]


def test_costs_are_the_footers_and_commits(evidence):
    matrix = evidence.matrices[0]
    found = costs_of(matrix, evidence.selection)
    assert found.ms_per_image == pytest.approx(1000 / 2000)  # as the synthetic store has it
    [seconds] = {evidence.selection.commits[f]["seconds"] for f in fits_of(matrix)}
    assert found.training_hours == pytest.approx(seconds / 3600)
    assert found.parameters is None  # its weights hold no tensors


def test_parameters_are_counted_by_the_header_alone(drawn_store, tmp_path, monkeypatch):
    evidence = drawn_store[2]
    commit = evidence.selection.commits[fits_of(evidence.matrices[0])[0]]
    header = (
        b'{"__metadata__":{"a":"b"},"conv.weight":{"dtype":"F32","shape":[4,3,3,3],'
        b'"data_offsets":[0,432]},"bn.running_mean":{"dtype":"F32","shape":[4],'
        b'"data_offsets":[432,448]},"temperature":{"dtype":"F32","shape":[],'
        b'"data_offsets":[448,452]}}'
    )
    key = weights_key(commit["fit_id"], commit["attempt"], commit["selected_epoch"])
    path = drawn_store[0].local_path(key)
    kept = path.read_bytes()
    path.chmod(0o644)
    try:
        path.write_bytes(struct.pack("<Q", len(header)) + header + b"\0" * 452)
        assert costs_of(evidence.matrices[0], evidence.selection).parameters == 4 * 27 + 1
        path.write_bytes(b"no weights")
        assert costs_of(evidence.matrices[0], evidence.selection).parameters is None
    finally:
        path.write_bytes(kept)


def test_a_metric_is_drawn_over_its_cost(evidence):
    [picture] = cost.FIGURE.pictures(evidence)
    panels = picture.canvas.axes
    assert [axes.get_xlabel() for axes in panels] == [
        "milliseconds per image, scoring",
        "hours of training, one fit",
    ]
    main = [m for m in evidence.matrices if m.settings["degradation"] == "none"]
    expected = {m.title: m.mean("auc", ["family", "other"]).mean for m in main}
    for axes in panels:
        handles, labels = axes.get_legend_handles_labels()
        found = {
            label: float(handle.lines[0].get_ydata()[0])
            for handle, label in zip(handles, labels, strict=True)
        }
        assert found == pytest.approx(expected)


def test_a_history_that_is_gone_is_left_out(evidence):
    selection = evidence.selection
    fit_id = fits_of(evidence.matrices[0])[0]
    key = history_key(fit_id, selection.commits[fit_id]["attempt"])
    path = selection.store.local_path(key)
    kept = path.read_bytes()
    path.unlink()
    try:
        with pytest.raises(StoreMissing):
            selection.store.get(key)
        assert fit_id not in learning.histories_of(evidence.matrices[0], selection)
    finally:
        path.write_bytes(kept)
