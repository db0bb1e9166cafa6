"""The research journal: one entry a set of runs, newest first. It says only what manifests and tables hold."""

import re
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from projected_grpo.report import claims
from projected_grpo.report.compare import Comparison, differing_config
from projected_grpo.report.tables import behaviour_rows, loophole_rows, main_rows, render
from projected_grpo.runs.files import write_atomic
from projected_grpo.runs.folder import Run

TITLE = """# Research journal

Results, newest first. `just report` writes an entry and replaces it when the same runs are reported again; words
put below an entry's end mark stay.
"""
NOTES = """Strict and loose: overwrite_tests with drawn test-function names; solve: no_hint. Rates with 95 % Wilson
intervals (samples taken as independent); Δ to vanilla in points, paired by seed and problem, with a 95 % bootstrap over
problems. No interval holds the noise between seeds. Paid per attempt: strict over loose, P(hack | attempted).
Steps to hack: first training step with more strict hacks than correct answers, seed by seed."""
SHOWN_SETTINGS = (
    "actor_rollout_ref.actor.optim.lr",
    "actor_rollout_ref.rollout.n",
    "actor_rollout_ref.rollout.temperature",
    "data.train_batch_size",
    "data.max_prompt_length",
    "data.max_response_length",
)
SHOWN_DIFFERENCES = 12


def write(comparison: Comparison, journal: Path, plot: Path) -> None:
    """Put the comparison's entry into `journal`, in the place of its older self or by date; the rest stays as it is."""
    text = journal.read_text() if journal.is_file() else TITLE
    mark = entry_mark(comparison)
    fresh = f"## {_date(comparison)} {comparison.group}\n{mark}\n\n{body(comparison, journal, plot)}\n<!-- end {mark[5:]}\n"
    old = re.compile(
        rf"^## [^\n]*\n{re.escape(mark)}\n.*?^<!-- end {re.escape(mark[5:])}\n", re.M | re.S
    )
    # A function, because a replacement string would have its backslashes read.
    text = (
        old.sub(lambda _: fresh, text)
        if old.search(text)
        else _inserted(text, fresh, _date(comparison))
    )
    journal.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(journal, text)


def entry_mark(comparison: Comparison) -> str:
    """Names the set of runs: run again, a run is another one; evaluated again, it is the same."""
    names = "\n".join(sorted(f"{run.name} {run.manifest['started']}" for run in comparison.runs))
    return f"<!-- runs {sha256(names.encode()).hexdigest()[:12]} -->"


def body(comparison: Comparison, journal: Path, plot: Path) -> str:
    """The entry below its headline."""
    facts = {
        "commit": _distinct(run.commit for run in comparison.runs),
        **comparison.facts,
        **_shared(comparison),
    }
    tables = [main_rows(comparison), behaviour_rows(comparison), loophole_rows(comparison)]
    parts = [
        "\n".join(f"- {name}: {value}" for name, value in facts.items()),
        *(render(rows, markdown=True) for rows in tables if rows),
        NOTES,
        "A reader may conclude:\n" + _bullets(claims.may(comparison)),
        "A reader may not conclude:\n" + _bullets(claims.may_not(comparison)),
    ]
    if plot.resolve().is_relative_to(journal.parent.resolve()):
        parts.insert(
            1,
            f"![strict hack rate and solve rate by step]({plot.resolve().relative_to(journal.parent.resolve())})",
        )
    return "\n\n".join(parts) + "\n"


def _shared(comparison: Comparison) -> dict[str, str]:
    """Device, seeds, settings, versions and v_hack, as the manifests have them."""
    runs = comparison.runs
    settings = {
        key: _distinct(_flat(run.config).get(key) for run in runs) for key in SHOWN_SETTINGS
    }
    known = {
        "device": _distinct(run.manifest["device"] for run in runs),
        "seeds": "; ".join(
            f"{arm} {', '.join(str(run.seed) for run in comparison.of(arm))}"
            for arm in comparison.arms
        ),
        "config": ", ".join(f"{key}={value}" for key, value in settings.items() if value),
        "config hashes": ", ".join(
            f"{arm} {comparison.of(arm)[0].manifest['config_hash'][:8]}" for arm in comparison.arms
        ),
        "differs from vanilla": "; ".join(_differences(comparison)),
        "v_hack": _distinct(_summary(run) for run in runs),
        "versions": _distinct(
            ", ".join(f"{name} {v}" for name, v in sorted(run.manifest["libraries"].items()))
            for run in runs
        ),
    }
    return {name: value for name, value in known.items() if value}


def _differences(comparison: Comparison) -> list[str]:
    """The config keys in which an arm's first seed differs from vanilla's."""
    told = []
    for arm in comparison.arms if comparison.of("vanilla") else []:
        found = differing_config(comparison.of("vanilla")[0], comparison.of(arm)[0])
        plain = [
            f"{key}={own} (vanilla {other})"
            for key, (other, own) in found.items()
            if "/" not in own + other
        ]
        shown = plain[:SHOWN_DIFFERENCES]
        if shown:
            more = f", and {len(found) - len(shown)} more" if len(found) > len(shown) else ""
            told.append(f"{arm}: {', '.join(shown)}{more}")
    return told


def _summary(run: Run) -> str:
    """The plain values of a run's v_hack summary; what holds a path stays in the manifest."""
    known = (run.manifest["v_hack"] or {}).items()
    plain = [
        (key, value)
        for key, value in known
        if isinstance(value, int | float | str) and "/" not in str(value)
    ]
    return ", ".join(
        f"{key} {value:.3g}" if isinstance(value, float) else f"{key} {value}"
        for key, value in plain
    )


def _flat(config: dict, prefix: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in config.items():
        flat |= (
            _flat(value, f"{prefix}{key}.")
            if isinstance(value, dict)
            else {f"{prefix}{key}": str(value)}
        )
    return flat


def _date(comparison: Comparison) -> str:
    return max(run.manifest["ended"] for run in comparison.runs)[:10]


def _inserted(text: str, fresh: str, date: str) -> str:
    """Before the first entry that is not newer."""
    for headline in re.finditer(r"^## (\d{4}-\d\d-\d\d)", text, re.M):
        if headline[1] <= date:
            return text[: headline.start()] + fresh + "\n" + text[headline.start() :]
    return text.rstrip("\n") + "\n\n" + fresh


def _distinct(values: Iterable[str | None]) -> str:
    return "; ".join(dict.fromkeys(str(value) for value in values if value not in (None, "")))


def _bullets(sentences: list[str]) -> str:
    return "\n".join(f"- {sentence}" for sentence in sentences)
