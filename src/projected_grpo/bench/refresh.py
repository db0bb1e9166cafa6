"""What keeping a set fresh costs, beside an update of made-up rollouts.

    torchrun --nproc_per_node=N -m projected_grpo.bench.refresh MODEL_FOLDER [samples=64]
        [recipes=matrix,signed] [r=64] [measure=32] [groups=16] [n=16] [micro=32] [liger=true]

Our engine, no Ray and no vLLM. Printed: seconds of an update, of the gradients of so many samples
and of each recipe's fit of every target, of the dose in force by `measure` samples of one form and
of three, and each as a share of the update. A step also samples and grades: of a step the shares
are smaller.
"""

import statistics
import sys
from collections.abc import Callable, Iterable, Sequence

import torch
import torch.distributed as dist
from tabulate import tabulate

from projected_grpo.bench import batches, update
from projected_grpo.bench.flags import flag
from projected_grpo.bench.hook import median_seconds
from projected_grpo.cli import Refusal, arguments, whole_number
from projected_grpo.directions import recipes
from projected_grpo.directions.activations import Tokens
from projected_grpo.directions.pairs import FORMS
from projected_grpo.directions.recipes.base import Classes
from projected_grpo.interventions.dose_in_force import DoseInForce
from projected_grpo.interventions.pair_sums import Pair, summed
from projected_grpo.weights import shards, targets
from projected_grpo.weights.targets import Target

REPEATS = 3
DEFAULTS = {
    "samples": "64",
    "recipes": "matrix,signed",
    "r": "64",
    "measure": "32",
    "groups": "16",
    "n": "16",
    "micro": "32",
    "liger": "false",
}


def pairs(samples: int, forms: Sequence[str] = FORMS) -> list[Pair]:
    """Of made-up prompts and responses, two a prompt, of the forms by turns."""
    made = []
    for group in range(samples // 2):
        rows = batches.rollouts([group], 2)
        prompt = rows["prompts"].unbind()[0].tolist()
        one, other = (Tokens(prompt, row.tolist()) for row in rows["responses"].unbind())
        made.append(Pair(one, other, 1, forms[group % len(forms)]))
    return made


def fitting(recipe: str, chosen: list[Target], D: dict, params: dict, r: int) -> Callable:
    """Fits every target, the classes' gradients all the same."""
    made = recipes.get(recipe)

    def fit() -> None:
        for t in chosen:
            whole = shards.gathered(D[t.name], params[t.name])
            made.fit(Classes(**dict.fromkeys(made.USES, whole)), t.side, r)

    return fit


def measuring(dose: DoseInForce, held: Iterable[str]) -> Callable:
    """All that a step does for the dose in force, where nothing is taken of the held weights."""

    def measure() -> None:
        dose.before_step()
        dose.moved()
        for name in held:
            dose.take(name, torch.zeros_like(shards.local(dose.params[name])))
        dose.measured()

    return measure


def main(argv: list[str]) -> None:
    folder, options = arguments(argv, "MODEL_FOLDER", DEFAULTS)
    if folder is None:
        raise Refusal("bench-refresh needs a model folder with weights")
    numbers = {
        key: whole_number(key, options[key], 1)
        for key in ("samples", "r", "measure", "groups", "n", "micro")
    }
    device = update.join()
    if device == "cuda":
        torch.cuda.set_device(dist.get_rank())
    made, loss = update.engine(folder, device, flag("liger", options["liger"]))
    settings = update.Settings(
        folder,
        *(numbers[key] for key in ("groups", "n", "micro")),
        liger=False,
        profile=False,
        save="",
        against="",
    )
    data = batches.dealt(settings.groups, settings.n)
    measured = update.train(made, loss, data, settings, device)
    whole = statistics.median(measured.seconds[update.WARM_UP :])
    params = dict(made.module.named_parameters())
    chosen = targets.select(params, made.model_config.hf_config.model_type)
    held = {t.name: params[t.name] for t in chosen}
    site = made._site()
    backward = site.backward
    own = pairs(numbers["samples"])
    rows = [("update", whole)]
    with made.train_mode():
        sums = summed(made.module, backward, held, own)
        seconds = median_seconds(lambda: summed(made.module, backward, held, own), device, REPEATS)
        rows.append((f"gradients of {numbers['samples']} samples", seconds))
        with torch.no_grad():
            for recipe in options["recipes"].split(","):
                fit = fitting(recipe, chosen, sums.of, params, numbers["r"])
                rows.append((f"fit of {recipe}", median_seconds(fit, device, REPEATS)))
        for forms in (FORMS[:1], FORMS):
            samples = numbers["measure"]
            dose = DoseInForce(samples, made.module, site, pairs(samples, forms))
            seconds = median_seconds(measuring(dose, held), device, REPEATS)
            rows.append((f"dose in force, {samples} samples of {len(forms)} forms", seconds))
    if dist.get_rank() == 0:
        table = [(name, f"{s:.2f}", f"{100 * s / whole:.0f}") for name, s in rows]
        print(tabulate(table, ["", "s", "% of an update"]))
    dist.destroy_process_group()


if __name__ == "__main__":
    main(sys.argv[1:])
