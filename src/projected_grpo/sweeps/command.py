"""Run a study, or go on with it.

just sweep NAME                     configs/sweep/NAME.yaml, until all is done; again: goes on
just sweep NAME until=1500          starts no run that would not end in 1500 s; or until=17:30
just sweep NAME arms=vanilla,hold   only these arms' runs
just sweep NAME env.loophole=...    a hydra override of all runs
just sweep NAME status              where each run stands; on a terminal while it runs
just sweep NAME stop                ends all of its processes
just sweep NAME add seeds=7,8       further rounds, which the next call goes on with
just sweep NAME runner=local        by this process, where pueue's daemon would answer
just sweep NAME jobs                every job's command; runs nothing
"""

import os
import re
import sys
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from loguru import logger

from projected_grpo import cli
from projected_grpo.cli import Refusal, argument, option, overrides
from projected_grpo.sweeps import added, alone, checks, local, machine, progress, pueue
from projected_grpo.sweeps.plan import Job
from projected_grpo.sweeps.plan import jobs as jobs_of
from projected_grpo.sweeps.status import show, text
from projected_grpo.sweeps.study import Study, read

# Each takes a study, cards, and the time by which all is to have ended, and returns the names of
# jobs that it gave up. What they have done is read from the study's folders. pueue's returns when
# all is in the queue.
RUNNERS: dict[str, Callable[[Study, Sequence[machine.Card], float], set[str]]] = {
    "local": local.run,
    "pueue": pueue.run,
}


def deadline(text: str | None, now: datetime) -> float:
    """Seconds from now, or a clock's next HH:MM, as time.time() has it; never where none."""
    if text is None:
        return float("inf")
    if text.isdecimal():
        return now.timestamp() + int(text)
    if not re.fullmatch(r"([01]?\d|2[0-3]):[0-5]\d", text):
        raise Refusal(f"until={text}: expected seconds, or a time as 17:30")
    hour, minute = map(int, text.split(":"))
    at = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return (at if at > now else at + timedelta(days=1)).timestamp()


def planned(study: Study) -> list[Job]:
    """All jobs, those of branch points that are still to be found among them."""
    branch = study.settings.branch
    points: dict[int, int | None] = dict(progress.points(study))
    if branch:
        ahead = [i for i in range(1, branch.started + 1) if i not in points]
        points |= dict.fromkeys(ahead[: max(0, branch.points - len(points))])
    return progress.chosen(study, jobs_of(study, points))


def status(study: Study, settings: "Settings") -> None:
    show(study, sys.stdout, lambda: alone.at_work(study) or pueue.at_work(study))


def stop(study: Study, settings: "Settings") -> None:
    # the queue first: its tasks would try again what is ended under them
    ended = [pueue.stop(study), alone.stop(study)]
    if not any(ended):
        raise Refusal(f"{study.name} does not run: nothing to stop")
    print(text(study))


def add(study: Study, settings: "Settings") -> None:
    added.add(study.folder, study.settings.seeds, settings.seeds)
    print(text(read(study.name, study.root, study.overrides)))


def jobs(study: Study, settings: "Settings") -> None:
    checks.configured(study)
    print("\n".join(job.text() for job in planned(study)))


def runner_of(study: Study, wanted: str | None) -> str:
    """None: pueue where its daemon answers. Raises Refusal for what does not fit."""
    if wanted is None:
        wanted = "pueue" if pueue.answers() else "local"
    if wanted == "pueue" and not pueue.answers():
        raise Refusal("runner=pueue: no daemon answers: just install-pueue, then pueued -d")
    if wanted == "local":
        pueue.refuse_queued(study)
    return wanted


def run(study: Study, settings: "Settings") -> None:
    runner = runner_of(study, settings.runner)
    until = deadline(settings.until, datetime.now())
    cards = machine.cards(settings.cards, settings.per_card)
    machine.refuse_too_small(cards, max(job.gb for job in planned(study)))
    # which of configs/device the runs will take
    os.environ["PROJECTED_GRPO_DEVICE"] = "gpu" if cards[0].visible else "cpu"
    checks.refuse_missing_files(study, checks.configured(study))
    logger.info(f"{study.name}, {len(cards)} cards. {study.about}")
    given_up = RUNNERS[runner](study, cards, until)
    print(text(study))
    if given_up:
        raise Refusal(f"failed twice: {', '.join(sorted(given_up))}: see {study.folder / 'logs'}")


ACTIONS = {action.__name__: action for action in (run, status, jobs, stop, add)}


@cli.settings
class Settings:
    name: str = argument("of a study in configs/sweep")
    action: str = argument("what to do with it", "run", choices=list(ACTIONS))
    cards: tuple[int, ...] | None = option("numbers of GPUs", None, least=0, none="auto")
    per_card: int | None = option("runs at once on one", None, least=1, none="auto")
    until: str | None = option("seconds, or HH:MM, by which all is to have ended", None)
    runner: str | None = option("what starts them", None, choices=list(RUNNERS), none="auto")
    arms: tuple[str, ...] = option("those whose runs are made", (), none="all")
    seeds: tuple[int, ...] = option("further rounds, for add", (), least=1)
    outputs: Path = option("folder of runs", Path("outputs"))
    overrides: tuple[str, ...] = overrides("any hydra override, for all runs")


def main(argv: list[str]) -> None:
    settings = cli.read(Settings, argv)
    if bool(settings.seeds) != (settings.action == add.__name__):
        raise Refusal("seeds= goes with add, and add with it: just sweep NAME add seeds=7,8")
    study = read(settings.name, settings.outputs, settings.overrides, settings.arms)
    ACTIONS[settings.action](study, settings)


if __name__ == "__main__":
    main(sys.argv[1:])
