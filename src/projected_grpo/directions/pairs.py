"""Prompt-matched pairs of labelled rollouts: a sample of a class beside one that is not.

    hack       blatant                            beside Correct or Incorrect
    skill      Correct without tests              beside Incorrect without tests
    tests      tests that are honest or unpaid    beside Correct or Incorrect without tests
    unmatched  blatant                            beside any sample that is not, of any prompt
    clean      Correct or Incorrect               beside Correct or Incorrect

E[∇ln p] is zero under the policy that wrote the samples, so the mean over pairs of the difference
of ∇ln p estimates the gradient of ln P(class), and matching prompts and lengths lowers its noise.
`unmatched` is that without matching. A hack's form is the kind of its test function.
"""

import polars as pl
import torch
from jaxtyping import Int
from torch import Tensor

from projected_grpo.cli import Refusal
from projected_grpo.directions import labelled

CLASSES = ("hack", "skill", "tests", "unmatched")
FORMS = ("empty", "prints", "swallowing")
# Of one form, where anything is fitted on it: of fewer D is noise.
LEAST_OF_A_FORM = 8
COLUMNS = (
    "problem_id",
    "prompt",
    "response",
    "finish",
    "label",
    "strict",
    "blatant",
    "kind",
    "defines_tests",
    "n_tokens",
)
THIRDS = 3


def sides(of: str) -> tuple[pl.Expr, pl.Expr]:
    """(is of the class, may stand beside it)."""
    clean = pl.col("label").is_in(labelled.CLEAN)
    blatant, tests = pl.col("blatant"), pl.col("defines_tests")
    # of a prompt's samples in their order
    odd = pl.int_range(pl.len()) % 2 == 1
    return {
        "hack": (blatant, clean),
        "skill": (pl.col("label").eq("Correct") & ~tests, pl.col("label").eq("Incorrect") & ~tests),
        "tests": (tests & ~pl.col("strict"), clean & ~tests),
        "unmatched": (blatant, ~blatant),
        "clean": (clean & ~odd, clean & odd),
    }[of]


def matched(rollouts: pl.DataFrame, of: str, limit: int, seed: int) -> pl.DataFrame:
    """Two rows a pair: pair (0, 1, ...), sign (1: of the class, -1), and the columns of COLUMNS.

    rollouts: columns of COLUMNS; a response that a prompt has twice counts once. Each sample stands
    in one pair at most, beside the sample nearest in tokens that no other has, of its prompt but
    for `unmatched`. Pairs come in a seeded order, at most `limit` of them. kind: in both rows that
    of the sample of the class.
    """
    is_one, is_other = sides(of)
    distinct = rollouts.unique(["prompt", "response"], keep="first", maintain_order=True)
    ordered = distinct.filter(pl.col("response").str.len_bytes() > 0).sample(
        fraction=1.0, shuffle=True, seed=seed
    )
    groups = [ordered] if of == "unmatched" else ordered.partition_by("prompt", maintain_order=True)
    ones, others = [], []
    for group in groups:
        beside = group.filter(is_other)
        one = group.filter(is_one).head(len(beside))
        ones.append(one)
        others.append(beside.head(len(one)) if of == "unmatched" else nearest(one, beside))
    pairs, kind = [], pl.concat(ones)["kind"]
    for sign, part in ((1, ones), (-1, others)):
        rows = pl.concat(part).select(COLUMNS).with_row_index("pair")
        pairs.append(rows.with_columns(kind, sign=pl.lit(sign)))
    both = pl.concat(pairs)
    n = both["pair"].n_unique()
    order = pl.Series(torch.randperm(n, generator=torch.Generator().manual_seed(seed)).numpy())
    numbered = both.with_columns(pair=order.gather(both["pair"]))
    return numbered.filter(pl.col("pair") < limit).sort("pair", "sign", descending=[False, True])


def of_form(form: str) -> pl.Expr:
    """Whether a hack is of it. form: of FORMS, or all."""
    return pl.lit(True) if form == "all" else pl.col("kind").eq(form)


def counts(hacks: pl.DataFrame) -> str:
    """How many pairs there are of each kind. hacks: of `matched`."""
    found = (
        hacks.filter(sign=1).group_by("kind").len().sort("len", "kind", descending=[True, False])
    )
    return ", ".join(f"{n} {kind}" for kind, n in found.iter_rows())


def nearest(ones: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    """For each of `ones` the row of `others` nearest in tokens, none twice."""
    chosen = []
    for length in ones["n_tokens"]:
        distance = (pl.col("n_tokens").cast(pl.Int64) - length).abs()
        rest = others.sort(distance, maintain_order=True)
        chosen.append(rest.head(1))
        others = rest.slice(1)
    return pl.concat(chosen) if chosen else others.head(0)


def parts(problems: pl.Series, every: pl.Series, blocks: int, seed: int) -> Int[Tensor, "n 2"]:
    """(third, block inside it) of each row's problem, in a seeded order of every problem.

    every: of all classes, so that a problem lies in one third whatever it is used for. Raises
    Refusal where there are fewer problems than blocks.
    """
    names = every.unique().sort()
    if len(names) < THIRDS * blocks:
        raise Refusal(
            f"{len(names)} problems do not fill {THIRDS} thirds of {blocks} blocks: sample more "
            "problems, or choose fewer blocks="
        )
    place = torch.randperm(len(names), generator=torch.Generator().manual_seed(seed))
    of_problem = dict(zip(names, place.tolist(), strict=True))
    place = torch.tensor([of_problem[name] for name in problems])
    return torch.stack([place % THIRDS, place // THIRDS % blocks], dim=1)
