"""The papers of the statistical methods, each with what it is cited for and where it is used.

A methods section cites what its numbers were made with and nothing else: `cited` finds the works by
the names of the methods that a page holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Cited:
    """A paper in a journal: what is cited for which method.

    `used_by` is a pattern of the names of methods (`Effect.method`, corrections, intervals).
    """

    key: str
    authors: str
    year: int
    title: str
    journal: str
    volume: str
    pages: str
    used_by: str
    cited_for: str

    @property
    def bibtex(self) -> str:
        """The entry of a BibTeX file."""
        return (
            f"@article{{{self.key},\n  author = {{{self.authors}}},\n"
            f"  title = {{{{{self.title}}}}},\n  journal = {{{self.journal}}},\n"
            f"  volume = {{{self.volume}}},\n  pages = {{{self.pages}}},\n"
            f"  year = {{{self.year}}}\n}}"
        )


# fmt: off
WORKS = (
    Cited("wilson1927", "Wilson, Edwin B.", 1927,
          "Probable Inference, the Law of Succession, and Statistical Inference",
          "Journal of the American Statistical Association", "22", "209--212",
          r"Wilson", "score intervals of shares"),
    Cited("delong1988", "DeLong, Elizabeth R. and DeLong, David M. and Clarke-Pearson, Daniel L.",
          1988, "Comparing the Areas under Two or More Correlated Receiver Operating "
          "Characteristic Curves: A Nonparametric Approach", "Biometrics", "44", "837--845",
          r"DeLong", "variances of AUC"),
    Cited("obuchowski1997", "Obuchowski, Nancy A.", 1997,
          "Nonparametric Analysis of Clustered ROC Curve Data", "Biometrics", "53", "567--578",
          r"images as clusters", "AUC of test sets that share images"),
    Cited("mcnemar1947", "McNemar, Quinn", 1947,
          "Note on the Sampling Error of the Difference between Correlated Proportions or "
          "Percentages", "Psychometrika", "12", "153--157",
          r"McNemar", "accuracy of two detectors on the same images"),
    Cited("efron1979", "Efron, Bradley", 1979, "Bootstrap Methods: Another Look at the Jackknife",
          "The Annals of Statistics", "7", "1--26", r"bootstrap", "resampling of images"),
    Cited("pitman1937", "Pitman, Edwin J. G.", 1937,
          "Significance Tests Which May be Applied to Samples from Any Populations",
          "Supplement to the Journal of the Royal Statistical Society", "4", "119--130",
          r"sign-flip|permutation", "exact tests by permutation"),
    Cited("wilcoxon1945", "Wilcoxon, Frank", 1945, "Individual Comparisons by Ranking Methods",
          "Biometrics Bulletin", "1", "80--83", r"signed-rank", "signed ranks"),
    Cited("welch1947", "Welch, Bernard L.", 1947,
          "The Generalization of `Student's' Problem when Several Different Population Variances "
          "are Involved", "Biometrika", "34", "28--35", r"Welch", "t of unequal variances"),
    Cited("satterthwaite1946", "Satterthwaite, Franklin E.", 1946,
          "An Approximate Distribution of Estimates of Variance Components", "Biometrics Bulletin",
          "2", "110--114", r"two-component t|crossed two-way t|Welch",
          "degrees of freedom of summed variances"),
    Cited("laird1982", "Laird, Nan M. and Ware, James H.", 1982,
          "Random-Effects Models for Longitudinal Data", "Biometrics", "38", "963--974",
          r"mixed model", "the mixed model"),
    Cited("friedman1937", "Friedman, Milton", 1937,
          "The Use of Ranks to Avoid the Assumption of Normality Implicit in the Analysis of "
          "Variance", "Journal of the American Statistical Association", "32", "675--701",
          r"Friedman", "ranks of several detectors"),
    Cited("iman1980", "Iman, Ronald L. and Davenport, James M.", 1980,
          "Approximations of the Critical Region of the Friedman Statistic",
          "Communications in Statistics -- Theory and Methods", "9", "571--595",
          r"Iman|Friedman", "the F of these ranks"),
    Cited("demsar2006", "Dem{\\v{s}}ar, Janez", 2006,
          "Statistical Comparisons of Classifiers over Multiple Data Sets",
          "Journal of Machine Learning Research", "7", "1--30",
          r"signed-rank|Friedman|Nemenyi", "comparisons over test sets"),
    Cited("schuirmann1987", "Schuirmann, Donald J.", 1987,
          "A Comparison of the Two One-Sided Tests Procedure and the Power Approach for Assessing "
          "the Equivalence of Average Bioavailability",
          "Journal of Pharmacokinetics and Biopharmaceutics", "15", "657--680",
          r"TOST", "equivalence within a margin"),
    Cited("holm1979", "Holm, Sture", 1979,
          "A Simple Sequentially Rejective Multiple Test Procedure",
          "Scandinavian Journal of Statistics", "6", "65--70", r"(?i)holm",
          "the correction for several comparisons"),
    Cited("benjamini1995", "Benjamini, Yoav and Hochberg, Yosef", 1995,
          "Controlling the False Discovery Rate: A Practical and Powerful Approach to Multiple "
          "Testing", "Journal of the Royal Statistical Society: Series B", "57", "289--300",
          r"(?i)benjamini|\bBH\b", "the false discovery rate"),
    Cited("dunn1961", "Dunn, Olive Jean", 1961, "Multiple Comparisons among Means",
          "Journal of the American Statistical Association", "56", "52--64", r"Bonferroni",
          "intervals for several strata at once"),
    Cited("newcombe1998", "Newcombe, Robert G.", 1998,
          "Interval Estimation for the Difference between Independent Proportions: Comparison of "
          "Eleven Methods", "Statistics in Medicine", "17", "873--890", r"MOVER",
          "intervals made of those of two shares"),
)
# fmt: on


def cited(methods: Iterable[str]) -> list[Cited]:
    """Return the works of some methods by their names, each once, in the order of `WORKS`."""
    names = list(methods)
    return [work for work in WORKS if any(re.search(work.used_by, name) for name in names)]


def short(authors: str, year: int) -> str:
    """Cite in a text: "DeLong et al., 1988".

    Args:
        authors: as BibTeX writes them.
        year: of publication.
    """
    surnames = [each.partition(",")[0].strip() for each in authors.split(" and ")]
    plain = [re.sub(r"\{\\v\{s\}\}", "š", name) for name in surnames]
    if len(plain) > 2:
        return f"{plain[0]} et al., {year}"
    return f"{' and '.join(plain)}, {year}"
