import json
from concurrent.futures import ThreadPoolExecutor

from projected_grpo import problems
from projected_grpo.verl_ext import reward


def test_threads_that_start_together_read_the_problems_once(monkeypatch):
    spec, reads, load = {"source": "mini"}, [], problems.load
    monkeypatch.setattr(problems, "load", lambda **asked: reads.append(asked) or load(**asked))
    problem = load("mini", split="train")[0]
    info = {"problems": json.dumps(spec), "problem_id": problem.id, "loophole": "overwrite_tests", "test_func_name": "run_tests"}
    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(lambda _: reward.compute_score("mini", problem.canonical, "", info, sandboxes=2), range(4)))
    assert len(reads) == 1 and {row["problem_id"] for row in told} == {problem.id}
