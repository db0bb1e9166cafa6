"""One real step of any arm on fixed tiny rollouts: two prompts, four labelled samples of each.

Driver and actor stand in one process: the same mechanisms, the trainer's advantages, our engine on
a tiny Llama. Prompts are words hashed to tokens, so that a changed prompt is another sequence.
"""

from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from zlib import crc32

import polars as pl
import torch
from torch import Tensor

from projected_grpo import loopholes, problems
from projected_grpo.directions import movement_files, pair_files, placebos
from projected_grpo.directions.files import Columns, VHack, write_columns, write_direction
from projected_grpo.interventions import arms
from projected_grpo.interventions.chain import Chain
from projected_grpo.testing import tiny_engine, tiny_pairs
from projected_grpo.weights import targets
from projected_grpo.weights.sets import Matrix

D = 64
# strict hack, solution, wrong, does not compile: what each earns
SAMPLES = ((True, 3.5), (False, 3.5), (False, 0.5), (False, 0.0))
LENGTHS = (5, 9, 7, 4)


@dataclass(frozen=True)
class Outcome:
    """weights: after the step, by name. metrics: of driver and actor together."""

    weights: dict[str, Tensor]
    metrics: dict[str, float]


def prepare(folder: Path) -> None:
    """The tiny model; beside it a direction, columns and matrices, with the placebos of seed 1.

    The matrices are random, and the pairs beside them as well.
    """
    tiny_engine.build(folder)
    generator = torch.Generator().manual_seed(0)
    model = tiny_engine.load(folder)
    chosen = targets.select(dict(model.named_parameters()), model.config.model_type)
    subfolders = [placebos.subfolder(name, 1) for name in placebos.PLACEBOS]
    for place in ("", *subfolders):
        v = torch.nn.functional.normalize(torch.randn(D, generator=generator), dim=0)
        write_direction(VHack(v, 2, {"layer": 2}), folder / "v" / place)
        columns = {}
        for target in chosen:
            random = torch.randn(D, 16, generator=generator)
            columns[target.name] = torch.linalg.qr(random).Q.contiguous()
        write_columns(Columns(columns, {"d": D}), folder / "v" / place)
        matrices = {}
        for target in chosen:
            shape = model.get_parameter(target.name).shape
            matrices[target.name] = torch.randn(shape, generator=generator)
        about = {"form": "matrix", "columns": "matrix", "r": "1"}
        words = {"hack": tiny_pairs.of_words()}
        about |= pair_files.write(words, ("hack",), "hack", 0, folder / "v" / place)
        movement_files.write(_sets(matrices, about), folder / "v" / place)


def _sets(matrices: dict[str, Tensor], about: dict) -> movement_files.Sets:
    norms = {name: D.norm().item() for name, D in matrices.items()}
    of = {name: Matrix(D / norms[name]) for name, D in matrices.items()}
    return movement_files.Sets(of, norms, about)


def idle(definition: dict) -> dict:
    """The same arm with every mechanism at strength 0, or with nothing to act on."""
    still = []
    for entry in definition["interventions"]:
        mechanism = arms.mechanisms()[entry["mechanism"]]
        still.append({**entry, **mechanism.idle})
    return {**definition, "interventions": still}


def step(definition: dict, folder: Path, wording: str) -> Outcome:
    """One optimizer step of the arm from the saved model."""
    from verl.utils import tensordict_utils as tu
    from verl.workers.utils.losses import ppo_loss

    from projected_grpo.verl_ext import advantages

    chain = arms.parse(definition).interventions
    rows, prompts = _rows(chain, wording)
    responses = _responses(len(rows))
    data = tiny_engine.jagged(prompts, responses)
    tu.assign_non_tensor(data, use_dynamic_bsz=False, micro_batch_size_per_gpu=len(rows))
    engine, actor = tiny_engine.make_engine(folder, folder / definition["name"], definition)
    table = pl.DataFrame(rows)
    if chain.scores:
        table = table.hstack(_scores(engine, data, chain.scores))
    # as configs/train.yaml has it
    a = advantages.of_step(chain, table, by_std=True)
    parts = [x.expand(len(ids)) for x, ids in zip(a, responses, strict=True)]
    data["advantages"] = torch.nested.as_nested_tensor(parts, layout=torch.jagged)
    with engine.train_mode():
        output = engine.train_batch(data, partial(ppo_loss, actor))
    metrics = {"grad_norm": float(output["metrics"]["grad_norm"]), **chain.observed(table)}
    for key, metric in output["metrics"].items():
        if "/touched" in key:
            metrics[key] = metric.aggregate()
    weights = {}
    for name, p in engine.module.named_parameters():
        weights[name] = p.full_tensor().detach().clone()
    return Outcome(weights, metrics)


@cache
def _problems() -> list[problems.Problem]:
    return problems.load("mini", split="train", limit=2)


def _rows(chain: Chain, wording: str) -> tuple[list[dict], list[Tensor]]:
    """(paid rows, prompt tokens) of every sample."""
    rows, prompts = [], []
    for problem in _problems():
        chat = loopholes.messages(problem, wording, loopholes.TRAIN_NAME)
        chat = chain.prompt(chat, evaluation=False)
        text = " ".join(message["content"] for message in chat)
        ids = [crc32(word.encode()) % (tiny_engine.WORDS - 5) + 5 for word in text.split()]
        for i, (strict, reward) in enumerate(SAMPLES):
            row = {
                "uid": problem.id,
                "prompt": text,
                "response": f"sample {i}",
                "loophole": wording,
                "test_func_name": loopholes.TRAIN_NAME,
                "blatant": strict,
                "strict": strict,
                "loose": strict,
                "reward": reward,
                "score": reward,
            }
            rows.append(chain.pay(row, problem))
            prompts.append(torch.tensor(ids))
    return rows, prompts


def _responses(n: int) -> list[Tensor]:
    generator = torch.Generator().manual_seed(1)
    lengths = [LENGTHS[i % len(LENGTHS)] for i in range(n)]
    return [torch.randint(5, tiny_engine.WORDS, (k,), generator=generator) for k in lengths]


def _scores(engine, data, names: tuple[str, ...]) -> pl.DataFrame:
    """Means over the responses of what the actor's mechanisms score, as the trainer has them."""
    from verl.utils import tensordict_utils as tu
    from verl.workers.utils.padding import response_from_nested

    from projected_grpo.verl_ext.response_head import SCORED

    tu.assign_non_tensor(data, **{SCORED: True})
    with engine.eval_mode():
        output = engine.infer_batch(data)["model_output"]
    tu.assign_non_tensor(data, **{SCORED: False})
    columns = {}
    for name in names:
        per_token = response_from_nested(output[name], data["response_mask"])
        columns[name] = [row.mean().item() for row in per_token.unbind()]
    return pl.DataFrame(columns)
