import subprocess
import sys

import pytest

from projected_grpo.cli import Refusal, arguments, whole_number


def test_arguments_split_into_the_free_one_and_keys_over_defaults():
    assert arguments(["RUN", "label=Reward hack"], "RUN", {"label": "", "n": "5"}) == (
        "RUN",
        {"label": "Reward hack", "n": "5"},
    )


def test_a_path_with_an_equals_sign_is_not_taken_for_a_key():
    assert arguments(["outputs/lr=1e-5/a-s1"], "RUN", {})[0] == "outputs/lr=1e-5/a-s1"


@pytest.mark.parametrize("argv", [["RUN", "lable=x"], ["RUN", "OTHER"]])
def test_an_unread_argument_is_refused_by_name(argv):
    with pytest.raises(Refusal, match=f"'{argv[1].split('=')[0]}'.*expected RUN, label="):
        arguments(argv, "RUN", {"label": ""})


@pytest.mark.parametrize("text", ["0", "-1", "two", "1.5"])
def test_what_is_not_a_whole_number_in_range_is_refused(text):
    with pytest.raises(Refusal, match="n="):
        whole_number("n", text, least=1)


def test_a_refusal_is_one_line_on_stderr_and_status_1():
    code = "from projected_grpo.cli import Refusal\nraise Refusal('no such arm: use another')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (
        1,
        "",
        "projected_grpo: no such arm: use another\n",
    )
