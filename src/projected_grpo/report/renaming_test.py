"""What a report says depends on what its arms are and not on what they are called."""

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from projected_grpo import runs
from projected_grpo.report import claims, command, curves, journal, style, tables
from projected_grpo.report.compare import Comparison, gather
from projected_grpo.runs.run import ROLES
from projected_grpo.testing.run_folders import labels, make_run

# Names that meant something once.
KNOWN = [
    "vanilla",
    "rl_baseline",
    "project",
    "constrain",
    "random",
    "shuffled",
    "clean_vs_clean",
]
STRANGE = st.sampled_from(["_x", "007", "1e5", "nan"])
ANY = STRANGE | st.from_regex(r"[A-Z][a-z]{2}[0-9]{4}([.+-][a-z]{2})?", fullmatch=True)
METRICS = {
    "actor/constraint/cos_pre": 0.3,
    "actor/constraint/leak": 0.1,
}


@dataclass(frozen=True)
class Arm:
    """control_of: place of an arm in the list of names, which may be one that was not run."""

    role: str
    control_of: int | None
    seeds: tuple[int, ...]
    m: int
    chance: float
    hacks: tuple[int, ...]


@st.composite
def studies(draw, known: str) -> tuple[list[Arm], list[str], list[str]]:
    """Arms, their names, and other names in the same order, `known` among them.

    Both lists hold a name more than there are arms, at the end: of an arm that was not run.
    """
    n = draw(st.integers(1, 5))
    arms = []
    for _ in range(n):
        has_reference = any(arm.role == "reference" for arm in arms)
        roles = [role for role in ROLES if role != "reference" or not has_reference]
        arm = Arm(
            role=draw(st.sampled_from(roles)),
            control_of=draw(st.none() | st.integers(0, n)),
            seeds=draw(st.sampled_from([(1,), (2,), (1, 2)])),
            m=draw(st.sampled_from([8, 16])),
            chance=draw(st.sampled_from([0.1, 0.2])),
            hacks=draw(st.tuples(st.integers(0, 4), st.integers(0, 4))),
        )
        arms.append(arm)
    any_names = sorted(draw(st.lists(ANY, min_size=n + 1, max_size=n + 1, unique=True)))
    # The known name between names that sort before and after every other.
    before = draw(st.integers(0, n))
    around_known = [f"000{i}" for i in range(before)] + [known]
    around_known += [f"ω{i}" for i in range(n - before)]
    order = draw(st.permutations(range(n + 1)))
    return arms, [any_names[i] for i in order], [around_known[i] for i in order]


@contextmanager
def comparison(arms: list[Arm], names: list[str]) -> Iterator[Comparison]:
    with tempfile.TemporaryDirectory() as folder:
        for arm, name in zip(arms, names, strict=False):
            for seed in arm.seeds:
                make_run(
                    Path(folder),
                    name,
                    seed,
                    role=arm.role,
                    control_of=None if arm.control_of is None else names[arm.control_of],
                    # Not the name of an arm, which the journal would show beside arms' names.
                    settings={"m": arm.m, "mechanism": "some"},
                    train=[labels(arm.hacks[0], 1, 8), labels(arm.hacks[1], 2, 8)],
                    hacks=[labels(n, 0, 4) for n in arm.hacks],
                    solves=[labels(0, n, 4) for n in arm.hacks],
                    metrics=[{**METRICS, "actor/constraint/chance": arm.chance}],
                )
        yield gather(runs.find(Path(folder)))


def report(comparison: Comparison) -> str:
    """Tables, claims, what is drawn, and the journal's entry, as text."""
    page = journal.body(comparison, Path("docs/J.md"), Path("curves.png"))
    # A hash of a config, in which the arm's name stands, is another one under another name.
    page = re.sub(r"\b[0-9a-f]{8}\b", "HASH", page)
    # Columns of a rendered table are as wide as their longest cell.
    page = re.sub(r" +", " ", re.sub(r"-{2,}", "--", page))
    (legend,) = curves.figure(comparison).legends
    parts = [
        *tables.main_rows(comparison),
        *tables.behaviour_rows(comparison),
        *claims.may(comparison),
        *claims.may_not(comparison),
        *style.looks(comparison).items(),
        *[text.get_text() for text in legend.get_texts()],
        *[(line.get_color(), line.get_linestyle()) for line in legend.get_lines()],
        command.legend([comparison]),
        page,
    ]
    return "\n".join(str(part) for part in parts)


def anonymous(text: str, names: list[str]) -> str:
    """The text with every name as its place in the list."""
    longest_first = sorted(names, key=len, reverse=True)
    either = "|".join(re.escape(name) for name in longest_first)
    whole = rf"(?<![\w.+-])({either})(?![\w+-]|\.\w)"
    return re.sub(whole, lambda match: f"<{names.index(match[1])}>", text)


@pytest.fixture(scope="module", autouse=True)
def commit():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PROJECTED_GRPO_COMMIT", "feedbeef0123")
        yield


# Shrinking would take minutes: a study is small as it is.
@settings(max_examples=3, deadline=None, derandomize=True, phases=[Phase.generate])
@pytest.mark.parametrize("known", KNOWN)
@given(data=st.data())
def test_renaming_all_arms_renames_the_report_and_changes_nothing_else(known, data):
    arms, first, second = data.draw(studies(known))
    with comparison(arms, first) as before, comparison(arms, second) as after:
        assert anonymous(report(before), first) == anonymous(report(after), second)


def test_anonymous_replaces_whole_names_alone():
    text = "a against ab: 'a' (ab 2 seeds); no a.\na-s1 cab"
    assert anonymous(text, ["a", "ab"]) == "<0> against <1>: '<0>' (<1> 2 seeds); no <0>.\na-s1 cab"
