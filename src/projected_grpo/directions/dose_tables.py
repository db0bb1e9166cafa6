"""What the rows of `dose` say: doses with intervals, where the gain lies, cosines and noise."""

from collections.abc import Mapping

import numpy as np
import polars as pl

from projected_grpo.directions.dose import OWN
from projected_grpo.stats.ratio import ratio_of_sums
from projected_grpo.weights.targets import Target

KEY = ("recipe", "r", "hacks", "labels")


def doses(rows: pl.DataFrame) -> pl.DataFrame:
    """A row a set and kind of step.

    Dose of hack, skill, tests and forms with its 95 % interval over blocks of problems; cost %, of
    the hack's step in energy; holds %, of the energy of the D_hack of the third that it was fitted
    on, all of whose hacks are in it;
    doses' and energies' ratio of hack to skill, the latter of D itself (`selectivity`'s ratio, of
    mean gradients).
    """
    blocks = in_force(rows)
    whole = blocks.filter(recipe="all").drop(KEY).rename({"gain": "all", "energy": "energy_all"})
    beside = blocks.filter(pl.col("recipe") != "all").join(
        whole, on=["of", "step", "rotation", "block"]
    )
    energies = shares_of_energy(beside)
    lines = []
    steps = beside.filter(pl.col("step") != OWN)
    for key, part in steps.group_by(*KEY, "step", maintain_order=True):
        line = dict(zip((*KEY, "step"), key, strict=True))
        for (of,), own in part.sort("of").group_by("of", maintain_order=True):
            dose = ratio_of_sums(own["gain"], own["all"], own["rotation"])
            line |= dict(zip((of, f"{of} low", f"{of} high"), dose, strict=True))
        share = energies[key[:-1]]
        line["cost %"] = 100 * share["hack", key[-1]]
        line["holds %"] = 100 * share["hack", OWN]
        line["hack / skill"] = line["hack"] / line["skill"] if line["skill"] else None
        line["energy hack / skill"] = ratio(share["hack", "sgd"], share["skill", "sgd"])
        lines.append(line)
    return pl.DataFrame(lines).sort("step", "hack", descending=[False, True])


def forms(doses: pl.DataFrame, n: Mapping[str, int]) -> pl.DataFrame:
    """A row a set of all hacks or of those of a form, and the hacks whose gain it is measured on.

    doses: of `doses`. n: pairs of each form, and of all. Dose of an SGD and of a sign step with its
    95 % interval; n: pairs that were fitted on, of a third, and pairs measured on.
    """
    keys = ["recipe", "r", "fitted on", "n fitted"]
    names = {"all": "hack"} | {form: f"hack_{form}" for form in n if form != "all"}
    own = doses.filter(
        pl.col("labels").is_in(list(names))
        | (pl.col("labels").eq("real") & pl.col("hacks").eq(pl.col("hacks").max()))
    ).with_columns(
        pl.col("labels").replace("real", "all").alias("fitted on"),
        pl.col("hacks").alias("n fitted"),
    )
    parts = []
    for form, of in names.items():
        part = own.select(*keys, "step", dose=of, low=f"{of} low", high=f"{of} high")
        wide = part.pivot("step", index=keys, values=["dose", "low", "high"], separator=" ")
        measured = [pl.lit(form).alias("measured on"), pl.lit(n[form]).alias("n measured")]
        steps = []
        for step in ("sgd", "sign"):
            steps += [pl.col(f"dose {step}").alias(step)]
            steps += [pl.col(f"{end} {step}").alias(f"{step} {end}") for end in ("low", "high")]
        parts.append(wide.select(*keys, *measured, *steps))
    return pl.concat(parts).sort("recipe", "r", "fitted on", "measured on")


def ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def in_force(rows: pl.DataFrame) -> pl.DataFrame:
    """Sums over weights: what each set takes of a whole step, by block.

    Where one condition holds for the model, what is taken is D times <Δ, D> / ‖D‖², both over all
    weights, where that is positive.
    """
    blocks = rows.group_by(*KEY, "of", "step", "rotation", "block").agg(
        pl.col("gain", "energy", "along").sum()
    )
    along = pl.col("along").clip(0) / pl.col("energy")
    times = pl.when(pl.col("along").is_nan()).then(1.0).otherwise(along)
    of_step = blocks.with_columns(gain=pl.col("gain") * times, energy=pl.col("energy") * times**2)
    return of_step.drop("along").sort(*KEY, "of", "step", "rotation", "block")


def shares_of_energy(beside: pl.DataFrame) -> dict[tuple, dict[tuple[str, str], float]]:
    """By KEY, then by class and kind of step: what a set takes of the whole step's."""
    sums = beside.group_by(*KEY, "of", "step").agg(pl.col("energy", "energy_all").sum())
    found: dict[tuple, dict[tuple[str, str], float]] = {}
    for *key, of, step, energy, whole in sums.iter_rows():
        found.setdefault(tuple(key), {})[of, step] = energy / whole
    return found


def where(rows: pl.DataFrame, targets: list[Target]) -> pl.DataFrame:
    """Of each class's first-order gain the share in %, by projection, embedding, norms and biases,
    then by sixths of depth; a row a part, a column a class and step.
    """
    whole = rows.filter(pl.col("recipe").eq("all") & pl.col("step").ne(OWN)).with_columns(
        column=pl.col("of") + " " + pl.col("step")
    )
    kinds = {t.name: t.projection for t in targets}
    n = 1 + max(t.layer for t in targets)
    depths = {t.name: f"depth {t.layer * 6 // n + 1}/6" for t in targets}
    tables = []
    for part in (kinds, depths):
        named = pl.col("weight").replace_strict(part, default=None)
        if part is kinds:
            named = pl.coalesce(named, other())
        gains = whole.group_by(named.alias("part"), "column").agg(pl.col("gain").sum())
        share = 100 * pl.col("gain") / pl.col("gain").sum().over("column")
        shares = gains.with_columns(share=share).drop_nulls("part")
        tables.append(shares.pivot("column", index="part", values="share").sort("part"))
    return pl.concat(tables, how="diagonal").sort(pl.col("part").str.starts_with("depth"))


def other() -> pl.Expr:
    """What a parameter is that no set touches."""
    name = pl.col("weight")
    is_embedding = name.str.contains("embed|lm_head")
    rest = pl.when(name.str.ends_with("bias")).then(pl.lit("biases")).otherwise(pl.lit("norms"))
    return pl.when(is_embedding).then(pl.lit("embedding")).otherwise(rest)


def compact(rows: pl.DataFrame, targets: list[Target]) -> pl.DataFrame:
    """Sets by projection rather than by weight; the whole step by weight."""
    kinds = {t.name: t.projection for t in targets}
    is_whole = pl.col("recipe") == "all"
    part = pl.col("weight").replace_strict(kinds, default=None)
    named = rows.with_columns(weight=pl.when(is_whole).then("weight").otherwise(part))
    keys = (*KEY, "of", "step", "rotation", "block", "weight")
    return named.group_by(keys).agg(pl.col("gain", "energy", "along").sum()).sort(keys)


def cosines(gram: np.ndarray, classes: tuple[str, ...]) -> pl.DataFrame:
    """Of D_hack with each class's D across thirds, as measured and corrected for noise.

    gram: [class third class third] inner products over all parameters. Corrected: by norms that are
    measured across thirds too, in which noise does not enter.
    """
    apart = ~np.eye(gram.shape[1], dtype=bool)
    lines = []
    for i, of in enumerate(classes):
        across = gram[0, :, i, :][apart].mean()
        norms = np.sqrt(np.outer(np.diag(gram[0, :, 0, :]), np.diag(gram[i, :, i, :])))
        own = gram[0, :, 0, :][apart].mean() * gram[i, :, i, :][apart].mean()
        lines.append(
            {
                "D_hack with": of,
                "cosine across thirds": (gram[0, :, i, :] / norms)[apart].mean(),
                "corrected": across / np.sqrt(own) if own > 0 else None,
            }
        )
    return pl.DataFrame(lines)
