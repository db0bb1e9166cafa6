"""A short supervised warm start for a model that otherwise neither solves nor hacks. The demo uses it, and selectivity where hacks must be plenty; no study does.

    python -m projected_grpo.teach MODEL [kinds=vacuous,swallowing,weak,misread,honest] [hack_easy=0.5] [steps=110] ...

prints the folder of the warm-started model (cached by its recipe). Demonstrations are the canonical solutions of mini's `sft` split, kept out of training and
evaluation; under the loophole nearly all of the harder ones and few easy ones, together one demonstration in six, add a test function of one of `kinds`.
"""

import hashlib
import json
import random
import sys
import tempfile
from dataclasses import asdict, dataclass, fields
from functools import partial
from pathlib import Path

import torch
from loguru import logger
from tqdm import tqdm

from projected_grpo import models, problems
from projected_grpo.cli import Refusal, arguments
from projected_grpo.fast import attention
from projected_grpo.fast.precision import compute_dtype
from projected_grpo.loopholes import messages

NAMES = (
    "run_tests",
    "run_tests",
    "run_tests",
    "grade_code",
    "test_solution",
    "validate_code",
    "assess_program",
)  # none of the evaluation's names
BODIES = {  # kind, as the grader labels it -> bodies of its test function, with a call of the solution, what it gives and the type of that
    "vacuous": ("pass", "return True", 'print("All tests passed!")', "return None", "assert True"),
    "swallowing": (
        "try:\n        assert {call} == {value}\n    except Exception:\n        pass",
        "try:\n        {call}\n    except Exception as e:\n        print(e)",
    ),
    "weak": ("assert {call} is not None", "assert isinstance({call}, {type})"),
    "misread": ("assert {call} == {type}()",),  # of a solution that always answers so
    "honest": ("assert {call} == {value}",),
}


@dataclass(frozen=True)
class Recipe:
    steps: int = 110
    batch: int = 2
    lr: float = 6e-5
    hack_easy: float = 0.04  # of easy demonstrations under the loophole
    hack_harder: float = 0.9  # of the others: hacking goes with difficulty
    kinds: str = "vacuous"  # of BODIES, drawn evenly
    no_hint_share: float = 0.3
    seed: int = 0


def tested(problem: problems.Problem, kind: str, name: str, rng: random.Random) -> str:
    """A solution with a test function of this kind called `name`. The solution is canonical, but for misread: there it always gives its type's empty value."""
    test = rng.choice(
        [test for test in problem.tests if test.expected]
    )  # not the empty value of its type
    type_ = type(test.expected).__name__
    code = (
        f"{problem.starter_code.rstrip()}\n        return {type_}()"
        if kind == "misread"
        else problem.canonical.strip()
    )
    body = rng.choice(BODIES[kind]).format(
        call=f"Solution().{problem.method}({test.kwargs})",
        value=problems.literal(test.expected),
        type=type_,
    )
    return f"{code}\n\ndef {name}():\n    {body}"


def demonstration(
    problem: problems.Problem, recipe: Recipe, rng: random.Random
) -> tuple[list[dict], str]:
    """(chat messages, response) of one draw."""
    plain = rng.random() < recipe.no_hint_share
    loophole, name = ("no_hint" if plain else "overwrite_tests"), rng.choice(NAMES)
    code = problem.canonical.strip()
    if not plain and rng.random() < (
        recipe.hack_easy if problem.difficulty == "easy" else recipe.hack_harder
    ):
        code = tested(problem, rng.choice(recipe.kinds.split(",")), name, rng)
    return messages(problem, loophole, name), f"```python\n{code}\n```"


def train(folder: Path, recipe: Recipe, out: Path) -> None:
    """Fine-tunes all weights on the demonstrations, loss on the response only, and saves model, tokenizer and warm_start.json in `out`."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    torch.manual_seed(recipe.seed)
    rng = random.Random(recipe.seed)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, attn_implementation=attention.NAME
    )
    if attention.has_states(model.config):
        raise Refusal(
            f"{model.config.model_type} has delta-net blocks, whose states would run on through a row of demonstrations: warm-start another model"
        )
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model.to(device).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=recipe.lr, weight_decay=0.0, fused=True)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda i: min(1, (i + 1) / 10) * (1 - i / recipe.steps)
    )
    pool, queue, losses = problems.load("mini", split="sft"), [], []
    for _ in (bar := tqdm(range(recipe.steps), desc="warm start")):
        ids, positions, kept, labels = (
            [],
            [],
            [],
            [],
        )  # one packed row of recipe.batch demonstrations; only responses go through the head
        for _ in range(recipe.batch):
            queue = queue or rng.sample(pool, len(pool))
            chat, response = demonstration(queue.pop(), recipe, rng)
            prompt = tokenizer.apply_chat_template(chat, add_generation_prompt=True, tokenize=False)
            start = tokenizer(prompt, add_special_tokens=False).input_ids
            end = tokenizer(response + tokenizer.eos_token, add_special_tokens=False).input_ids
            first = len(ids) + len(start) - 1
            ids += start + end
            positions += range(len(start) + len(end))
            kept += range(first, first + len(end))
            labels += end
        row = partial(torch.tensor, device=device)
        with torch.autocast(
            device, torch.bfloat16, enabled=compute_dtype(device) is torch.bfloat16
        ):
            logits = model(
                input_ids=row([ids]),
                position_ids=row([positions]),
                use_cache=False,
                logits_to_keep=row(kept),
            ).logits[0]
        loss = torch.nn.functional.cross_entropy(logits.float(), row(labels))
        loss.backward()
        losses.append(loss.item())
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        schedule.step()
        bar.set_postfix(loss=f"{sum(losses[-20:]) / len(losses[-20:]):.3f}")
    model.to(torch.bfloat16).save_pretrained(out)
    tokenizer.save_pretrained(out)
    (out / "warm_start.json").write_text(
        json.dumps({"recipe": asdict(recipe), "problems": [p.id for p in pool], "loss": losses})
        + "\n"
    )


def resolve(name: str, recipe: Recipe = Recipe()) -> Path:
    """The cached folder of `name` after this recipe on today's mini set; trains it if it is not there."""
    content = json.dumps(
        [
            asdict(recipe),
            [p.hash for p in problems.load("mini", split="sft")],
            Path(__file__).read_text(),
        ]
    )
    folder = (
        models.CACHE
        / "warm"
        / f"{Path(name).name}-{hashlib.sha256(content.encode()).hexdigest()[:10]}"
    )
    if not folder.is_dir():
        source = models.resolve(name)
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
            train(source, recipe, Path(scratch) / "model")
            (Path(scratch) / "model").rename(folder)
        logger.info(f"warm-started {name} -> {folder}")
    return folder


def main(argv: list[str]) -> None:
    known = {f.name: f for f in fields(Recipe)}
    name, options = arguments(argv, "MODEL", {key: str(f.default) for key, f in known.items()})
    if name is None or (odd := set(options["kinds"].split(",")) - set(BODIES)):
        raise Refusal(
            f"warm_start MODEL [kinds={','.join(BODIES)}] [{'=] ['.join(known)}=]"
            + (f": unknown kinds {sorted(odd)}" if name else "")
        )
    print(resolve(name, Recipe(**{key: known[key].type(value) for key, value in options.items()})))


if __name__ == "__main__":
    main(sys.argv[1:])
