"""Run a study, or go on with it: `just sweep NAME [cards=auto] [per_card=auto] [until=SECONDS]`

just sweep NAME                     configs/sweep/NAME.yaml, until all is done; again: goes on
just sweep NAME until=1500          starts no run that would not end in 1500 s; or until=17:30
just sweep NAME env.loophole=...    a hydra override of all runs
just sweep NAME status              where each run stands
just sweep NAME plan                every job's command; runs nothing
"""

import os
import re
import sys
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from loguru import logger

from projected_grpo.cli import Refusal
from projected_grpo.sweeps import checks, local, machine, plan, progress, status
from projected_grpo.sweeps.study import Study, read

DEFAULTS = {
    "cards": "auto",
    "per_card": "auto",
    "until": "",
    "runner": "local",
    "outputs": "outputs",
}
ACTIONS = ("run", "status", "plan")
# Each takes a study, cards, and the time by which all is to have ended, and returns the names of
# jobs that it gave up. What they have done is read from the study's folders.
RUNNERS: dict[str, Callable[[Study, Sequence[machine.Card], float], set[str]]] = {
    "local": local.run,
}
USAGE = "just sweep NAME [status|plan] [cards=auto] [per_card=auto] [until=SECONDS|HH:MM]"


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


def planned(study: Study) -> list[plan.Job]:
    """All jobs, those of branch points that are still to be found among them."""
    branch = study.settings.branch
    reached = progress.points(study)
    if branch:
        ahead = [i for i in range(1, branch.started + 1) if i not in reached]
        expected = ahead[: max(0, branch.points - len(reached))]
        reached = {**reached, **dict.fromkeys(expected)}
    return plan.jobs(study, reached)


def main(argv: list[str]) -> None:
    free, options, overrides = options_of(argv)
    name, action = [*free, "run"][:2] if free else ("", "run")
    if not free or len(free) > 2 or action not in ACTIONS:
        raise Refusal(f"expected {USAGE}")
    if options["runner"] not in RUNNERS:
        raise Refusal(f"runner={options['runner']}: choose from {', '.join(RUNNERS)}")
    until = deadline(options["until"], datetime.now())
    study = read(name, Path(options["outputs"]), overrides)
    if action == "status":
        print(status.text(study))
        return
    if action == "plan":
        checks.configured(study)
        print("\n".join(job.text() for job in planned(study)))
        return
    cards = machine.cards(options["cards"], options["per_card"])
    machine.refuse_too_small(cards, max(job.gb for job in planned(study)))
    # which of configs/device the runs will take
    os.environ["PROJECTED_GRPO_DEVICE"] = "gpu" if cards[0].visible else "cpu"
    checks.refuse_missing_files(study, checks.configured(study))
    logger.info(f"{name}, {len(cards)} cards: {study.settings.why}; {study.settings.resolve}")
    began = time.monotonic()
    given_up = RUNNERS[options["runner"]](study, cards, until)
    print(status.text(study))
    logger.info(f"{name}: {time.monotonic() - began:.0f} s")
    if given_up:
        raise Refusal(f"failed twice: {', '.join(sorted(given_up))}: see {study.folder / 'logs'}")


if __name__ == "__main__":
    main(sys.argv[1:])
