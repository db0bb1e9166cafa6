"""The research journal: one entry a set of runs, newest first.

It says only what manifests and tables hold.
"""

import re
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from projected_grpo.report import claims, dose_law
from projected_grpo.report.compare import Comparison
from projected_grpo.report.differences import differing_config
from projected_grpo.report.kinds import kind_rows
from projected_grpo.report.outcomes import effect_rows, outcome_rows
from projected_grpo.report.tables import Rows, behaviour_rows, legend, main_rows, render
from projected_grpo.runs.comparable import comparable_config
from projected_grpo.runs.files import write_atomic
from projected_grpo.runs.run import Run

TITLE = (
    "# Research journal\n\n"
    "Results, newest first. `just report` writes an entry and replaces it when the same runs are "
    "reported again; words\n"
    "put below an entry's end mark stay.\n"
)
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
    """Put the comparison's entry into `journal`, in the place of its older self or by date.

    The rest stays as it is.
    """
    text = journal.read_text() if journal.is_file() else TITLE
    mark = entry_mark(comparison)
    date = max(run.manifest["ended"] for run in comparison.runs)[:10]
    end = mark.replace("<!-- ", "<!-- end ")
    headline = f"## {date} {comparison.group}"
    entry = f"{headline}\n{mark}\n\n{body(comparison, journal, plot)}\n{end}\n"
    any_headline = r"^## [^\n]*\n"
    older = re.compile(rf"{any_headline}{re.escape(mark)}\n.*?^{re.escape(end)}\n", re.M | re.S)
    if older.search(text):
        # A function, because a replacement string would have its backslashes read.
        text = older.sub(lambda _: entry, text)
    else:
        text = _inserted(text, entry, date)
    journal.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(journal, text)


def entry_id(comparison: Comparison) -> str:
    """Names the set of runs: run again, a run is another one; evaluated again, it is the same."""
    names = [f"{run.name} {run.manifest['started']}" for run in comparison.runs]
    return sha256("\n".join(sorted(names)).encode()).hexdigest()[:12]


def entry_mark(comparison: Comparison) -> str:
    """The line below an entry's headline, by which it is recognised."""
    return f"<!-- runs {entry_id(comparison)} -->"


def body(comparison: Comparison, journal: Path, plot: Path) -> str:
    """The entry below its headline."""
    parts = [bullets(f"{name}: {value}" for name, value in known(comparison).items())]
    beside = journal.parent.resolve()
    if plot.resolve().is_relative_to(beside):
        picture = plot.resolve().relative_to(beside)
        parts.append(f"![blatant hacks, solve rate and take-off by step]({picture})")
    parts += [render(rows, markdown=True) for rows in all_rows(comparison) if rows]
    parts += [
        legend([comparison]),
        *dose_law.legend([comparison]),
        "A reader may conclude:\n" + bullets(claims.may(comparison)),
        "A reader may not conclude:\n" + bullets(claims.may_not(comparison)),
    ]
    return "\n\n".join(parts) + "\n"


def all_rows(comparison: Comparison) -> list[Rows]:
    """The tables, of which some may be empty: by runs first, then of the weights that there are."""
    tables = (
        outcome_rows,
        effect_rows,
        main_rows,
        behaviour_rows,
        kind_rows,
        dose_law.law_rows,
        dose_law.phase_rows,
    )
    return [rows(comparison) for rows in tables]


def known(comparison: Comparison) -> dict[str, str]:
    """What the runs share, and device, seeds, settings, versions and v_hack by their manifests."""
    runs = comparison.runs
    seeds, hashes = [], []
    for arm in comparison.arms:
        own = comparison.of(arm)
        seeds.append(f"{arm} {', '.join(str(run.seed) for run in own)}")
        hashes.append(f"{arm} {own[0].manifest['config_hash'][:8]}")
    facts = {
        "commit": _distinct(run.commit for run in runs),
        **comparison.facts,
        "device": _distinct(run.manifest["device"] for run in runs),
        "seeds": "; ".join(seeds),
        "config": ", ".join(_settings(runs)),
        "config hashes": ", ".join(hashes),
        f"differs from {comparison.reference}": "; ".join(_differences(comparison)),
        "v_hack": _distinct(_summary(run) for run in runs),
        "versions": _distinct(_versions(run) for run in runs),
    }
    return {name: value for name, value in facts.items() if value}


def _settings(runs: list[Run]) -> list[str]:
    """Those of SHOWN_SETTINGS that the runs have."""
    configs = [comparable_config(run.config, run.path) for run in runs]
    shown = []
    for key in SHOWN_SETTINGS:
        if value := _distinct(config.get(key) for config in configs):
            shown.append(f"{key}={value}")
    return shown


def _differences(comparison: Comparison) -> list[str]:
    """The config keys in which an arm's first run differs from the reference's."""
    reference = comparison.reference
    if reference is None:
        return []
    lines = []
    for arm in comparison.arms:
        differing = differing_config(comparison.of(reference)[0], comparison.of(arm)[0])
        # What holds a path stays in the config.
        pathless = [
            f"{key}={own} ({reference} {other})"
            for key, (other, own) in differing.items()
            if "/" not in own + other
        ]
        shown = pathless[:SHOWN_DIFFERENCES]
        more = len(differing) - len(shown)
        if shown:
            ending = f", and {more} more" if more else ""
            lines.append(f"{arm}: {', '.join(shown)}{ending}")
    return lines


def _summary(run: Run) -> str:
    """The plain values of a run's v_hack summary; what holds a path stays in the manifest."""
    parts = []
    for key, value in (run.manifest["v_hack"] or {}).items():
        if isinstance(value, float):
            parts.append(f"{key} {value:.3g}")
        elif isinstance(value, int | str) and "/" not in str(value):
            parts.append(f"{key} {value}")
    return ", ".join(parts)


def _versions(run: Run) -> str:
    versions = sorted(run.manifest["libraries"].items())
    return ", ".join(f"{name} {version}" for name, version in versions)


def _inserted(text: str, entry: str, date: str) -> str:
    """Before the first entry that is not newer."""
    for headline in re.finditer(r"^## (\d{4}-\d\d-\d\d)", text, re.M):
        if headline[1] <= date:
            return text[: headline.start()] + entry + "\n" + text[headline.start() :]
    return text.rstrip("\n") + "\n\n" + entry


def _distinct(values: Iterable[str | None]) -> str:
    """Each value once, in their order; none that is empty."""
    return "; ".join(dict.fromkeys(value for value in values if value))


def bullets(sentences: Iterable[str]) -> str:
    return "\n".join(f"- {sentence}" for sentence in sentences)
