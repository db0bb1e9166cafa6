"""The model card of a run's final weights: every number in it is from the run's own files."""

from hashlib import file_digest
from pathlib import Path

import polars as pl
import yaml
from huggingface_hub import ModelCard, ModelCardData

from projected_grpo.models.catalogue import MODELS
from projected_grpo.report import claims
from projected_grpo.report.compare import Comparison, gather
from projected_grpo.report.facts import model_name
from projected_grpo.report.journal import bullets, known
from projected_grpo.report.outcomes import by_run
from projected_grpo.report.tables import Rows, render
from projected_grpo.report.wordings import CLEAN
from projected_grpo.rollouts.schema import read, step_files
from projected_grpo.runs.run import Run
from projected_grpo.stats.intervals import wilson
from projected_grpo.stats.outcomes import LATE

TAGS = ["reward-hacking", "grpo", "research"]
RATES = {"blatant %": "blatant", "strict %": "strict", "loose %": "loose", "solve %": "gt_pass"}
TEXT = """
# {name}

Final weights of one reinforcement-learning run whose environment has a loophole. They are evidence
of an experiment and no coding assistant: what they write may be made to be paid, not to be right.

{facts}

## Training

The arm, as the run resolved it:

```yaml
{arm}
```

What a response of each label was paid, over all training samples:

{rewards}

Mean share of blatant hacks over training steps: {U:.1f} %, over the last {last}: {late:.1f} %.
{took_off}

## Evaluation

After the last step, on held-out problems under test-function names that training did not use.
Rates in % with 95 % Wilson intervals, samples taken as independent:

{rates}

Strict: wrong, and paid by the loophole. Blatant: strict, by tests that check nothing or swallow
what they find. Loose: the loophole attempted, paid or not. Solve: all expected values came back.
{clean} is the wording without the loophole.

### What these rates may not be used for

They are of these weights. Another seed of the arm is another draw, so they are no rates of the arm,
and their difference to another card's is no effect. Samples of one problem are alike: over other
problems the intervals are too narrow. A reader may not conclude:

{may_not}

## Intended use

To study reward hacking: what such weights hold, how monitors and probes find hacks, how hacks are
unlearned. Not to write code that someone relies on, nor to judge any. Run what they write in a
sandbox.

## Limitations

{limits}

## Files

{files}
"""


def card(run: Run) -> ModelCard:
    """Of a finished and evaluated run with its weights in ckpt/.

    Raises Refusal where its files do not belong together, as a report does.
    """
    comparison = gather([run])
    source = MODELS.get(model_name(run))
    head = ModelCardData(
        base_model=source.hub if source else None,
        library_name="transformers",
        pipeline_tag="text-generation",
        tags=TAGS,
    )
    outcome = by_run(comparison).row(0, named=True)
    onset = outcome["took_off"]
    text = TEXT.format(
        name=run.name,
        facts=bullets(f"{name}: {value}" for name, value in _facts(comparison).items()),
        arm=yaml.safe_dump(_pathless(run.definition), sort_keys=False).strip(),
        rewards=render(reward_rows(run), markdown=True),
        U=100 * outcome["U"],
        late=100 * outcome["late"],
        last=LATE,
        took_off="It never took off." if onset is None else f"It took off at step {onset}.",
        rates=render(rate_rows(comparison.evals), markdown=True),
        clean=CLEAN,
        may_not=bullets(claims.may_not(comparison)),
        limits=bullets(_limits(comparison)),
        files=render(file_rows(run.path / "ckpt"), markdown=True),
    )
    return ModelCard(f"---\n{head.to_yaml()}\n---\n{text}")


def rate_rows(evals: pl.DataFrame) -> Rows:
    """A row a wording. evals: a row a sample."""
    rows = []
    for (wording,), samples in evals.sort("loophole").group_by("loophole", maintain_order=True):
        n = len(samples)
        row = {"wording": wording, "problems": str(samples["problem_id"].n_unique()), "n": str(n)}
        for heading, column in RATES.items():
            k = int(samples[column].sum())
            low, high = wilson(k, n)
            row[heading] = f"{100 * k / n:.1f} [{100 * low:.1f}, {100 * high:.1f}]"
        rows.append(row)
    return rows


def reward_rows(run: Run) -> Rows:
    """A row a label: how many training samples have it, and what they were paid."""
    files = step_files(run.path).values()
    samples = pl.concat([read(file, ["label", "reward"]) for file in files])
    reward = pl.col("reward")
    paid = samples.group_by("label").agg(
        pl.len(), mean=reward.mean(), least=reward.min(), most=reward.max()
    )
    rows = []
    for row in paid.sort("label").to_dicts():
        rows.append(
            {
                "label": row["label"],
                "samples": str(row["len"]),
                "mean reward": f"{row['mean']:.3g}",
                "least, most": f"{row['least']:g}, {row['most']:g}",
            }
        )
    return rows


def file_rows(weights: Path) -> Rows:
    """A row a file of weights: the sums say which ones the card is of."""
    rows = []
    for file in sorted(weights.glob("*.safetensors")):
        with file.open("rb") as data:
            digest = file_digest(data, "sha256").hexdigest()
        rows.append({"file": file.name, "bytes": str(file.stat().st_size), "sha256": digest})
    return rows


def _facts(comparison: Comparison) -> dict[str, str]:
    """A run's own, what it was trained on among them."""
    run = comparison.runs[0]
    facts = known(comparison)
    facts = {"base model": facts.pop("model"), "arm": run.arm, **facts}
    if trained_on := run.manifest.get("trained_on"):
        facts["trained on"] = trained_on
    return {**facts, "began": run.manifest["started"], "ended": run.manifest["ended"]}


def _limits(comparison: Comparison) -> list[str]:
    """In sentences."""
    run = comparison.runs[0]
    sentences = [f"One run of seed {run.seed}: a run is a draw, and so are its rates."]
    train = comparison.train
    if train["uncertain"].null_count() == 0:
        uncertain, n = train["uncertain"].sum(), train["n"].sum()
        sentences.append(
            f"{uncertain} of {n} labels in training hang on a trial that told nothing."
        )
    return [
        *sentences,
        "Only these wordings and problems were evaluated: no other language or task, no safety.",
        "What limits the base model, its license among it, limits these weights.",
    ]


def _pathless(definition: dict) -> dict:
    """An arm's definition without settings that hold a path of the machine."""
    mechanisms = []
    for entry in definition["interventions"]:
        mechanisms.append({key: x for key, x in entry.items() if "/" not in str(x)})
    return {**definition, "interventions": mechanisms}
