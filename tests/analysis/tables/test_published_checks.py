"""The checks of printed tables: known faults are found, sound tables pass, every rule can fail."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.measuring.metric_registry import find_metric
from analysis.tables.checks.all_checks import checked
from analysis.tables.checks.bounds_check import lowest_average_precision
from analysis.tables.checks.confusion_rates import OF_CONFUSION, rates_of, rates_of_counts
from analysis.tables.checks.rates_check import agree
from analysis.tables.printed.printed_table import PrintedNumber, printed_number
from analysis.tables.printed.published_rows import printed_of
from analysis.tables.printed.raw_table import csv_table, markdown_tables
from analysis.tables.printed.table_layout import laid_out
from grid.refusal import Refused

FIXTURES = Path(__file__).parents[2] / "fixtures" / "published_tables"


def results(text, **settings):
    return checked(laid_out(csv_table(text, "t"), **settings))


def verdicts(text, check, **settings):
    return [each.verdict for each in results(text, **settings) if each.check == check]


def faults(name):
    text = (FIXTURES / name).read_text()
    raw = [csv_table(text, name)] if name.endswith(".csv") else markdown_tables(text)
    return [
        (raw_table.title, each)
        for raw_table in raw
        for each in checked(laid_out(raw_table))
        if each.verdict != "consistent"
    ]


def said(found, check, text):
    [one] = [each for _, each in found if each.check == check and text in each.said]
    return one


def test_the_faults_of_the_three_detectors_are_found():
    found = faults("three_detectors.md")
    trained = {e.where for _, e in found if e.check == "trained"}
    assert trained == {"SDv1.5 (Seen)", "SimpleCNN, SDv1.5 (Seen)", "ResNet50, SDv1.5 (Seen)"}
    found = [(title, e) for title, e in found if e.check != "trained"]
    cnn = [e for title, e in found if title == "Results of SimpleCNN"]
    assert [e.said for e in cnn] == ["accuracy 67.36: the macro mean of the 3 cells is 68.02"]
    assert not [e for title, e in found if title == "Results of ResNet-50"]
    ssp = [e for title, e in found if title == "Results of SSP"]
    overall = [e for e in ssp if e.check == "overall"]
    assert [e.said.split(":")[0] for e in overall] == [
        "accuracy 97.76",
        "recall of fakes (TPR) 96.63",
        "recall of reals (TNR) 98.83",
    ]
    assert all("pooled 1:1:3" in e.explanation for e in overall)
    rates = [(e.where, e.verdict) for e in ssp if e.check == "rates"]
    assert rates == [("SDv1.5 (Seen)", "doubtful"), ("ADM (Unseen)", "doubtful")]
    labels = [e for title, e in found if title == "Precision and recall"]
    assert [e.where for e in labels] == ["SimpleCNN (ADM)", "ResNet50 (ADM)", "SSP (ADM)"]
    assert "macro precision and macro recall and macro F1" in labels[0].explanation
    assert "precision of fakes and recall of fakes" in labels[2].explanation
    summary = [e for title, e in found if title == "Summary"]
    assert [e.where.split(",")[0] for e in summary] == ["SimpleCNN", "SSP"]


def test_counts_show_what_a_mislabelled_rate_is():
    found = faults("three_detectors_counts.csv")
    assert all(e.verdict == "inconsistent" for _, e in found)
    one = said(found, "counts", "98.94")
    assert "give 98.98" in one.said
    assert one.explanation == "it is the precision of fakes of these counts"
    assert "5,936 of 6,000 is 98.933" in said(found, "granularity", "98.94").explanation
    assert "98.36" in said(found, "rates", "98.42").explanation
    assert len(found) == 4


def test_means_of_figures_from_several_benchmarks_are_found():
    [(_, factor)] = faults("npr_factors.csv")
    assert "92.5: the macro mean of the 3 cells is 93.60" in factor.said
    [(_, average)] = faults("npr_average.csv")
    assert "91.7: the macro mean of the 2 cells is 88.70" in average.said
    assert "14.3 and 1.7 of 16 test sets" in average.explanation


def test_genimage_is_consistent_and_says_which_diagonal():
    table = laid_out(csv_table((FIXTURES / "genimage_resnet50.csv").read_text(), "t"))
    found = checked(table)
    assert {e.verdict for e in found} == {"consistent"}
    [grand] = [e for e in found if e.where == "all cells"]
    assert grand.explanation == "diagonal in 66.95, diagonal out 62.28"
    for mean, lines in table.columns():
        if mean.test_set:
            cells = [line.rates["accuracy"].value for line in lines]
            assert abs(np.mean(cells) - mean.rates["accuracy"].value) < 0.0007


def test_a_wrong_cell_in_a_matrix_is_found_in_its_row_and_its_column():
    text = (FIXTURES / "genimage_resnet50.csv").read_text().replace("88.3", "83.8")
    bad = {e.where for e in results(text) if e.verdict == "inconsistent"}
    assert bad == {"ADM, over its test sets", "BigGAN, over the rows"}  # 66.95 -> 66.88: rounds


def test_crossgens_own_form_is_checked_by_row():
    row = {
        "detector": "npr",
        "options": {},
        "train": "progan",
        "dataset": "x",
        "degradation": "none",
        "equalise": "none",
        "metric": "accuracy",
        "percent": {"progan": 100.0, "adm": 50.0, "sd": 60.1},
        "mean": 70.0,
    }
    other = row | {"metric": "average_precision", "percent": {"progan": 30.0}, "mean": None}
    found = checked(printed_of("a paper", [row, other]))
    assert [(e.check, e.verdict) for e in found] == [
        ("bounds", "inconsistent"),
        ("overall", "consistent"),
    ]
    assert found[1].explanation == "diagonal in 70.03, diagonal out 55.05"
    poor = row | {"percent": {"progan": 60.0}, "mean": None}
    assert [e.check for e in checked(printed_of("p", [poor]))] == ["trained"]
    assert not checked(printed_of("p", [poor | {"degradation": "jpeg(30)"}]))
    [overall] = [
        e for e in checked(printed_of("p", [row | {"mean": 69.7}])) if e.check == "overall"
    ]
    assert overall.verdict == "inconsistent"


@given(
    tpr=st.floats(0.01, 1),
    tnr=st.floats(0.01, 1),
    reals=st.sampled_from([0.5, 0.2, 0.9]),
    names=st.sets(st.sampled_from(OF_CONFUSION), min_size=2, max_size=5),
    decimals=st.sampled_from([1, 2, 3]),
)
@settings(max_examples=40)
def test_rates_of_one_confusion_table_always_agree(tpr, tnr, reals, names, decimals):
    made = rates_of(np.float64(tpr), np.float64(tnr), reals)
    printed = {
        name: printed_number(f"{100 * float(made[name]):.{decimals}f}", decimals, in_percent=True)
        for name in sorted(names)
    }
    assert agree(printed, reals)


def test_rates_of_two_tables_do_not_agree():
    rates = {
        "accuracy": PrintedNumber(0.9, 0.0005, "90.0"),
        "recall_fake": PrintedNumber(0.8, 0.0005, "80.0"),
        "recall_real": PrintedNumber(0.99, 0.0005, "99.0"),
    }
    assert not agree(rates, 0.5)
    assert agree(rates, (0.9 - 0.8) / (0.99 - 0.8))


def test_rates_of_counts_are_what_their_names_say():
    tn, fp, fn, tp = 59, 3, 17, 33
    made = rates_of_counts(tn, fp, fn, tp)
    expected = {
        "accuracy": 92 / 112,
        "balanced_accuracy": (33 / 50 + 59 / 62) / 2,
        "precision_fake": 33 / 36,
        "precision_real": 59 / 76,
        "recall_fake": 33 / 50,
        "recall_real": 59 / 62,
        "f1_fake": 66 / 86,
        "f1_real": 118 / 138,
        "precision_macro": (33 / 36 + 59 / 76) / 2,
        "recall_macro": (33 / 50 + 59 / 62) / 2,
        "f1_macro": (66 / 86 + 118 / 138) / 2,
    }
    assert made == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("percent", "n", "verdict"),
    [("33.3", 3, "consistent"), ("33.4", 3, "inconsistent"), ("100", 7, "consistent")],
)
def test_a_share_that_no_count_gives(percent, n, verdict):
    text = f"test,tpr,n_fake,n_real\na,{percent},{n},{n}\nb,99.9,1000,1000\n"
    assert verdicts(text, "granularity")[0] == verdict


@pytest.mark.parametrize(
    ("auc", "accuracy", "verdict"),
    [(96.0, 98.4, "inconsistent"), (97.0, 98.4, "consistent"), (45.0, 20.0, "inconsistent")],
)
def test_an_accuracy_bounds_auc(auc, accuracy, verdict):
    assert verdicts(f"test,accuracy,auc\na,{accuracy},{auc}\n", "bounds") == [verdict]


@given(st.lists(st.tuples(st.booleans(), st.floats(-3, 3)), min_size=8, max_size=40))
@settings(max_examples=40)
def test_no_scores_are_below_the_lowest_average_precision(drawn):
    fakes = [x for is_fake, x in drawn if is_fake]
    reals = [x for is_fake, x in drawn if not is_fake]
    n = min(len(fakes), len(reals))
    if not n:
        return
    real, fake = np.array(reals[:n]), np.array(fakes[:n])
    accuracy = (np.mean(real <= 0) + np.mean(fake > 0)) / 2
    found = find_metric("average_precision").compute(real, fake)
    assert found is not None
    assert found >= lowest_average_precision(float(accuracy)) - 1e-9


def test_marks_and_copies():
    text = "## T\n| Model | a | b | c |\n|---|---|---|---|\n| A | **90.1** | 80.0 | 70.0 |\n"
    text += "| B | 90.2 | **81.0** | 70.5 |\n| C | 90.2 | 81.0 | 70.5 |\n"
    [raw] = markdown_tables(text)
    found = checked(laid_out(raw))
    assert [(e.check, e.where, e.verdict) for e in found] == [
        ("best", "a, accuracy", "inconsistent"),
        ("best", "b, accuracy", "consistent"),
        ("duplicates", "B and C", "doubtful"),
    ]


def test_counts_in_the_text_belong_to_the_table_before_them():
    text = """| Generator | Accuracy |
