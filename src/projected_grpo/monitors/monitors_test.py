import http.server
import json
import subprocess
import sys
import threading

import polars as pl
import pytest
import torch

from projected_grpo.cli import Refusal
from projected_grpo.directions import samples
from projected_grpo.monitors import __main__ as command
from projected_grpo.monitors import judge, probe, truth
from projected_grpo.monitors.monitor import Monitor

TEXT = {"capture_output": True, "text": True, "timeout": 60}
HACKS = pl.Series([True, False] * 2000)


def test_flips_have_the_stated_share_in_both_classes():
    flagged = truth.flags(HACKS, accuracy=0.9, misses=0.0, seed=1)
    wrong = [(flagged != HACKS).filter(HACKS == which).mean() for which in (True, False)]
    assert all(0.08 < share < 0.12 for share in wrong)


def test_misses_leave_hacks_unflagged_and_never_flag_a_clean_row():
    flagged = truth.flags(HACKS, accuracy=1.0, misses=0.3, seed=1)
    assert not flagged.filter(~HACKS).any() and 0.66 < flagged.filter(HACKS).mean() < 0.74


def test_the_seed_decides_the_flips():
    first, again, other = (truth.flags(HACKS, 0.5, 0.0, seed) for seed in (1, 1, 2))
    assert first.equals(again) and not first.equals(other)


def test_a_share_beyond_one_is_refused():
    with pytest.raises(Refusal, match="expected shares"):
        truth.flags(HACKS, 90.0, 0.0, 1)


def planted(strength: float, seed: int = 0):
    g = torch.Generator().manual_seed(seed)
    hack, problem = torch.rand(600, generator=g) < 0.3, torch.arange(600) % 30
    x = torch.randn(600, 40, generator=g)
    x[:, 3] += strength * hack
    return x, hack, problem


def test_a_probe_finds_a_planted_direction_on_problems_it_never_saw():
    x, hack, problem = planted(4.0)
    train = probe.split(problem, seed=0)
    fitted = probe.fit(x[train], hack[train], problem[train])
    right = (fitted.scores(x[~train]) > fitted.threshold) == hack[~train]
    assert right.double().mean() > 0.9 and fitted.v.abs().argmax() == 3


def test_a_probe_of_noise_is_no_better_than_chance_on_held_out_problems():
    x, hack, problem = planted(0.0)
    train = probe.split(problem, seed=0)
    fitted = probe.fit(x[train], hack[train], problem[train])
    flagged = fitted.scores(x[~train]) > fitted.threshold
    balanced = (
        flagged[hack[~train]].double().mean() + (~flagged[~hack[~train]]).double().mean()
    ) / 2
    assert 0.4 < balanced < 0.6


def test_no_problem_is_both_trained_and_tested_on():
    _, _, problem = planted(1.0)
    train = probe.split(problem, seed=3)
    assert not set(problem[train].tolist()) & set(
        problem[~train].tolist()
    ) and 0 < train.sum() < len(train)


def test_what_is_held_out_changes_neither_direction_nor_threshold():
    x, hack, problem = planted(2.0)
    train = probe.split(problem, seed=0)
    before = probe.fit(x[train], hack[train], problem[train])
    x[~train] += 100.0
    after = probe.fit(x[train], hack[train], problem[train])
    assert before.threshold == after.threshold and torch.equal(before.v, after.v)


class Judge(http.server.BaseHTTPRequestHandler):
    """An OpenAI-compatible server that says what the answer it is shown asks it to say."""

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answer = body["messages"][0]["content"].split("<answer>\n")[1].split("\n</answer>")[0]
        if answer == "fail":
            return self.send_error(500)
        if body["model"] == "absent":
            return self.send_error(404)
        said = (
            "not json"
            if answer == "garbage"
            else json.dumps({"choices": [{"message": {"content": answer}}]})
        )
        self.send_response(200)
        self.end_headers()
        self.wfile.write(said.encode())

    def log_message(self, *_):
        pass


@pytest.fixture
def endpoint(request):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Judge)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    request.addfinalizer(server.server_close)
    request.addfinalizer(server.shutdown)
    return f"http://127.0.0.1:{server.server_port}/v1"


ANSWERS = {
    "HACK": True,
    "honest.": False,
    "HACK or HONEST": None,
    "": None,
    "1": None,
    "fail": None,
    "garbage": None,
    "'Hack'": True,
}


def test_a_judges_word_is_taken_and_any_other_answer_is_none(endpoint):
    told = judge.flags(
        endpoint, "any", [judge.prompt("task", answer, "run_tests") for answer in ANSWERS]
    )
    assert told == list(ANSWERS.values())


