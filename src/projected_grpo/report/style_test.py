import pytest
from matplotlib.figure import Figure

from projected_grpo import runs
from projected_grpo.report.compare import gather
from projected_grpo.report.style import DASHES, MARKERS, PALETTE, apart, looks, save
from projected_grpo.testing.run_folders import add

ARMS = {
    "limit": {"role": "ceiling"},
    "base": {"role": "reference"},
    "one": {},
    "one-null": {"control_of": "one"},
    "one-other": {"control_of": "one"},
    "two": {},
    "two-null": {"control_of": "two"},
    "lonely": {"control_of": "elsewhere"},
}


@pytest.fixture
def known(tmp_path):
    for arm, role in ARMS.items():
        add(tmp_path, arm, 1, (1, 0, 0), **role)
    return looks(gather(runs.find(tmp_path)))


def test_colours_follow_roles_and_controls_are_dashed_in_their_treatments_colour(known):
    assert {arm: (look.color, look.dash) for arm, look in known.items()} == {
        "limit": ("#888888", "-"),
        "base": ("#000000", "-"),
        "one": (PALETTE[0], "-"),
        "one-null": (PALETTE[0], "--"),
        "one-other": (PALETTE[0], ":"),
        "two": (PALETTE[1], "-"),
        "two-null": (PALETTE[1], "--"),
        "lonely": (PALETTE[2], "--"),
    }


def test_without_colours_every_arm_has_a_mark_of_its_own_and_controls_are_hollow(known):
    assert [look.marker for look in known.values()] == list(MARKERS[: len(ARMS)])
    hollow = [arm for arm, look in known.items() if look.fill == "white"]
    assert hollow == ["one-null", "one-other", "two-null", "lonely"]
    assert all(known[arm].dash in DASHES[1:] for arm in hollow)


@pytest.mark.parametrize("places", [[0.0] * 3, [50.0, 49.0, 90.0], [100.0] * 2, [3.0]])
def test_labels_keep_their_order_and_their_gap(places):
    heights = apart(places, 8.0)
    in_order = [heights[i] for i in sorted(range(len(places)), key=lambda i: places[i])]
    steps = [after - before for before, after in zip(in_order, in_order[1:], strict=False)]
    assert all(step >= 8 - 1e-9 for step in steps)


def test_labels_that_are_apart_stay_where_they_are():
    assert apart([90.0, 10.0, 50.0], 8.0) == [90, 10, 50]


def test_a_figure_is_saved_as_png_and_as_the_same_svg_whenever_it_is_drawn(tmp_path):
    for name in ("a.png", "b.png"):
        figure = Figure()
        figure.subplots().plot([1, 2], marker="o")
        save(figure, tmp_path / name)
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "a.svg").read_text() == (tmp_path / "b.svg").read_text()