|--|--|
| BigGAN (Seen) | 98.92% |
| ADM (Unseen) | **97.35%** |

### Confusion (ADM)
```
      Real    Fake
Real  5939    61
Fake  281     5719
```
"""
    [raw] = markdown_tables(text)
    [counts] = [e for e in checked(laid_out(raw)) if e.check == "counts"]
    assert (counts.where, counts.verdict) == ("ADM (Unseen)", "inconsistent")
    assert counts.said == "accuracy 97.35; tn 5,939, fp 61, fn 281, tp 5,719 give 97.15"


def test_what_is_computed_is_written_as_what_it_stands_beside():
    text = "test,accuracy,auc\nA,90.0,0.95\nB,70.0,0.75\noverall,80.0,0.80\n"
    said = [e.said for e in results(text) if e.check in ("bounds", "overall")]
    assert said == [
        "AUC 0.95 with accuracy 90.0: possible are 0.7990 to 1.0000",
        "AUC 0.75 with accuracy 70.0: possible are 0.3990 to 1.0000",
        "accuracy 80.0: it is the macro mean of the cells (80.00)",
        "AUC 0.80: the macro mean of the 2 cells is 0.8500",
    ]


@pytest.mark.parametrize(
    ("mean", "said"),
    [
        ("70.0", "macro mean of the cells (70.00)"),
        ("60.0", "macro mean without the generators trained on (60.00)"),
        ("65.7", "mean pooled over images (65.71)"),
        ("80.0", None),
    ],
)
def test_it_says_which_mean_reproduces_an_overall_figure(mean, said):
    rows = "A (Seen),90.0,50,50\nB,70.0,100,100\nC,50.0,100,100\nD,50.0,100,100\n"
    rows = rows.replace("D,50.0", "D,60.0").replace("A (Seen),90.0", "A (Seen),100.0")
    text = f"test,accuracy,n_real,n_fake\n{rows}overall,{mean},,\n"
    [overall] = [e for e in results(text) if e.check == "overall"]
    assert (overall.verdict == "consistent") == (said is not None)
    assert said is None or said in overall.said


def test_what_a_column_is_can_be_stated_and_is_checked():
    text = "net,sure,n\nA,98.0,50\nB,50.0,50\n"
    stated = {"net": "detector", "sure": "recall_fake", "n": "n_fake"}
    table = laid_out(csv_table(text, "t"), stated=stated)
    assert {line.n_fake for line in table.lines} == {50}
    with pytest.raises(Refused, match="Did you mean recall_fake"):
        laid_out(csv_table(text, "t"), stated={"sure": "recal_fake"})
    with pytest.raises(Refused, match="no such column"):
        laid_out(csv_table(text, "t"), stated={"surely": "auc"})


def test_numbers_that_are_none_are_left_alone():
    text = (
        "| Dataset | Size | Mean |\n|--|--|--|\n| a | ~360K images | ? |\n| b | 224x224 | n/a |\n"
    )
    [raw] = markdown_tables(text)
    assert not laid_out(raw).lines


def test_two_figures_in_one_cell_are_accuracy_and_average_precision():
    text = "| Method | ProGAN | SD | Mean |\n|--|--|--|--|\n"
    text += (
        "| NPR | 99.8/100 | 60.0/81.0 | 79.9/90.5 |\n| Odd | 99.0/**20.0** | 60.0/80.0 | 80/50 |\n"
    )
    [raw] = markdown_tables(text)
    found = {(e.check, e.where, e.said.split()[0]): e.verdict for e in checked(laid_out(raw))}
    assert found["overall", "NPR, over its test sets", "accuracy"] == "consistent"
    assert found["overall", "NPR, over its test sets", "average"] == "consistent"
    assert found["bounds", "Odd, ProGAN", "average"] == "inconsistent"
    [auc] = markdown_tables(text.replace("Method", "Method (acc/AUC)"))
    assert {r for line in laid_out(auc).lines for r in line.rates} == {"accuracy", "auc"}


def test_a_table_in_latex_is_read():
    text = r"""