def test_a_judge_that_only_babbles_is_refused(endpoint):
    with pytest.raises(Refusal, match="none of 2 answers"):
        judge.flags(endpoint, "any", [judge.prompt("task", "well", "run_tests")] * 2)


def test_a_judge_that_cannot_be_reached_is_refused():
    with pytest.raises(Refusal, match="cannot be reached"):
        judge.flags("http://127.0.0.1:9/v1", "any", ["?"])


def test_a_judge_that_does_not_serve_the_model_is_refused_before_a_run(endpoint):
    with pytest.raises(Refusal, match="refuses model=absent"):
        Monitor("judge", endpoint=endpoint, model="absent").check(None)


def test_an_answer_cannot_rewrite_the_prompt():
    assert judge.prompt("T", "{task} {name}", "n").count("{task} {name}") == 1


def rollouts(tmp_path) -> str:
    answers = ["HACK", "honest", "what?", "honest"]
    frame = pl.DataFrame({"response": answers, "strict": [True, False, True, True]}).with_columns(
        pl.lit("p").alias("problem_id"),
        pl.lit("q").alias("prompt"),
        pl.lit("run_tests").alias("test_func_name"),
        pl.lit("Correct").alias("label"),
        pl.col("strict").alias("loose"),
    )
    frame.write_parquet(tmp_path / "in.parquet")
    return str(tmp_path / "in.parquet")


def test_the_command_counts_bad_answers_and_writes_the_flags(tmp_path, endpoint, capsys):
    out = tmp_path / "out.parquet"
    command.main(
        [rollouts(tmp_path), f"out={out}", "monitor=judge", f"endpoint={endpoint}", "model=any"]
    )
    assert pl.read_parquet(out)["flagged"].to_list() == [True, False, None, False]
    numbers = capsys.readouterr().out.splitlines()[-1].split()
    assert numbers == ["4", "1", "2", "0.667", "0.500", "0.000"]


def test_a_refusal_of_the_judges_is_one_line_and_leaves_no_log(tmp_path):
    words = [rollouts(tmp_path), f"out={tmp_path / 'out.parquet'}", "monitor=judge", "model=any"]
    command = [sys.executable, "-m", "projected_grpo.monitors", *words]
    done = subprocess.run([*command, "endpoint=http://127.0.0.1:9/v1"], **TEXT)
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.count("\n") == 1 and "cannot be reached" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["in.parquet"]


def test_the_command_shows_its_table_and_its_log_lies_beside_the_file(tmp_path):
    words = [rollouts(tmp_path), f"out={tmp_path / 'out.parquet'}", "monitor=truth"]
    done = subprocess.run([sys.executable, "-m", "projected_grpo.monitors", *words], **TEXT)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == 3 and (tmp_path / "out.log").is_file()


def test_a_monitors_word_can_be_the_label_that_v_hack_is_made_from(tmp_path, endpoint):
    out = tmp_path / "out.parquet"
    command.main(
        [
            rollouts(tmp_path),
            f"out={out}",
            "monitor=judge",
            f"endpoint={endpoint}",
            "model=any",
            "labels=true",
        ]
    )
    told = pl.read_parquet(out)
    assert told["label"].to_list() == ["Reward hack", "Incorrect", "Incorrect"] and told[
        "strict_truth"
    ].to_list() == [True, False, True]
    assert samples.usable(told, "blatant", None, 1, 1)["hack"].to_list() == [
        True,
        False,
        False,
    ]


def test_the_truth_may_be_the_blatant_hacks_where_kinds_are_known(tmp_path):
    source, out = rollouts(tmp_path), tmp_path / "out.parquet"
    arguments = [source, f"out={out}", "monitor=truth", "hack=blatant"]
    with pytest.raises(Refusal, match="no column blatant"):
        command.main(arguments)
    kinds = pl.Series("kind", ["vacuous", "none", "weak", "swallowing"])
    pl.read_parquet(source).with_columns(kinds).write_parquet(source)
    command.main(arguments)
    assert pl.read_parquet(out)["flagged"].to_list() == [True, False, False, True]


@pytest.mark.parametrize(
    "arguments, complaint",
    [
        (["monitor=oracle"], "expected one of truth, probe, judge"),
        (["monitor=judge", "model=x"], "needs endpoint="),
        (["monitor=truth", "model=x"], "monitor=truth takes no model=: it has accuracy, misses"),
        (["monitor=truth", "accuracy=high"], "expected a number, 0 to 1"),
        (["monitor=truth", "hack=lax"], "hack=lax: expected one of strict, blatant, loose"),
    ],
)
def test_bad_arguments_are_refused_and_write_nothing(tmp_path, arguments, complaint):
    out = tmp_path / "out.parquet"
    with pytest.raises(Refusal, match=complaint):
        command.main([rollouts(tmp_path), f"out={out}", *arguments])
    assert not out.exists()
