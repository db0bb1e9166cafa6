"""The line of a step says what it was and how long the others take."""

from projected_grpo.verl_ext.step_lines import HEAD, StepLines


def lines(capsys, seconds: list[float], last: int, limit: float = float("inf")) -> list[str]:
    steps = StepLines()
    steps.begin(1, last)
    for step, one in enumerate(seconds, 1):
        rates = {"labels/blatant": 0.125, "labels/correct": 0.5, "critic/rewards/mean": 1.5}
        steps.say(step, last, rates | {"timing_s/step": one}, limit)
    return capsys.readouterr().out.splitlines()


def test_its_columns_stand_under_their_heads(capsys):
    head, line = lines(capsys, [40.0], last=6)
    assert head == HEAD and len(line) == len(head)
    assert line.split() == ["1", "12.5", "50.0", "1.50", "40.0", "03:20"]


def test_time_left_goes_by_the_last_steps(capsys):
    slow_first = [100.0] + [10.0] * 5
    *_, line = lines(capsys, slow_first, last=8)
    assert line.split()[-1] == "00:20"


def test_a_limit_lets_no_more_than_it_and_one_step(capsys):
    assert lines(capsys, [40.0], last=300, limit=60.0)[1].split()[-1] == "01:40"


def test_after_the_last_step_no_time_is_left(capsys):
    assert lines(capsys, [40.0], last=1, limit=-5.0)[1].split()[-1] == "00:00"
