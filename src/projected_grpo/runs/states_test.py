from projected_grpo.runs import states


def keep(run, *steps):
    for step in steps:
        states.folder(run, step).mkdir(parents=True)
        states.complete(run, step)


def test_room_is_made_by_removing_the_oldest_but_those_that_are_kept(tmp_path):
    keep(tmp_path, 1, 2, 9, 10, 11)
    states.make_room(tmp_path, last=3, kept={1})
    assert states.steps(tmp_path) == [1, 10, 11]
    keep(tmp_path, 12)
    states.make_room(tmp_path, last=1, kept={1, 10})
    assert states.steps(tmp_path) == [1, 10]


def test_room_for_the_first_states_removes_nothing(tmp_path):
    states.make_room(tmp_path, last=3, kept=set())
    keep(tmp_path, 1, 2)
    states.make_room(tmp_path, last=3, kept=set())
    assert states.steps(tmp_path) == [1, 2]


def test_a_state_that_was_not_finished_is_none(tmp_path):
    keep(tmp_path, 1)
    states.folder(tmp_path, 2).mkdir()
    assert states.steps(tmp_path) == [1]
