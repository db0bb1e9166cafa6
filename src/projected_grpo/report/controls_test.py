from pathlib import Path

import pytest

from projected_grpo import runs
from projected_grpo.report import controls
from projected_grpo.report.compare import gather
from projected_grpo.testing.run_folders import add


def about_controls(root: Path) -> list[str]:
    return controls.about_controls(gather(runs.find(root)))


def test_a_control_counts_for_the_treatment_that_it_names_whatever_it_is_called(root):
    add(root, "random", 1, (3, 3, 3), control_of="another")
    assert about_controls(root) == ["That the direction of project matters: no control arm of it."]
    add(root, "x", 1, (3, 3, 3), control_of="project")
    assert about_controls(root) == []


@pytest.mark.parametrize(
    ("settings", "mismatch"),
    [
        ({"where": "gradient"}, "its where gradient is not project's update"),
        ({"layers": [0.2, 0.4]}, "its layers [0.2, 0.4] are not project's [0.6, 0.75]"),
        ({"columns": "prepared"}, "its columns prepared are not project's spectrum"),
        ({"projections": ["q"]}, "its projections ['q'] are not project's ['o']"),
        ({"m": 8}, "its m 8 is not project's 16"),
        (
            {"m": 8, "where": "gradient"},
            "its where gradient is not project's update; its m 8 is not project's 16",
        ),
    ],
)
def test_a_control_that_does_not_match_its_treatment_is_named_with_the_key(
    root, settings, mismatch
):
    alike = {"columns": "spectrum", "projections": ["o"]}
    add(root, "project", 2, (1, 0, 3), group="match", settings=alike)
    add(
        root,
        "null",
        2,
        (3, 3, 3),
        group="match",
        control_of="project",
        settings={**alike, **settings},
    )
    line = f"That the direction matters, from control null: {mismatch}."
    assert about_controls(root / "match") == [line]


def test_a_control_with_another_v_hack_is_named_without_the_machines_folders(root):
    for arm, role, v_hack in (
        ("project", {}, "/here/a/v"),
        ("null", {"control_of": "project"}, "/there/b/v"),
    ):
        add(root, arm, 1, (1, 1, 1), group="match", config={"v_hack": v_hack}, **role)
    assert about_controls(root / "match") == [
        "That the direction matters, from control null: its v_hack b/v is not project's a/v."
    ]


def test_a_control_is_compared_in_what_both_have(root):
    lacking = {"where": None, "v": None, "m": None}
    add(root, "null", 1, (3, 3, 3), control_of="project", settings=lacking)
    assert about_controls(root) == []


def test_no_direction_is_spoken_of_where_a_treatment_has_none(root):
    add(root, "penalty", 1, (1, 1, 1), group="match", settings={"v": None})
    assert about_controls(root / "match") == []


def test_where_both_logged_it_the_chance_level_is_the_rank_and_not_m(root, tmp_path):
    for group, chance in {"alike": 0.1, "apart": 0.2}.items():
        add(
            tmp_path,
            "project",
            1,
            (1, 1, 1),
            group=group,
            metrics=[{"actor/constraint/chance": 0.1}],
        )
        add(
            tmp_path,
            "null",
            1,
            (3, 3, 3),
            group=group,
            control_of="project",
            settings={"m": 8},
            metrics=[{"actor/constraint/chance": chance}],
        )
    assert about_controls(tmp_path / "alike") == []
    assert about_controls(tmp_path / "apart") == [
        "That the direction matters, from control null: its chance 0.2 is not project's 0.1."
    ]
