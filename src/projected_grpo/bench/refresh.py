"""What keeping a set fresh costs, beside an update of made-up rollouts.

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

from projected_grpo import cli
from projected_grpo.bench import batches, update
from projected_grpo.bench.hook import median_seconds
from projected_grpo.cli import option
from projected_grpo.directions import recipes
from projected_grpo.directions.activations import Tokens
from projected_grpo.directions.pairs import FORMS
from projected_grpo.directions.recipes.base import Classes
from projected_grpo.interventions.dose_in_force import DoseInForce
from projected_grpo.interventions.pair_sums import Pair, summed
from projected_grpo.weights import shards, targets
from projected_grpo.weights.targets import Target

REPEATS = 3
NAMES = recipes.NAMES


@cli.settings
class Settings(update.Shape):
    samples: int = option("whose gradients are summed", 64, least=1)
    recipes: tuple[str, ...] = option("that are fitted", ("matrix", "signed"), choices=NAMES)
    r: int = option("directions a weight", 64, least=1)
    measure: int = option("samples for the dose in force", 32, least=1)


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
    settings = cli.read(Settings, argv)
    device = update.start("projected_grpo.bench.refresh", settings, argv)
    made, loss = update.engine(settings.model_folder, device, settings.liger)
    data = batches.dealt(settings.groups, settings.n)
    measured = update.train(made, loss, data, settings, device)
    whole = statistics.median(measured.seconds[update.WARM_UP :])
    params = dict(made.module.named_parameters())
    chosen = targets.select(params, made.model_config.hf_config.model_type)
    held = {t.name: params[t.name] for t in chosen}
    site = made._site()
    backward = site.backward
    own = pairs(settings.samples)
    rows = [("update", whole)]
    with made.train_mode():
        sums = summed(made.module, backward, held, own)
        seconds = median_seconds(lambda: summed(made.module, backward, held, own), device, REPEATS)
        rows.append((f"gradients of {settings.samples} samples", seconds))
        with torch.no_grad():
            for recipe in settings.recipes:
                fit = fitting(recipe, chosen, sums.of, params, settings.r)
                rows.append((f"fit of {recipe}", median_seconds(fit, device, REPEATS)))
        for forms in (FORMS[:1], FORMS):
            samples = settings.measure
            dose = DoseInForce(samples, made.module, site, pairs(samples, forms))
            seconds = median_seconds(measuring(dose, held), device, REPEATS)
            rows.append((f"dose in force, {samples} samples of {len(forms)} forms", seconds))
    if dist.get_rank() == 0:
        table = [(name, f"{s:.2f}", f"{100 * s / whole:.0f}") for name, s in rows]
        print(tabulate(table, ["", "s", "% of an update"]))
    dist.destroy_process_group()


if __name__ == "__main__":
    main(sys.argv[1:])