\\caption{Accuracy \\% of all}
\\begin{tabular}{lrrr}
\\toprule
Method & ProGAN & SD\\_1.4 & Mean \\\\
\\midrule
A \\& B & \\textbf{99.8} & 60.0 & 79.9 \\\\ \\hline
C & 90.0 $\\pm$ 1.2 & \\underline{70.0} & 85.0 \\\\
\\bottomrule
\\end{tabular}
""".replace("\\\\", "\\")
    [raw] = markdown_tables(text)
    assert raw.heads == ("Method", "ProGAN", "SD_1.4", "Mean")
    verdicts = [(e.check, e.where, e.verdict) for e in checked(laid_out(raw))]
    assert verdicts == [
        ("overall", "A + B, over its test sets", "consistent"),
        ("overall", "C, over its test sets", "inconsistent"),
        ("best", "ProGAN, accuracy", "consistent"),
    ]


def test_rows_of_one_name_do_not_replace_each_other():
    text = "method,a,b,c,mean\nA,90.0,80.0,70.0,80.0\nA,90.0,80.0,70.0,88.0\n"
    found = [(e.check, e.where, e.verdict) for e in results(text)]
    assert found == [
        ("overall", "A, over its test sets", "consistent"),
        ("overall", "A (row 2), over its test sets", "inconsistent"),
        ("duplicates", "A and A (row 2)", "doubtful"),
    ]


def test_heads_of_a_test_set_and_a_rate_are_read():
    text = "Method,ProGAN Acc.,ProGAN A.P.,SD Acc.,SD A.P.,Mean Acc.,Mean A.P.\n"
    text += "NPR,99.8,100,60.0,81.0,79.9,95.0\n"
    found = {(e.check, e.said.split()[0]): e.verdict for e in results(text) if e.check == "overall"}
    assert found == {("overall", "accuracy"): "consistent", ("overall", "average"): "inconsistent"}
    names = "test,fake precision,Real F1,Average Precision,accuracy,n\na,50.0,50.0,50.0,33.4,3\n"
    [line] = laid_out(csv_table(names, "t")).lines
    assert set(line.rates) == {"precision_fake", "f1_real", "average_precision", "accuracy"}
    assert verdicts(names, "granularity") == ["inconsistent"]
