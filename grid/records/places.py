"""What lies where in a store: every key is made here, and nowhere else.

manifests/<pool_id>.parquet
experiments/<name>/<digest>.json
equalise/<digest>.json                   what `match` brings fakes to: a square and JPEG codings
latest/<name>/<n>.json                   which expansion was run, the n-th time that it changed
fits/<fit_id>/<attempt>/weights-<epoch>.safetensors | history.parquet | validation.parquet
                        | provenance.json | checkpoint.safetensors
commits/<fit_id>.json
scores/<fit_id>/<piece_id>.parquet
failures/<fit_id>/<attempt>-<n>.json
audits/<digest>.json                     what `crossgen audit` found
artifacts/<kind>/<subject>/<digest>.parquet  what figures need of pixels or of a network
runs/<run>.json                          what a driving process tells of its run; advice only
claims/<fit_id>/<run>.json               which array task is at work on a fit; advice only
profiles/<kind>/<device>.json            how much memory a kind of work takes; advice only
derived/...                              copies and caches: safe to delete while nothing runs
bundle/...                               of a bundle alone: the page, the file, what it holds
aside/<n>/<key>                          what was damaged, under its own key; read by nothing
"""

from __future__ import annotations

MANIFESTS = "manifests/"
EXPERIMENTS = "experiments/"
EQUALISE = "equalise/"
LATEST = "latest/"
FITS = "fits/"
COMMITS = "commits/"
SCORES = "scores/"
FAILURES = "failures/"
AUDITS = "audits/"
ARTIFACTS = "artifacts/"
PROFILES = "profiles/"
CLAIMS = "claims/"
RUNS = "runs/"
DERIVED = "derived/"
ASIDE = "aside/"
BUNDLE = "bundle/"
COMPACTED = f"{DERIVED}scores/"
PATHS = f"{DERIVED}paths/"
FEATURES = f"{DERIVED}features/"


def manifest_key(pool_id: str) -> str:
    """Return where a pool's rows lie."""
    return f"{MANIFESTS}{pool_id}.parquet"


def experiment_key(name: str, digest: str) -> str:
    """Return where one expansion of an experiment lies."""
    return f"{expansions_of(name)}{digest}.json"


def expansions_of(name: str) -> str:
    """Return the folder, with its slash, of an experiment's expansions."""
    return f"{EXPERIMENTS}{name}/"


def table_list_key(digest: str) -> str:
    """Return where a table list of `equalise: match` lies."""
    return f"{EQUALISE}{digest}.json"


def latest_key(name: str, number: int) -> str:
    """Return where the `number`-th marker of an experiment's latest expansion lies, from 1."""
    return f"{markers_of(name)}{number:08d}.json"


def markers_of(name: str) -> str:
    """Return the folder, with its slash, of an experiment's markers."""
    return f"{LATEST}{name}/"


def fit_folder(fit_id: str) -> str:
    """Return the folder, with its slash, of all that attempts wrote for one fit."""
    return f"{FITS}{fit_id}/"


def attempt_prefix(fit_id: str, attempt: str) -> str:
    """Return the folder, with its slash, of what one process wrote for one fit."""
    return f"{fit_folder(fit_id)}{attempt}/"


def weights_key(fit_id: str, attempt: str, epoch: int) -> str:
    """Return where an attempt keeps the weights after `epoch`."""
    return f"{attempt_prefix(fit_id, attempt)}weights-{epoch}.safetensors"


def history_key(fit_id: str, attempt: str) -> str:
    """Return where an attempt's row per epoch lies."""
    return f"{attempt_prefix(fit_id, attempt)}history.parquet"


def validation_key(fit_id: str, attempt: str) -> str:
    """Return where an attempt's validation scores lie."""
    return f"{attempt_prefix(fit_id, attempt)}validation.parquet"


def provenance_key(fit_id: str, attempt: str) -> str:
    """Return where an attempt tells its host, packages and times."""
    return f"{attempt_prefix(fit_id, attempt)}provenance.json"


def checkpoint_key(fit_id: str, attempt: str) -> str:
    """Return where an attempt keeps what it would resume from."""
    return f"{attempt_prefix(fit_id, attempt)}checkpoint.safetensors"


