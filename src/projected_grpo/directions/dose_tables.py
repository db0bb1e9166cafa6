"""What the rows of `dose` say: doses with intervals, where the gain lies, cosines and noise."""

from collections.abc import Mapping

import numpy as np
import polars as pl

from projected_grpo.directions.dose import OWN
from projected_grpo.stats.ratio import ratio_of_sums
from projected_grpo.weights.targets import Target

# what a set is
KEY = ("recipe", "r", "hacks", "labels")
# what one of a set's sums is over
BLOCK = ("of", "step", "rotation", "block")
# what a set of one form is
FITTED = ("recipe", "r", "fitted on", "n fitted")


def doses(rows: pl.DataFrame) -> pl.DataFrame:
    """A row a set and kind of step.

    Dose of hack, skill, tests and forms with its 95 % interval over blocks of problems; cost %, of
    the hack's step in energy; holds %, of the energy of the D_hack of the third that it was fitted
    on, all of whose hacks are in it;
    doses' and energies' ratio of hack to skill, the latter of D itself (`selectivity`'s ratio, of
    mean gradients).
    """
    beside = beside_whole(in_force(rows))
    energies = shares_of_energy(beside)
    steps = beside.filter(pl.col("step") != OWN)
    lines = []
    for (*key, step), part in steps.group_by(*KEY, "step", maintain_order=True):
        line = dict(zip(KEY, key, strict=True))
        line["step"] = step
        line |= doses_of_classes(part)
        share = energies[tuple(key)]
        line["cost %"] = 100 * share["hack", step]
        line["holds %"] = 100 * share["hack", OWN]
        line["hack / skill"] = ratio(line["hack"], line["skill"])
        of_hack = share["hack", "sgd"]
        of_skill = share["skill", "sgd"]
        line["energy hack / skill"] = ratio(of_hack, of_skill)
        lines.append(line)
    table = pl.DataFrame(lines)
    return table.sort("step", "hack", descending=[False, True])


def beside_whole(blocks: pl.DataFrame) -> pl.DataFrame:
    """Sets' sums, with those of the whole step in the same block as `all` and `energy_all`."""
    is_whole = pl.col("recipe") == "all"
    whole = blocks.filter(is_whole).drop(KEY)
    whole = whole.rename({"gain": "all", "energy": "energy_all"})
    sets = blocks.filter(~is_whole)
    return sets.join(whole, on=BLOCK)


def doses_of_classes(part: pl.DataFrame) -> dict[str, float]:
    """By class: dose of one set and kind of step, and both ends of its interval."""
    found = {}
    by_class = part.sort("of").group_by("of", maintain_order=True)
    for (of,), own in by_class:
        dose, low, high = ratio_of_sums(own["gain"], own["all"], own["rotation"])
        found[of] = dose
        found[f"{of} low"] = low
        found[f"{of} high"] = high
    return found


def forms(doses: pl.DataFrame, n: Mapping[str, int]) -> pl.DataFrame:
    """A row a set of all hacks or of those of a form, and the hacks whose gain it is measured on.

    doses: of `doses`. n: pairs of each form, and of all. Dose of an SGD and of a sign step with its
    95 % interval; n: pairs that were fitted on, of a third, and pairs measured on.
    """
    column_of = {"all": "hack"}
    for form in n:
        if form != "all":
            column_of[form] = f"hack_{form}"
    own = fitted_on_forms(doses, list(column_of))
    tables = []
    for form, column in column_of.items():
        table = measured_on(own, column)
        measured = pl.lit(form).alias("measured on")
        n_measured = pl.lit(n[form]).alias("n measured")
        of_steps = pl.exclude(FITTED)
        tables.append(table.select(*FITTED, measured, n_measured, of_steps))
    table = pl.concat(tables)
    return table.sort("recipe", "r", "fitted on", "measured on")


def fitted_on_forms(doses: pl.DataFrame, forms: list[str]) -> pl.DataFrame:
    """Doses of the sets of each form, and of the sets of all hacks at their largest number."""
    label = pl.col("labels")
    hacks = pl.col("hacks")
    is_of_form = label.is_in(forms)
    is_of_all = (label == "real") & (hacks == hacks.max())
    form = label.replace("real", "all")
    own = doses.filter(is_of_form | is_of_all)
    return own.with_columns(form.alias("fitted on"), hacks.alias("n fitted"))


def measured_on(doses: pl.DataFrame, of: str) -> pl.DataFrame:
    """A row a set: its dose of a class in each kind of step, each followed by its interval."""
    ends = (f"{of} low", f"{of} high")
    part = doses.select(*FITTED, "step", of, *ends)
    wide = part.pivot("step", index=FITTED, values=[of, *ends], separator=" ")
    columns = []
    for step in ("sgd", "sign"):
        dose = pl.col(f"{of} {step}")
        low = pl.col(f"{of} low {step}")
        high = pl.col(f"{of} high {step}")
        columns.append(dose.alias(step))
        columns.append(low.alias(f"{step} low"))
        columns.append(high.alias(f"{step} high"))
    return wide.select(*FITTED, *columns)


def ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def in_force(rows: pl.DataFrame) -> pl.DataFrame:
    """Sums over weights: what each set takes of a whole step, by block.

    Where one condition holds for the model, what is taken is D times <Δ, D> / ‖D‖², both over all
    weights, where that is positive.
    """
    keys = (*KEY, *BLOCK)
    gain = pl.col("gain")
    energy = pl.col("energy")
    along = pl.col("along")
    blocks = summed(rows, keys)
    of_d = along.clip(0) / energy
    # where no condition holds for the model, <Δ, D> is not a number
    times = pl.when(along.is_nan()).then(1.0).otherwise(of_d)
    taken = blocks.with_columns(gain=gain * times, energy=energy * times**2)
    return taken.drop("along").sort(keys)


def summed(rows: pl.DataFrame, keys: tuple[str, ...]) -> pl.DataFrame:
    sums = pl.col("gain", "energy", "along").sum()
    return rows.group_by(keys).agg(sums)


def shares_of_energy(beside: pl.DataFrame) -> dict[tuple, dict[tuple[str, str], float]]:
    """By KEY, then by class and kind of step: what a set takes of the whole step's."""
    both = pl.col("energy", "energy_all").sum()
    sums = beside.group_by(*KEY, "of", "step").agg(both)
    found: dict[tuple, dict[tuple[str, str], float]] = {}
    for *key, of, step, energy, whole in sums.iter_rows():
        shares = found.setdefault(tuple(key), {})
        shares[of, step] = energy / whole
    return found


def where(rows: pl.DataFrame, targets: list[Target]) -> pl.DataFrame:
    """Of each class's first-order gain the share in %, by projection, embedding, norms and biases,
    then by sixths of depth; a row a part, a column a class and step.
    """
    of = pl.col("of")
    step = pl.col("step")
    is_whole = pl.col("recipe") == "all"
    whole = rows.filter(is_whole & (step != OWN))
    whole = whole.with_columns(column=of + " " + step)

    weight = pl.col("weight")
    projection = weight.replace_strict(projections(targets), default=None)
    depth = weight.replace_strict(sixths_of_depth(targets), default=None)
    by_projection = shares_of_gain(whole, pl.coalesce(projection, other()))
    by_depth = shares_of_gain(whole, depth)

    table = pl.concat([by_projection, by_depth], how="diagonal")
    is_depth = pl.col("part").str.starts_with("depth")
    return table.sort(is_depth)


def projections(targets: list[Target]) -> dict[str, str]:
    """By weight."""
    return {t.name: t.projection for t in targets}


def sixths_of_depth(targets: list[Target]) -> dict[str, str]:
    """By weight."""
    layers = 1 + max(t.layer for t in targets)
    found = {}
    for target in targets:
        sixth = 1 + target.layer * 6 // layers
        found[target.name] = f"depth {sixth}/6"
    return found


def shares_of_gain(rows: pl.DataFrame, part: pl.Expr) -> pl.DataFrame:
    """A row a part, a column a class and step; weights of no part count in the whole alone."""
    gain = pl.col("gain")
    gains = rows.group_by(part.alias("part"), "column").agg(gain.sum())
    whole = gain.sum().over("column")
    shares = gains.with_columns(share=100 * gain / whole)
    of_parts = shares.drop_nulls("part")
    table = of_parts.pivot("column", index="part", values="share")
    return table.sort("part")


def other() -> pl.Expr:
    """What a parameter is that no set touches."""
    name = pl.col("weight")
    is_embedding = name.str.contains("embed|lm_head")
    is_bias = name.str.ends_with("bias")
    embedding = pl.when(is_embedding).then(pl.lit("embedding"))
    bias = embedding.when(is_bias).then(pl.lit("biases"))
    return bias.otherwise(pl.lit("norms"))


def compact(rows: pl.DataFrame, targets: list[Target]) -> pl.DataFrame:
    """Sets by projection rather than by weight; the whole step by weight."""
    is_whole = pl.col("recipe") == "all"
    projection = pl.col("weight").replace_strict(projections(targets), default=None)
    weight = pl.when(is_whole).then("weight").otherwise(projection)
    named = rows.with_columns(weight=weight)
    keys = (*KEY, *BLOCK, "weight")
    return summed(named, keys).sort(keys)


def cosines(gram: np.ndarray, classes: tuple[str, ...]) -> pl.DataFrame:
    """Of D_hack with each class's D across thirds, as measured and corrected for noise.

    gram: [class third class third] inner products over all parameters. Corrected: by norms that are
    measured across thirds too, in which noise does not enter.
    """
    thirds = gram.shape[1]
    apart = ~np.eye(thirds, dtype=bool)
    hack = gram[0, :, 0, :]
    hack_energy = hack[apart].mean()
    lines = []
    for i, of in enumerate(classes):
        own = gram[i, :, i, :]
        crossed = gram[0, :, i, :]
        energies = np.outer(np.diag(hack), np.diag(own))
        measured = crossed / np.sqrt(energies)
        # of two energies without noise: either may come out negative
        product = hack_energy * own[apart].mean()
        inner = crossed[apart].mean()
        corrected = inner / np.sqrt(product) if product > 0 else None
        line = {"D_hack with": of}
        line["cosine across thirds"] = measured[apart].mean()
        line["corrected"] = corrected
        lines.append(line)
    return pl.DataFrame(lines)
