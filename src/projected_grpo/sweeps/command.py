"""Run a study, or go on with it.

just sweep NAME                     configs/sweep/NAME.yaml, until all is done; again: goes on
just sweep NAME until=1500          starts no run that would not end in 1500 s; or until=17:30
just sweep NAME env.loophole=...    a hydra override of all runs
just sweep NAME status              where each run stands
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
from projected_grpo.sweeps import checks, local, machine, progress
from projected_grpo.sweeps.plan import Job
from projected_grpo.sweeps.plan import jobs as jobs_of
from projected_grpo.sweeps.status import text
from projected_grpo.sweeps.study import Study, read

# Each takes a study, cards, and the time by which all is to have ended, and returns the names of
# jobs that it gave up. What they have done is read from the study's folders.
RUNNERS: dict[str, Callable[[Study, Sequence[machine.Card], float], set[str]]] = {
    "local": local.run,
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
    return jobs_of(study, points)


def status(study: Study, settings: "Settings") -> None:
    print(text(study))


def jobs(study: Study, settings: "Settings") -> None:
    checks.configured(study)
    print("\n".join(job.text() for job in planned(study)))


def run(study: Study, settings: "Settings") -> None:
    until = deadline(settings.until, datetime.now())
    cards = machine.cards(settings.cards, settings.per_card)
    machine.refuse_too_small(cards, max(job.gb for job in planned(study)))
    # which of configs/device the runs will take
    os.environ["PROJECTED_GRPO_DEVICE"] = "gpu" if cards[0].visible else "cpu"
    checks.refuse_missing_files(study, checks.configured(study))
    logger.info(f"{study.name}, {len(cards)} cards. {study.about}")
    given_up = RUNNERS[settings.runner](study, cards, until)
    print(text(study))
    if given_up:
        raise Refusal(f"failed twice: {', '.join(sorted(given_up))}: see {study.folder / 'logs'}")


ACTIONS = {action.__name__: action for action in (run, status, jobs)}


@cli.settings
class Settings:
    name: str = argument("of a study in configs/sweep")
    action: str = argument("what to do with it", "run", choices=list(ACTIONS))
    cards: tuple[int, ...] | None = option("numbers of GPUs", None, least=0, none="auto")
    per_card: int | None = option("runs at once on one", None, least=1, none="auto")
    until: str | None = option("seconds, or HH:MM, by which all is to have ended", None)
    runner: str = option("what starts the runs", "local", choices=list(RUNNERS))
    outputs: Path = option("folder of runs", Path("outputs"))
    overrides: tuple[str, ...] = overrides("any hydra override, for all runs")


def main(argv: list[str]) -> None:
    settings = cli.read(Settings, argv)
    study = read(settings.name, settings.outputs, settings.overrides)
    ACTIONS[settings.action](study, settings)


if __name__ == "__main__":
    main(sys.argv[1:])
