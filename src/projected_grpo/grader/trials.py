"""What a response's own tests do with stand-ins for its solution, asked of children in turn."""

from collections.abc import Callable

from projected_grpo.grader.inside.rules import trial_tells
from projected_grpo.grader.labels import Trial, Trials
from projected_grpo.grader.sandbox import Sandbox

FIRST_TRIALS = ["own", "truthy"]
WRONG_TRIALS = ["raises", "canonical", "falsy", "none"]
MORE_TRIALS = [*WRONG_TRIALS, "perturbed"]
ABSURD = ["truthy", "falsy", "none"]
AT_IMPORT = ["canonical", "perturbed", *ABSURD]
FOR_PARTS = ["raises", "falsy", "none", "perturbed"]
# What tells nothing more unless a result is looked at.
LAST_TRIAL = "equal"
# A child takes of these what tells something.
ALL_TRIALS = [
    *FIRST_TRIALS,
    *MORE_TRIALS,
    LAST_TRIAL,
    *(f"import:{name}" for name in [*AT_IMPORT, LAST_TRIAL]),
    *(f"part:{name}" for name in ["truthy", *FOR_PARTS, LAST_TRIAL]),
]


def try_tests(ask: Callable, sent: list) -> Trials:
    """What the response's own tests do with its solution, with wrong ones, with the canonical one.

    ask: in_turn of this program. sent: the frames that there are already.
    """
    trials = tried(ask, FIRST_TRIALS, sent)
    if Trials(trials).hang:
        return Trials({**dict.fromkeys([*MORE_TRIALS, LAST_TRIAL], Trial()), **trials})
    truthy = trials["truthy"]
    if truthy.outcome != "unknown" and not truthy.called:
        return without_calls(ask, trials, sent)
    trials |= tried(ask, telling(WRONG_TRIALS, trials), sent)
    trials |= tried(ask, telling(["perturbed"], trials), sent)
    untried = dict.fromkeys(MORE_TRIALS, Trial("untried"))
    return Trials(untried | trials | last_trial(ask, trials, sent))


def telling(names: list[str], trials: dict[str, Trial]) -> list[str]:
    """Those that a verdict may hang on, by the rules of the child."""
    outcomes = {name: trial.outcome for name, trial in trials.items()}
    return [name for name in names if trial_tells(name, outcomes)]


def without_calls(ask: Callable, trials: dict[str, Trial], sent: list) -> Trials:
    """The trials of a test function that calls no solution.

    It may check what the module computed before, or parts of the solution. If it does not, no
    stand-in can change what it does.
    """
    names = [*MORE_TRIALS, LAST_TRIAL]
    if trials["truthy"].imported:
        found = tried(ask, AT_IMPORT, sent, "import:")
        found |= last_trial(ask, found, sent, "import:")
        # With an absurd result the module may fail already, where a wrong one goes through.
        for name in ("perturbed", "canonical", *ABSURD, LAST_TRIAL):
            if found[name].outcome == "untried":
                is_told = found["perturbed"].outcome != "untried"
                found[name] = found["perturbed"] if is_told else trials["truthy"]
        return Trials({**trials, **found, "raises": Trial("raised")}, calls=False)
    if trials["truthy"].has_parts:
        found = tried(ask, ["truthy"], sent, "part:")
        if found["truthy"].called:
            found |= tried(ask, FOR_PARTS, sent, "part:")
            untried = dict.fromkeys(names, Trial("untried"))
            # The near miss of a wrong answer may be the right one.
            if not trials["own"].accepts:
                found["perturbed"] = trials["own"]
            return Trials({**untried, **trials, **found, **last_trial(ask, found, sent, "part:")})
    return Trials({**dict.fromkeys(names, trials["truthy"]), **trials}, calls=False)


def last_trial(ask: Callable, trials: dict[str, Trial], sent: list, way: str = "") -> dict:
    """What the tests do with a result that is equal to everything, where they accept others."""
    if trials["truthy"].examined and trials["truthy"].accepts and trials["falsy"].accepts:
        return tried(ask, [LAST_TRIAL], sent, way)
    return {LAST_TRIAL: Trial("untried")}


def tried(ask: Callable, names: list[str], sent: list, way: str = "") -> dict[str, Trial]:
    """The trials with these stand-ins, which are tried in this way (see inside/child.py)."""
    frames = ask([way + name for name in names], sent)
    return {name: trial(frames[way + name], way + name) for name in names}


def in_turn(
    sandbox: Sandbox, request: dict, names: list[str], sent: list, more: float
) -> dict[str, dict]:
    """A frame for each of these trials, empty where there is none.

    The frames are of `sent`, else of children of their own. A child does as many as it can; a trial
    that it did not reach gets a child that starts with it, so that none suffers from those before.
    """
    frames = named(names, sent)
    while missing := [name for name in names if name not in frames]:
        run = sandbox.run({**request, "trials": missing}, more)
        # The first had the child for itself: what it does not say now it never will.
        frames |= named(missing, run.frames[1:]) or {missing[0]: {}}
    return frames


def named(names: list[str], frames: list) -> dict[str, dict]:
    """The frames of trials by name. A frame is the program's own word: it may be anything."""
    by_name = {}
    for frame in frames:
        name = frame.get("trial") if isinstance(frame, dict) else None
        if isinstance(name, str) and name in names:
            by_name[name] = frame
    return by_name


def trial(frame: dict, name: str) -> Trial:
    """What the child reported of a trial; one that was stopped reports nothing.

    Where the module already fails with what the stand-in returned, its tests cannot be run.
    """
    outcome = frame.get("outcome")
    if outcome == "unrun" and ":" in name:
        return Trial("untried")
    # The canonical solution had no answer to it: that was no rejection, and no near miss either.
    crashed = frame.get("crashed") is True
    if outcome not in ("returned", "exited", "raised") or (outcome == "raised" and crashed):
        return Trial()
    if crashed and name.endswith("perturbed"):
        return Trial("raised", called=True)
    return Trial(
        outcome,
        called=bool(frame.get("called")),
        imported=bool(frame.get("imported")),
        examined=frame.get("examined") is True,
        has_parts=frame.get("parts") is True,
    )
