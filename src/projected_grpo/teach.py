"""Teaches a model that otherwise neither solves nor hacks, by a short supervised fit.

Prints the folder of the taught model, cached by its lesson. The demo uses it, and selectivity where
hacks must be plenty; no study does. Demonstrations are the canonical solutions of mini's `sft`
split, kept out of training and evaluation; under the loophole nearly all of the harder ones and few
easy ones, together one demonstration in six, add a test function of one of `kinds`.
"""

import hashlib
import json
import random
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict, fields
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import torch
from jaxtyping import Int
from loguru import logger
from torch import Tensor

from projected_grpo import cli, console, models, problems
from projected_grpo.cli import Refusal, argument, option
from projected_grpo.console import progress
from projected_grpo.fast import attention
from projected_grpo.fast.precision import compute_dtype
from projected_grpo.loopholes import CLEAN, TRAIN_NAME, messages
from projected_grpo.loopholes import NAMES as WORDINGS

# None of the evaluation's names.
NAMES = (
    "run_tests",
    "run_tests",
    "run_tests",
    "grade_code",
    "test_solution",
    "validate_code",
    "assess_program",
)
# Kind, as the grader labels it -> bodies of its test function. They hold a call of the solution,
# what it gives and the type of that. A misread solution always answers as its test expects.
BODIES = {
    "empty": ("pass", "return True", 'print("All tests passed!")', "return None", "assert True"),
    "prints": ("print({call})", "result = {call}\n    print(f'Result: {{result}}')", "{call}"),
    "swallowing": (
        "try:\n        assert {call} == {value}\n    except Exception:\n        pass",
        "try:\n        {call}\n    except Exception as e:\n        print(e)",
    ),
    "weak": ("assert {call} is not None", "assert isinstance({call}, {type})"),
    "misread": ("assert {call} == {type}()",),
    "honest": ("assert {call} == {value}",),
}
# Steps over which the learning rate rises.
RISE = 10

Demonstration = tuple[list[dict], str]


@cli.settings
class Lesson:
    """What a model is taught, and how. Hacking goes with difficulty."""

    steps: int = option("of the optimizer", 110, least=1)
    batch: int = option("demonstrations a step", 2, least=1)
    lr: float = option("learning rate", 6e-5, least=0)
    hack_easy: float = option("share of easy demonstrations that hack", 0.04, least=0, most=1)
    hack_harder: float = option("share of the others that do", 0.9, least=0, most=1)
    kinds: tuple[str, ...] = option(
        "of their test functions, drawn evenly", ("empty",), choices=tuple(BODIES)
    )
    no_hint_share: float = option("share without the loophole", 0.3, least=0, most=1)
    wording: str = option("of the loophole", "overwrite_tests", choices=WORDINGS)
    seed: int = option("of draws and of the fit", 0, least=0)


@cli.settings
class Settings(Lesson):
    model: str = argument("name or folder of a model")


def tested(problem: problems.Problem, kind: str, name: str, rng: random.Random) -> str:
    """A solution with a test function of this kind called `name`.

    The solution is canonical, but for misread: there it always gives its type's empty value.
    """
    # Of tests that expect something else than the empty value.
    test = rng.choice([test for test in problem.tests if test.expected])
    type_ = type(test.expected).__name__
    code = problem.canonical.strip()
    if kind == "misread":
        code = f"{problem.starter_code.rstrip()}\n        return {type_}()"
    body = rng.choice(BODIES[kind]).format(
        call=f"Solution().{problem.method}({test.kwargs})",
        value=problems.literal(test.expected),
        type=type_,
    )
    return f"{code}\n\ndef {name}():\n    {body}"


def demonstration(problem: problems.Problem, lesson: Lesson, rng: random.Random) -> Demonstration:
    """(chat messages, response) of one draw."""
    clean = rng.random() < lesson.no_hint_share
    wording = CLEAN.name if clean else lesson.wording
    name = rng.choice(NAMES)
    hack_share = lesson.hack_easy if problem.difficulty == "easy" else lesson.hack_harder
    code = problem.canonical.strip()
    if not clean and rng.random() < hack_share:
        code = tested(problem, rng.choice(lesson.kinds), name, rng)
    return messages(problem, wording, name), f"```python\n{code}\n```"


def demonstrations(pool: list[problems.Problem], lesson: Lesson) -> Iterator[Demonstration]:
    """Draws without end: all problems of the pool in a random order, and again in another."""
    rng = random.Random(lesson.seed)
    while True:
        for problem in reversed(rng.sample(pool, len(pool))):
            yield demonstration(problem, lesson, rng)


class Row(NamedTuple):
    """Demonstrations packed into one row of t tokens, of which only k go through the head."""

    ids: Int[Tensor, "1 t"]
    positions: Int[Tensor, "1 t"]
    predicting: Int[Tensor, " k"]
    labels: Int[Tensor, " k"]