def commit_key(fit_id: str) -> str:
    """Return where a fit's commit lies."""
    return f"{COMMITS}{fit_id}.json"


def aside_folder(number: int) -> str:
    """Return the folder, with its slash, of what was set aside the `number`-th time, from 1."""
    return f"{ASIDE}{number:08d}/"


def driver_key(token: str) -> str:
    """Return where a driver leaves the token by which workers know its store."""
    return f"{DERIVED}drivers/{token}"


def probe_key(token: str) -> str:
    """Return where a probe of the store's promises lies for a moment."""
    return f"{CLAIMS}probe-{token}"


def scores_of(fit_id: str) -> str:
    """Return the folder, with its slash, of a fit's pieces."""
    return f"{SCORES}{fit_id}/"


def scores_key(fit_id: str, piece_id: str) -> str:
    """Return where a piece lies."""
    return f"{scores_of(fit_id)}{piece_id}.parquet"


def compacted_place(fit_id: str, name: str) -> str:
    """Return where a copy of a fit's pieces in one file lies; `name` says of which pieces."""
    return f"{COMPACTED}{fit_id}/{name}.parquet"


def files_of(pool_id: str) -> str:
    """Return the folder, with its slash, of the tables that say where a pool's files lie."""
    return f"{PATHS}{pool_id}/"


def files_key(pool_id: str, digest: str) -> str:
    """Return where the table of a pool's files lies that has this digest."""
    return f"{files_of(pool_id)}{digest}.parquet"


def cells_key(version: int, name: str) -> str:
    """Return where cached cells lie: their counts, or one metric of one version."""
    return f"{DERIVED}cells-v{version}/{name}.parquet"


def features_key(fit_id: str, name: str, ending: str) -> str:
    """Return where features of a fit's images lie, or their picture."""
    return f"{features_of(fit_id)}{name}.{ending}"


def audit_key(digest: str) -> str:
    """Return where an audit lies."""
    return f"{AUDITS}{digest}.json"


def artifacts_of_kind(kind: str) -> str:
    """Return the folder, with its slash, of all artifacts of a kind."""
    return f"{ARTIFACTS}{kind}/"


def artifact_key(kind: str, subject: str, digest: str) -> str:
    """Return where an artifact lies; `subject` is the pool or the fit that it is about."""
    return f"{ARTIFACTS}{kind}/{subject}/{digest}.parquet"


def features_of(fit_id: str) -> str:
    """Return the folder, with its slash, of features of a fit's images."""
    return f"{FEATURES}{fit_id}/"


def bundled_key(name: str) -> str:
    """Return where a bundle keeps a file of its own."""
    return f"{BUNDLE}{name}"


def bundled_files_key(key: str) -> str:
    """Return where a bundle keeps classes and pairs of a table of a pool's files, by its key."""
    return f"{BUNDLE}{key.removeprefix(DERIVED)}"


def profiles_of(kind: str) -> str:
    """Return the folder, with its slash, of the profiles of a kind of work."""
    return f"{PROFILES}{kind}/"


def profile_key(kind: str, device: str) -> str:
    """Return where the profile of a kind of work lies; `device` is short for its name."""
    return f"{profiles_of(kind)}{device}.json"


def failures_of(fit_id: str) -> str:
    """Return the folder, with its slash, of a fit's failures."""
    return f"{FAILURES}{fit_id}/"


def failure_key(fit_id: str, attempt: str, number: int) -> str:
    """Return where the `number`-th failure of an attempt lies, counted from 1."""
    return f"{failures_of(fit_id)}{attempt}-{number}.json"


def run_key(run: str) -> str:
    """Return where a driving process tells of its run."""
    return f"{RUNS}{run}.json"


def claims_of(fit_id: str) -> str:
    """Return the folder, with its slash, of the claims on a fit."""
    return f"{CLAIMS}{fit_id}/"


def claim_key(fit_id: str, run: str) -> str:
    """Return where an array task's claim on a fit lies."""
    return f"{claims_of(fit_id)}{run}.json"
