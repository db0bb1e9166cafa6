"""What the rows of `dose` say: doses with intervals, where the gain lies, cosines and noise."""

import numpy as np
import polars as pl

from projected_grpo.stats.ratio import ratio_of_sums
from projected_grpo.weights.targets import Target

KEY = ("recipe", "r", "hacks", "labels")


def doses(rows: pl.DataFrame) -> pl.DataFrame:
    """A row a set and kind of step: dose of hack, skill and tests with its 95 % interval over
    blocks of problems, the cost of the hack's step in %, and the ratio of hack to skill.
    """
    blocks = rows.group_by(*KEY, "of", "step", "rotation", "block").agg(
        pl.col("gain").sum(), pl.col("energy").sum()
    )
    whole = blocks.filter(recipe="all").drop(KEY).rename({"gain": "all", "energy": "energy_all"})
    beside = blocks.filter(pl.col("recipe") != "all").join(
        whole, on=["of", "step", "rotation", "block"]
    )
    lines = []
    for key, part in beside.group_by(*KEY, "step", maintain_order=True):
        line = dict(zip((*KEY, "step"), key, strict=True))
        for (of,), own in part.sort("of").group_by("of", maintain_order=True):
            dose = ratio_of_sums(own["gain"], own["all"], own["rotation"])
            line |= dict(zip((of, f"{of} low", f"{of} high"), dose, strict=True))
        hack = part.filter(of="hack")
        line["cost %"] = 100 * hack["energy"].sum() / hack["energy_all"].sum()
        lines.append(line)
    ratio = (pl.col("hack") / pl.col("skill")).alias("hack / skill")
    return pl.DataFrame(lines).with_columns(ratio).sort("step", "hack", descending=[False, True])


def where(rows: pl.DataFrame, targets: list[Target]) -> pl.DataFrame:
    """Of each class's first-order gain the share in %, by projection, embedding, norms and biases;
    a row a part, a column a class and step.
    """
    part = {t.name: t.projection for t in targets}
    whole = rows.filter(recipe="all").with_columns(
        part=pl.col("weight").map_elements(
            lambda name: part.get(name) or other(name), return_dtype=pl.String
        ),
        column=pl.col("of") + " " + pl.col("step"),
    )
    gains = whole.group_by("part", "column").agg(pl.col("gain").sum())
    shares = gains.with_columns(share=100 * pl.col("gain") / pl.col("gain").sum().over("column"))
    return shares.pivot("column", index="part", values="share").sort("part")


def other(name: str) -> str:
    """What a parameter is that no set touches."""
    if "embed" in name or "lm_head" in name:
        return "embedding"
    return "biases" if name.endswith("bias") else "norms"


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
