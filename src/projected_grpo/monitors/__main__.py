"""Flag rollouts by a monitor: python -m projected_grpo.monitors ROLLOUTS.parquet out=FILE.parquet
monitor=truth|probe|judge [...]

truth: [accuracy=1] [misses=0]. probe: model=NAME|FOLDER [depth=0.7]. judge: endpoint=http://HOST/v1
model=NAME. All: [hack=strict|blatant|loose] what the monitor should find, [seed=0]. Adds flagged,
and for the probe monitor_score and monitor_split: half of the problems are trained on, so only
"test" rows count. labels=true puts the monitor's word in the place of the labels, for `directions`
and `contrast`. OUT appears whole or not at all.
"""

import sys
from pathlib import Path

import polars as pl
from tabulate import tabulate

from projected_grpo.cli import Refusal, arguments, whole_number
from projected_grpo.monitors import judge, truth
from projected_grpo.rollouts import schema

COLUMNS = ("problem_id", "prompt", "response", "test_func_name", "label", "strict", "loose")
TRUTHS = ("label", "strict", "loose", "blatant", "kind")
DEFAULTS = {"out": "", "monitor": "", "hack": "strict", "seed": "0", "labels": "false"}
OPTIONS = {
    "truth": {"accuracy": "1", "misses": "0"},
    "probe": {"model": "", "depth": "0.7"},
    "judge": {"endpoint": "", "model": ""},
}


def share(key: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise Refusal(f"{key}={text}: expected a number from 0 to 1") from None


def flagged(rows: pl.DataFrame, given: dict[str, str]) -> pl.DataFrame:
    """The columns that the monitor adds."""
    seed = whole_number("seed", given["seed"], 0)
    if given["monitor"] == "truth":
        shares = {key: share(key, given[key]) for key in ("accuracy", "misses")}
        return pl.DataFrame(truth.flags(rows[given["hack"]], **shares, seed=seed))
    if given["monitor"] == "judge":
        texts = [
            judge.prompt(r["prompt"], r["response"], r["test_func_name"])
            for r in rows.iter_rows(named=True)
        ]
        told = judge.flags(given["endpoint"], given["model"], texts)
        return pl.DataFrame({"flagged": pl.Series(told, dtype=pl.Boolean)})
    from projected_grpo.monitors import probing  # torch and transformers

    return probing.flagged(
        rows, given["model"], share("depth", given["depth"]), given["hack"], seed
    )


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
    named = next((word.partition("=")[2] for word in argv if word.startswith("monitor=")), "")
    if named not in OPTIONS:
        raise Refusal(f"monitor={named}: choose one of {', '.join(OPTIONS)}")
    name, given = arguments(argv, "ROLLOUTS", DEFAULTS | OPTIONS[named])
    if name is None or not given["out"]:
        raise Refusal("expected ROLLOUTS.parquet out=FILE.parquet monitor=...")
    if missing := [key for key in ("model", "endpoint") if given.get(key) == ""]:
        raise Refusal(f"monitor={named} needs {missing[0]}=")
    if given["hack"] not in ("strict", "blatant", "loose"):
        raise Refusal(f"hack={given['hack']}: choose strict, blatant or loose")
    if given["labels"] not in ("true", "false"):
        raise Refusal(f"labels={given['labels']}: choose true or false")
    needed = list(dict.fromkeys((*COLUMNS, given["hack"])))
    rows = schema.read(Path(name), needed, others=True)
    rows = rows.drop(
        [c for c in ("flagged", "monitor_score", "monitor_split") if c in rows.columns]
    )
    rows = rows.hstack(flagged(rows, given))
    unseen = (
        rows.filter(pl.col("monitor_split") == "test") if "monitor_split" in rows.columns else rows
    )
    out = Path(given["out"])
    schema.write(relabelled(unseen) if given["labels"] == "true" else rows, out)
    print(table(unseen, given["hack"]))


if __name__ == "__main__":
    main(sys.argv[1:])
