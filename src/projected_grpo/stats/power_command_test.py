import pytest

from projected_grpo.cli import Refusal
from projected_grpo.stats.power_command import main

QUICK = ["doses=1,0", "studies=200"]


def printed(capsys, *words: str) -> str:
    main([*QUICK, *words])
    return capsys.readouterr().out


def test_it_says_what_the_arms_do_and_how_many_runs_the_wanted_power_takes(capsys):
    out = printed(capsys)
    assert "dose    mean U %" in out
    assert "A power of 0.8 takes 4 runs an arm." in out


def test_a_given_n_has_its_row_alone_as_it_is_among_the_others(capsys):
    weak = ("doses=.55,.4", "replicates=1")
    rows = [line for line in printed(capsys, *weak, "most=9").splitlines() if " to 0." in line]
    assert [row.split()[0] for row in rows] == ["6", "7", "8", "9"]
    alone = printed(capsys, *weak, "n=9")
    assert rows[-1] in alone and rows[0] not in alone
    assert "takes" not in alone


def test_where_no_n_suffices_it_says_so(capsys):
    out = printed(capsys, "doses=.3,.3", "most=5")
    assert "No n up to 5 has a power of 0.8." in out


def test_it_repeats_to_the_digit(capsys):
    assert printed(capsys, "n=5", "doses=.5,0") == printed(capsys, "n=5", "doses=.5,0")


@pytest.mark.parametrize(
    ("words", "least"),
    [(["n=3"], "4 or more runs an arm"), (["most=5", "level=.001"], "7 or more")],
)
def test_fewer_runs_than_can_reject_are_refused(words, least):
    with pytest.raises(Refusal, match=least):
        main([*QUICK, *words])
