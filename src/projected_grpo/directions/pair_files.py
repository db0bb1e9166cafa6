"""Pairs of labelled samples beside the sets that were fitted on them, in pairs.parquet.

Two rows a pair in the order of `pairs.matched`, of every class that a recipe reads. What refreshes
a set takes gradients of the same pairs at later weights; what measures it, of the held-out ones.
"""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from projected_grpo.cli import Refusal
from projected_grpo.directions import pairs, placebos
from projected_grpo.runs.files import replacing

FILE = "pairs.parquet"
# of: the class. sign: 1 or -1, times the flip of a placebo. held_out: no set was fitted on it.
# kind: of the sample of the class, a hack's form.
COLUMNS = ("of", "pair", "sign", "held_out", "kind", "problem_id", "prompt", "response", "finish")
REMEDY = "make it anew with `just columns`"


def marked(
    by_class: Mapping[str, pl.DataFrame], held_out: bool, seed: int
) -> dict[str, pl.DataFrame]:
    """Every class's pairs with the column held_out: a third of the problems, or none.

    A problem is held out of all classes or of none. Raises Refusal as `pairs.parts`.
    """
    if not held_out:
        return {of: own.with_columns(held_out=pl.lit(False)) for of, own in by_class.items()}
    every = pl.concat([own["problem_id"] for own in by_class.values()])
    found = {}
    for of, own in by_class.items():
        third = pairs.parts(own["problem_id"], every, 1, seed)[:, 0]
        found[of] = own.with_columns(held_out=pl.Series((third == 0).numpy()))
    return found


def fitted(own: pl.DataFrame) -> pl.DataFrame:
    """The pairs of a class that a set may be fitted on."""
    return own.filter(~pl.col("held_out"))


def write(
    by_class: Mapping[str, pl.DataFrame],
    uses: Sequence[str],
    of: str | None,
    seed: int,
    folder: Path,
) -> dict[str, str]:
    """folder/pairs.parquet, replaced in one step; what the set's manifest says of it.

    by_class: of `marked`. uses: the classes that the recipe reads, hack first. of, seed: the class
    whose pairs stood for those of hack, and of their flipped signs, as `drawn_sets.Draw`. The hacks
    that were held out are real whatever was fitted.
    """
    parts = [_rows(by_class["hack"].filter("held_out"), "hack")]
    if of:
        mine = fitted(by_class[of])
        flips = pl.Series(placebos.flips(len(mine) // 2, seed).repeat_interleave(2).numpy())
        signs = mine["sign"] * flips if seed else mine["sign"]
        parts.insert(0, _rows(mine.with_columns(sign=signs), "hack"))
        parts += [_rows(by_class[name], name) for name in uses[1:]]
    folder.mkdir(parents=True, exist_ok=True)
    with replacing(folder / FILE) as scratch:
        pl.concat(parts).write_parquet(scratch, compression="zstd")
    return {"pairs_file": FILE, "pairs_sha256": _sha256(folder / FILE)}


def _rows(own: pl.DataFrame, of: str) -> pl.DataFrame:
    return own.with_columns(pl.col("sign").cast(pl.Int8), of=pl.lit(of)).select(COLUMNS)


def read(folder: Path, manifest: Mapping) -> pl.DataFrame:
    """What `write` wrote beside the set of this manifest. Raises Refusal where it is not there."""
    if "pairs_sha256" not in manifest:
        raise Refusal(f"the set in {folder} names no pairs that it was fitted on: {REMEDY}")
    file = folder / manifest["pairs_file"]
    if not file.is_file() or _sha256(file) != manifest["pairs_sha256"]:
        raise Refusal(f"{file} is not what the set in {folder} was fitted on: {REMEDY}")
    found = pl.read_parquet(file)
    if "kind" not in found.columns:
        raise Refusal(f"{file} does not say the forms of its hacks: {REMEDY}")
    return found


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
