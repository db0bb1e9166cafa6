import pytest

from projected_grpo.cli import Refusal
from projected_grpo.sweeps import added, command, plan
from projected_grpo.sweeps.study import read


def test_added_seeds_are_further_rounds_of_every_later_call(tmp_path):
    command.main(["smoke", "add", "seeds=7,8", f"outputs={tmp_path}"])
    command.main(["smoke", "add", "seeds=9", f"outputs={tmp_path}"])
    of = read("smoke", tmp_path)
    assert of.settings.seeds == (1, 2, 7, 8, 9)
    assert [job.name for job in plan.jobs(of, {})][-2:] == ["vanilla-s9", "shrunk-s9"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["smoke", "add", "seeds=2,3"], "2 is there already"),
        (["smoke", "add", "seeds=3,3"], "3 is there already"),
        (["smoke", "add", "seeds=x"], "seeds=x: expected whole numbers"),
        (["smoke", "add"], "seeds= goes with add"),
        (["smoke", "seeds=3"], "seeds= goes with add"),
        (["smoke_branch", "add", "seeds=3"], "raise branch.points"),
    ],
)
def test_what_cannot_be_added_is_one_line_and_leaves_nothing(words, said, tmp_path):
    with pytest.raises(Refusal) as stop:
        command.main([*words, f"outputs={tmp_path}"])
    assert said in str(stop.value)
    assert not list(tmp_path.iterdir())


def test_a_seed_without_controls_in_a_set_that_is_made_is_refused(tmp_path):
    (tmp_path / "sets" / "v" / "random-s2").mkdir(parents=True)
    with pytest.raises(Refusal, match="sets/v has controls of seeds up to 2, not of 3"):
        added.add(tmp_path, (1,), [3])
    added.add(tmp_path, (1,), [2])
    assert added.seeds(tmp_path) == [2]
