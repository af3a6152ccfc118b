"""The mixed model of a factor's levels and generators' families, after Bates et al. (2015).

value ~ level x family, with random effects of the generator, of generator x level, and of the run
(one seed at one level). Left out, generator x level makes every generator's own reaction to the
factor look like the family's: p of 1e-24 where it is 4e-4. statsmodels prints z; here the degrees
of freedom are those of containment: generator x level within families is what the interaction is
held against.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from analysis.statistics.effect import NotTestable


@dataclass(frozen=True, kw_only=True)
class CrossedFit:
    """A fitted model, by restricted maximum likelihood.

    `interaction` is (level of interest - the other) of the family of interest minus that of the
    other. `fixed` are all fixed effects by name; `sds` the standard deviations of the random ones.
    `joint_f` and `joint_p` are of all levels x families together.
    """

    interaction: float
    interaction_se: float
    df: float
    joint_f: float
    joint_p: float
    fixed: dict[str, tuple[float, float]]
    sds: dict[str, float]
    log_likelihood: float
    n_generators: int
    n_families: int
    n_runs: int
    notes: tuple[str, ...] = ()


def crossed_fit(frame: Any, levels: tuple[str, str], families: tuple[str, str]) -> CrossedFit:
    """Fit the model; arguments and refusals are those of `factor_by_family.mixed_model`."""
    from scipy.stats import f
    from statsmodels.regression.mixed_linear_model import MixedLM
    from statsmodels.tools.sm_exceptions import ConvergenceWarning, SingularMatrixWarning

    data = _checked(frame).assign(
        level=_coded(frame["level"], levels), family=_coded(frame["family"], families), whole=1
    )
    data["generator_level"] = data["generator"].astype(str) + " at " + data["level"]
    random = {name: f"0 + C({name})" for name in ("generator", "generator_level", "run")}
    with warnings.catch_warnings():
        # It warns of a boundary whenever there is no random effect beside the crossed ones, and of
        # each step at which a variance is 0: `notes` says it where that is the result.
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.simplefilter("ignore", SingularMatrixWarning)
        model = MixedLM.from_formula(
            "value ~ C(level) * C(family)", data, groups="whole", vc_formula=random, re_formula="0"
        )
        fitted = model.fit(reml=True)
    if not fitted.converged:
        raise NotTestable("the mixed model does not converge", "use the permutation test alone")
    counts = data[["level", "family", "generator", "run"]].nunique()
    df = float((counts["generator"] - counts["family"]) * (counts["level"] - 1))
    names = list(fitted.fe_params.index)
    rows = np.array([i for i, name in enumerate(names) if ":" in name])
    effects, covariance = fitted.fe_params.to_numpy(), np.asarray(fitted.cov_params())
    covariance = covariance[: len(names), : len(names)]
    errors = np.sqrt(np.diag(covariance))
    inner = covariance[np.ix_(rows, rows)]
    joint = float(effects[rows] @ np.linalg.solve(inner, effects[rows])) / len(rows)
    own = names.index("C(level)[T.1]:C(family)[T.1]")
    on_edge = bool(np.min(fitted.vcomp) < 1e-6 * fitted.scale)
    edge = "A variance of the mixed model is estimated as 0."
    sds = dict(zip(model.exog_vc.names, np.sqrt(fitted.vcomp).tolist(), strict=True))
    return CrossedFit(
        interaction=float(effects[own]),
        interaction_se=float(errors[own]),
        df=df,
        joint_f=joint,
        joint_p=float(f.sf(joint, len(rows), df)),
        fixed=dict(zip(names, zip(effects.tolist(), errors.tolist(), strict=True), strict=True)),
        sds={**sds, "residual": float(np.sqrt(fitted.scale))},
        log_likelihood=float(fitted.llf),
        n_generators=int(counts["generator"]),
        n_families=int(counts["family"]),
        n_runs=int(counts["run"]),
        notes=(edge,) if on_edge else (),
    )


def _checked(frame: Any) -> Any:
    """Refuse a frame that is not every run on every generator once."""
    counts = frame.groupby(["run", "generator"], observed=True)["value"].count()
    n_all = frame["run"].nunique() * frame["generator"].nunique()
    if len(counts) != n_all or (counts != 1).any():
        raise NotTestable(
            "not every run has one value on every generator", "leave out generators that lack some"
        )
    if frame.groupby("level", observed=True)["run"].nunique().min() < 2:
        raise NotTestable("a level of the factor has one seed", "train at least 2 of each level")
    if frame.groupby("family", observed=True)["generator"].nunique().min() < 2:
        raise NotTestable("a family has one generator", "test on at least 2 of each family")
    return frame


def _coded(values: Any, compared: Sequence[str]) -> Any:
    """Name categories by numbers: 1 of interest, 0 what is subtracted, others above."""
    others = sorted({str(value) for value in values} - set(compared))
    return values.astype(str).map(
        {name: str(code) for code, name in enumerate([compared[1], compared[0], *others])}
    )