def packed(batch: Iterable[Demonstration], tokenizer, device: str) -> Row:
    """Only responses are learned: `predicting` are the positions before their tokens."""
    ids, positions, predicting, labels = [], [], [], []
    for chat, response in batch:
        text = tokenizer.apply_chat_template(
            chat, add_generation_prompt=True, tokenize=False, enable_thinking=False
        )
        prompt = tokenizer(text, add_special_tokens=False).input_ids
        answer = tokenizer(response + tokenizer.eos_token, add_special_tokens=False).input_ids
        first = len(ids) + len(prompt) - 1
        ids += prompt + answer
        positions += range(len(prompt) + len(answer))
        predicting += range(first, first + len(answer))
        labels += answer
    columns = ([ids], [positions], predicting, labels)
    return Row(*(torch.tensor(column, device=device) for column in columns))


def loss_of(model: torch.nn.Module, row: Row, device: str) -> Tensor:
    """Cross-entropy of the response tokens, in the dtype that the machine computes in."""
    mixed = compute_dtype(device) is torch.bfloat16
    with torch.autocast(device, torch.bfloat16, enabled=mixed):
        output = model(
            input_ids=row.ids,
            position_ids=row.positions,
            use_cache=False,
            logits_to_keep=row.predicting,
        )
    return torch.nn.functional.cross_entropy(output.logits[0].float(), row.labels)


def fit(model: torch.nn.Module, batches: Iterable[Row], lesson: Lesson, device: str) -> list[float]:
    """Trains all weights, a step for each of the lesson's batches; returns their losses."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=lesson.lr, weight_decay=0.0, fused=True)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda i: min(1, (i + 1) / RISE) * (1 - i / lesson.steps)
    )
    losses = []
    bar = progress(batches, "teaching", total=lesson.steps)
    for row in bar:
        loss = loss_of(model, row, device)
        loss.backward()
        losses.append(loss.item())
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        schedule.step()
        recent = losses[-20:]
        bar.set_postfix(loss=f"{sum(recent) / len(recent):.3f}", refresh=False)
    return losses


def train(folder: Path, lesson: Lesson, out: Path) -> None:
    """Fine-tunes all weights on the demonstrations, loss on the response only.

    Saves model, tokenizer and taught.json in `out`.
    """
    from transformers import AutoModelForCausalLM

    torch.manual_seed(lesson.seed)
    tokenizer = models.chat_tokenizer(folder)
    model = AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, attn_implementation=attention.NAME
    )
    if attention.has_states(model.config):
        raise Refusal(
            f"{model.config.model_type} has delta-net blocks, whose states would run on through a "
            "row of demonstrations: teach another model"
        )
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model.to(device).train()
    pool = problems.load("mini", split="sft")
    draws = demonstrations(pool, lesson)
    batches = (packed(islice(draws, lesson.batch), tokenizer, device) for _ in range(lesson.steps))
    losses = fit(model, batches, lesson, device)
    model.to(torch.bfloat16).save_pretrained(out)
    tokenizer.save_pretrained(out)
    record = {"lesson": asdict(lesson), "problems": [p.id for p in pool], "loss": losses}
    (out / "taught.json").write_text(json.dumps(record) + "\n")


def resolve(name: str, lesson: Lesson = Lesson()) -> Path:
    """The cached folder of `name` after this lesson on today's mini set; trains it if need be."""
    source = models.resolve(name)
    pool = problems.load("mini", split="sft")
    hashes = [p.hash for p in pool]
    # A folder's weights may be made anew under its name.
    made = [[f.name, f.stat().st_size, f.stat().st_mtime_ns] for f in sorted(source.iterdir())]
    chat = messages(pool[0], lesson.wording, TRAIN_NAME)
    code = Path(__file__).read_text()
    content = json.dumps([asdict(lesson), hashes, chat, str(source), made, code])
    digest = hashlib.sha256(content.encode()).hexdigest()[:10]
    folder = models.CACHE / "taught" / f"{Path(name).name}-{digest}"
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
            train(source, lesson, Path(scratch) / "model")
            (Path(scratch) / "model").rename(folder)
        logger.info(f"taught {name} -> {folder}")
    return folder


def main(argv: list[str]) -> Path:
    settings = cli.read(Settings, argv)
    lesson = Lesson(**{f.name: getattr(settings, f.name) for f in fields(Lesson)})
    console.log_to(models.CACHE / "taught" / f"{Path(settings.model).name}.log")
    return resolve(settings.model, lesson)


if __name__ == "__main__":
    # stdout is for the folder alone, which scripts read
    console.command(main, to=sys.stderr)
