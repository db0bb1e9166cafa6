"""Run a study, or go on with it: `just sweep NAME [cards=auto] [per_card=auto] [until=SECONDS]`

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

from projected_grpo.cli import Refusal
from projected_grpo.sweeps import added, alone, checks, local, machine, progress, pueue
from projected_grpo.sweeps.plan import Job
from projected_grpo.sweeps.plan import jobs as jobs_of
from projected_grpo.sweeps.status import show, text
from projected_grpo.sweeps.study import Study, read

DEFAULTS = {
    "cards": "auto",
    "per_card": "auto",
    "until": "",
    "runner": "auto",
    "outputs": "outputs",
    "seeds": "",
    "arms": "",
}
# Each takes a study, cards, and the time by which all is to have ended, and returns the names of
# jobs that it gave up. What they have done is read from the study's folders. pueue's returns when
# all is in the queue.
RUNNERS: dict[str, Callable[[Study, Sequence[machine.Card], float], set[str]]] = {
    "local": local.run,
    "pueue": pueue.run,
}
USAGE = (
    "just sweep NAME [status|jobs|stop|add seeds=7,8] "
    "[arms=A,B] [runner=auto] [cards=auto] [per_card=auto] [until=SECONDS|HH:MM]"
)


def options_of(argv: Sequence[str]) -> tuple[list[str], dict[str, str], tuple[str, ...]]:
    """(free words, options, hydra overrides): whatever else has a = is an override."""
    free, options, overrides = [], dict(DEFAULTS), []
    for word in argv:
        key, equals, value = word.partition("=")
        if not equals:
            free.append(word)
        elif key in DEFAULTS:
            options[key] = value
        else:
            overrides.append(word)
    return free, options, tuple(overrides)


def deadline(text: str, now: datetime) -> float:
    """Seconds from now, or a clock's next HH:MM, as time.time() has it; never where empty."""
    if not text:
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


def status(study: Study, options: dict[str, str]) -> None:
    show(study, sys.stdout, lambda: alone.at_work(study) or pueue.at_work(study))


def stop(study: Study, options: dict[str, str]) -> None:
    # the queue first: its tasks would try again what is ended under them
    ended = [pueue.stop(study), alone.stop(study)]
    if not any(ended):
        raise Refusal(f"{study.name} does not run: nothing to stop")
    print(text(study))


def add(study: Study, options: dict[str, str]) -> None:
    added.add(study.folder, study.settings.seeds, options["seeds"])
    print(text(read(study.name, study.root, study.overrides)))


def jobs(study: Study, options: dict[str, str]) -> None:
    checks.configured(study)
    print("\n".join(job.text() for job in planned(study)))


def runner_of(study: Study, wanted: str) -> str:
    """auto: pueue where its daemon answers. Raises Refusal for what is unknown, or does not fit."""
    if wanted == "auto":
        wanted = "pueue" if pueue.answers() else "local"
    if wanted not in RUNNERS:
        raise Refusal(f"runner={wanted}: choose from auto, {', '.join(RUNNERS)}")
    if wanted == "pueue" and not pueue.answers():
        raise Refusal("runner=pueue: no daemon answers: just install-pueue, then pueued -d")
    if wanted == "local":
        pueue.refuse_queued(study)
    return wanted


def run(study: Study, options: dict[str, str]) -> None:
    runner = runner_of(study, options["runner"])
    until = deadline(options["until"], datetime.now())
    cards = machine.cards(options["cards"], options["per_card"])
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


def main(argv: list[str]) -> None:
    free, options, overrides = options_of(argv)
    name, action, *more = [*free, run.__name__] if len(free) == 1 else [*free, "", ""]
    # seeds are what `add` takes, and nothing else
    if action not in ACTIONS or any(more) or bool(options["seeds"]) != (action == add.__name__):
        raise Refusal(f"expected {USAGE}")
    only = tuple(filter(None, options["arms"].split(",")))
    ACTIONS[action](read(name, Path(options["outputs"]), overrides, only), options)


if __name__ == "__main__":
    main(sys.argv[1:])
