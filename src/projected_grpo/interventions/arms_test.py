"""Arms from data: what is found, what is refused in one line, and what `just arms` lists."""

import pytest

from projected_grpo.cli import Refusal
from projected_grpo.interventions import arm_table, arms
from projected_grpo.interventions.settings import settings_of

PENALTY = {"mechanism": "penalty"}
CONSTRAIN = {"mechanism": "constrain", "where": "gradient"}
FREEZE = {"mechanism": "freeze"}
HOLD = {"mechanism": "hold"}
SCREENING = {"mechanism": "screening"}


def arm(*interventions: dict, **changes) -> arms.Arm:
    config = {
        "name": "made",
        "hypothesis": "a hypothesis",
        "role": "treatment",
        "control_of": None,
        "loophole": True,
        "interventions": list(interventions),
    }
    return arms.parse({**config, **changes})


def test_a_mechanism_is_found_by_the_name_of_its_file():
    for name, mechanism in arms.mechanisms().items():
        assert mechanism.__module__ == f"projected_grpo.interventions.{name}"
    assert {"advantage", "constrain", "freeze", "penalty", "prompt", "screening", "shrink"} <= set(
        arms.mechanisms()
    )


def test_settings_are_typed_and_have_defaults():
    (part,) = arm({**PENALTY, "amount": 2}).interventions.parts
    assert (part.amount, part.monitor) == (2.0, "truth")
    (part,) = arm({**CONSTRAIN, "layers": [0, 1]}).interventions.parts
    assert part.layers == (0.0, 1.0)
    (part,) = arm({**HOLD, "refresh": {"from": "own", "half_life": 2}}).interventions.parts
    assert (part.refresh.from_, part.refresh.half_life, part.refresh.every) == ("own", 2.0, 1)


@pytest.mark.parametrize(
    ("interventions", "changes", "line"),
    [
        ([{"mechanism": "magic"}], {}, "interventions.0.mechanism='magic' is unknown"),
        ([PENALTY, {**PENALTY, "sum": 1}], {}, "interventions.1.sum is unknown"),
        ([{**PENALTY, "amount": "much"}], {}, "interventions.0.amount='much': expected float"),
        ([{**PENALTY, "amount": True}], {}, "interventions.0.amount=True: expected float"),
        (
            [{**HOLD, "refresh": {"each": 1}}],
            {},
            "0.refresh.each is unknown: choose from from",
        ),
        ([{**HOLD, "refresh": {"from": "mine"}}], {}, "0.refresh.from='mine' is unknown"),
        ([{**HOLD, "refresh": "own"}], {}, "0.refresh='own': expected settings, from, every"),
        ([{**CONSTRAIN, "layers": [0.5]}], {}, "layers=.* expected 2 values"),
        ([{"mechanism": "constrain"}], {}, "interventions.0.where is missing"),
        ([CONSTRAIN, FREEZE], {}, "freeze and constrain do not go together"),
        ([FREEZE, CONSTRAIN], {}, "freeze and constrain do not go together"),
        ([PENALTY, SCREENING], {}, "screening and penalty do not go together"),
        ([CONSTRAIN, PENALTY, CONSTRAIN], {}, "constrain stands twice in arm.interventions"),
        ([], {"role": "hero"}, "arm.role='hero' is unknown"),
        ([], {"role": "control"}, "role=control and control_of="),
        ([], {"control_of": "project"}, "role=control and control_of="),
        ([], {"colour": "red"}, "arm.colour is unknown"),
    ],
)
def test_what_is_no_arm_is_refused_by_name(interventions, changes, line):
    with pytest.raises(Refusal, match=line):
        arm(*interventions, **changes)


def test_mechanisms_that_go_together_make_one_arm():
    assert len(arm(CONSTRAIN, PENALTY).interventions.parts) == 2


def test_a_control_is_of_an_arm_that_there_is():
    configs = arm_table.configs()
    for config in configs.values():
        if config["role"] == "control":
            assert configs[config["control_of"]]["role"] == "treatment"


def test_a_controls_draw_follows_the_runs_seed():
    for name, config in arm_table.configs(seed=7).items():
        if config["role"] != "control":
            continue
        for entry in config["interventions"]:
            settings = settings_of(arms.mechanisms()[entry["mechanism"]])
            for key in {"seed", "v_seed"} & set(settings):
                assert entry[key] == 7, name


def test_every_arms_file_has_its_name_and_its_hypothesis_as_a_queue_shows_it():
    for name, config in arm_table.configs().items():
        first = (arm_table.FOLDER / f"{name}.yaml").read_text().splitlines()[0]
        assert (config["name"], first) == (name, f"# H: {config['hypothesis']}")


def test_just_arms_lists_every_arm(capsys):
    arm_table.main([])
    _header, _rule, *rows = capsys.readouterr().out.splitlines()
    # a cell of many lines goes on under an empty first column
    listed = [row.split()[0] for row in rows if not row.startswith(" ")]
    assert listed == list(arm_table.configs())
