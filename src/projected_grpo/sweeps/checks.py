"""What is looked at before the first job of a study starts; each Refusal names the remedy."""

from pathlib import Path

from omegaconf import DictConfig

from projected_grpo.cli import Refusal
from projected_grpo.sweeps import plan
from projected_grpo.sweeps.study import Study
from projected_grpo.verl_ext.configuration import check, configure

# Settings of env.problems that name files.
FILES = ("path", "train", "frozen", "samples")


def configured(study: Study) -> dict[str, DictConfig]:
    """Every arm's config, and the sources', composed and checked as the training command does.

    Raises Refusal, with the arm's name.
    """
    branch = study.settings.branch
    # any numbers will do: only seeds and steps differ between the runs of an arm
    points = {1: branch.within} if branch else {}
    configs: dict[str, DictConfig] = {}
    for job in plan.jobs(study, points):
        key = "sources" if job.kind == "source" else job.arm
        if job.kind == "set" or key in configs:
            continue
        try:
            configs[key] = configure(list(job.overrides))
            check(configs[key])
        except Refusal as refusal:
            line = str(refusal).removeprefix("projected_grpo: ")
            raise Refusal(f"{study.name}, {key}: {line}") from None
    for arm in study.arms:
        _check_control(study, arm, configs[arm])
    return configs


def _check_control(study: Study, arm: str, config: DictConfig) -> None:
    of = config.arm.control_of
    if of is not None and of not in study.arms:
        raise Refusal(
            f"{study.name}, {arm}: it controls {of}, which is no arm here: "
            f"set arm.control_of to one of {', '.join(study.arms)}"
        )


def refuse_missing_files(study: Study, configs: dict[str, DictConfig]) -> None:
    """Refusal for a file that the file of the study names and that is not there."""
    named = {}
    for one, of in study.sets.items():
        if of.rollouts and of.rollouts not in study.sets:
            named[f"sets.{one}.rollouts"] = of.rollouts
        for word in of.options:
            key, _, value = word.partition("=")
            if key == "path":
                named[f"sets.{one}: path"] = value
    for arm, config in configs.items():
        for key in FILES:
            named[f"{arm}: env.problems.{key}"] = config.env.problems.get(key)
    for key, value in named.items():
        # one, several with commas, or a list
        files = value.split(",") if isinstance(value, str) else value or []
        for file in files:
            if not Path(file).exists():
                raise Refusal(f"{study.name}: {key}={file} is not there: place it, or name another")
