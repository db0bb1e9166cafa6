"""The benchmark's ways to run a program, asked of children in turn; see Compat."""

from projected_grpo.grader.inside.rules import script_tells
from projected_grpo.grader.sandbox import Sandbox


def verdicts_in_turn(
    sandbox: Sandbox,
    request: dict,
    names: list[str],
    passed: dict[str, bool],
    sent: list,
    more: float,
) -> dict[str, bool]:
    """passed, and the verdicts of those of names on which label_compat may hang.

    The frames are of `sent`, else of children of their own. A script of which a child that starts
    with it says nothing has failed.
    """
    passed = passed | verdicts(names, sent)
    while first := next_script(names, passed):
        unknown = [name for name in names if name not in passed]
        run = sandbox.run({**request, "scripts": unknown, "passed": passed}, more)
        passed = passed | verdicts(unknown, run.frames[1:])
        # Whether there is a function is seen without running anything.
        alone = "arbitrary" if first == "defines" and passed.get(first) else first
        passed.setdefault(alone, False)
    return passed


def next_script(names: list[str], passed: dict[str, bool]) -> str | None:
    """The first that may still tell something."""
    unknown = (name for name in names if name not in passed)
    return next((name for name in unknown if script_tells(name, passed)), None)


def verdicts(names: list[str], frames: list) -> dict[str, bool]:
    """A frame is the program's own word: it may be anything."""
    return {
        frame["script"]: frame.get("passes") is True
        for frame in frames
        if isinstance(frame, dict) and frame.get("script") in names
    }
