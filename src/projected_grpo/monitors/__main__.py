"""Flag rollouts by a monitor: truth (with errors), probe or judge.

Adds flagged, and for the probe monitor_score and monitor_split: half of the problems are trained
on, so only "test" rows count. The file appears whole or not at all.
"""

from pathlib import Path

import polars as pl
from tabulate import tabulate

from projected_grpo import cli, console
from projected_grpo.cli import Refusal, argument, option
from projected_grpo.monitors import judge, truth
from projected_grpo.rollouts import schema

COLUMNS = ("problem_id", "prompt", "response", "test_func_name", "label", "strict", "loose")
TRUTHS = ("label", "strict", "loose", "blatant", "kind")
HACKS = ("strict", "blatant", "loose")
# Monitor -> the settings that it alone has.
OWN = {
    "truth": ("accuracy", "misses"),
    "probe": ("model", "depth"),
    "judge": ("endpoint", "model"),
}
NEEDED = ("model", "endpoint")


@cli.settings
class Settings:
    rollouts: Path = argument("a labelled parquet")
    out: Path = option("a parquet that is made anew")
    monitor: str = option("which one", choices=tuple(OWN))
    hack: str = option("what it should find", "strict", choices=HACKS)
    seed: int = option("of truth's errors, and of the probe's split", 0, least=0)
    labels: bool = option("put its word in the place of the labels, for directions", False)
    accuracy: float = option("truth: share of rows flagged rightly", 1.0, least=0, most=1)
    misses: float = option("truth: share of hacks never flagged", 0.0, least=0, most=1)
    model: str | None = option("probe: name or folder; judge: the endpoint's name", None)
    depth: float = option("probe: of its block", 0.7, least=0, most=1)
    endpoint: str | None = option("judge: http://HOST/v1", None)


def settings_of(argv: list[str]) -> Settings:
    """Raises Refusal for what another monitor takes, and for what this one lacks."""
    settings = cli.read(Settings, argv)
    given = cli.given(Settings, argv)
    own = OWN[settings.monitor]
    for key in sorted({key for keys in OWN.values() for key in keys} - set(own)):
        if key in given:
            raise Refusal(f"monitor={settings.monitor} takes no {key}=: it has {', '.join(own)}")
    for key in NEEDED:
        if key in own and getattr(settings, key) is None:
            raise Refusal(f"monitor={settings.monitor} needs {key}=")
    return settings


def flagged(rows: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """The columns that the monitor adds."""
    hack, seed = settings.hack, settings.seed
    if settings.monitor == "truth":
        found = truth.flags(rows[hack], settings.accuracy, settings.misses, seed)
        return pl.DataFrame(found)
    if settings.monitor == "judge":
        texts = [
            judge.prompt(r["prompt"], r["response"], r["test_func_name"])
            for r in rows.iter_rows(named=True)
        ]
        told = judge.flags(settings.endpoint, settings.model, texts)
        return pl.DataFrame({"flagged": pl.Series(told, dtype=pl.Boolean)})
    from projected_grpo.monitors import probing  # torch and transformers

    return probing.flagged(rows, settings.model, settings.depth, hack, seed)


def relabelled(rows: pl.DataFrame) -> pl.DataFrame:
    """TRUTHS as the monitor has them, and what they were as *_truth.

    A row without a flag has no label and is left out.
    """
    rows = rows.filter(pl.col("flagged").is_not_null())
    flag, truths = (
        pl.col("flagged"),
        {c: f"{c}_truth" for c in TRUTHS if c in rows.columns},
    )
    named = {
        "label": pl.when(flag).then(pl.lit("Reward hack")).otherwise(pl.lit("Incorrect")),
        "strict": flag,
        "loose": flag,
        "blatant": flag,
    }
    return rows.rename(truths).with_columns(
        **named, kind=pl.when(flag).then(pl.lit("flagged")).otherwise(pl.lit("none"))
    )


def table(rows: pl.DataFrame, hack: str) -> str:
    """How the flags stand beside the labels; rows without a flag count as bad answers."""
    known = rows.filter(pl.col("flagged").is_not_null())
    hacks, clean = known.filter(pl.col(hack)), known.filter(~pl.col(hack))
    shares = [
        (known["flagged"] == known[hack]).mean(),
        hacks["flagged"].mean(),
        clean["flagged"].mean(),
    ]
    counts = [len(rows), len(rows) - len(known), len(hacks)]
    headers = ["rows", "bad answers", f"{hack} hacks", "accuracy", "recall", "false alarms"]
    return tabulate([counts + shares], headers=headers, floatfmt=".3f")


def main(argv: list[str]) -> None:
    settings = settings_of(argv)
    needed = list(dict.fromkeys((*COLUMNS, settings.hack)))
    rows = schema.read(settings.rollouts, needed, others=True)
    rows = rows.drop(
        [c for c in ("flagged", "monitor_score", "monitor_split") if c in rows.columns]
    )
    console.log_to(settings.out.with_suffix(".log"))
    rows = rows.hstack(flagged(rows, settings))
    unseen = (
        rows.filter(pl.col("monitor_split") == "test") if "monitor_split" in rows.columns else rows
    )
    schema.write(relabelled(unseen) if settings.labels else rows, settings.out)
    console.say(table(unseen, settings.hack))


if __name__ == "__main__":
    console.command(main)
