"""Studies whose jobs are small programs, for the tests of what happens to processes."""

import signal
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from projected_grpo.sweeps import plan, pueue
from projected_grpo.sweeps import study as studies
from projected_grpo.sweeps.plan_test import BASE
from projected_grpo.testing.study_runners import NEEDS_PUEUE, Local, Queued

# What `python -m` runs in place of training: real processes that leave what a run leaves.
TRAINER = """
import json, os, pathlib, subprocess, sys, time
def train(argv):
    words = dict(word.split("=", 1) for word in argv)
    arm, seed = words.get("arm.name", words["arm"]), words["seed"]
    run = pathlib.Path(words["outputs"], words["group"], f"{arm}-s{seed}")
    run.mkdir(parents=True, exist_ok=True)
    facts = dict(kind="run", group=words["group"], arm=arm, seed=int(seed), pid=os.getpid())
    facts |= dict(host=os.uname().nodename, started="2026-01-01T00:00:00+00:00", ended=None)
    def manifest(status):
        (run / "scratch").write_text(json.dumps(facts | {"status": status}))
        (run / "scratch").replace(run / "manifest.json")
    manifest("running")
    tries = run / "tries"
    tries.write_text(tries.read_text() + "x" if tries.exists() else "x")
    if len(tries.read_text()) <= int(words.get("fails", 0)):
        manifest("failed")
        raise SystemExit(1)
    if "sleep" in words:
        program = f"import time; time.sleep({words['sleep']})"
        child = subprocess.Popen([sys.executable, "-c", program])
        (run / "child").write_text(str(child.pid))
        child.wait()
    rates = json.loads(words.get("rates", "{}")).get(seed, [0.0])
    labels = [{"labels/blatant": x, "labels/strict": x} for x in rates]
    lines = [json.dumps({"step": i, "data": x}) for i, x in enumerate(labels, 1)]
    (run / "metrics.jsonl").write_text("".join(line + chr(10) for line in lines))
    (run / "ckpt").mkdir(exist_ok=True)
    if "save_every" in words:
        for i in range(1, 1 + len(rates)):
            state = run / "states" / f"global_step_{i}"
            state.mkdir(parents=True, exist_ok=True)
    manifest("done")
if sys.argv[1:] == ["-"]:
    for line in sys.stdin:
        train(json.loads(line))
else:
    train(sys.argv[1:])
"""
MAKER = """
import pathlib, sys
words = dict(word.split("=", 1) for word in sys.argv[1:] if "=" in word)
out = pathlib.Path(words["out"])
out.mkdir(parents=True)
(out / "half").touch()
sys.exit(int(words.get("status", 0)))
"""
# What `python -m` runs in place of a task, and of the runner: the same, with the small programs.
TASK = """
import json, sys
from pathlib import Path
from projected_grpo.sweeps import local, machine, plan, pueue, study, task
plan.TRAIN, plan.COMMANDS["extract"] = "small_trainer", "small_maker"
pueue.TASK, local.APART, study.CONFIGS = "small_task", 0.05, Path({configs!r})
"""
RUNNER = """
of = study.read("s", Path(sys.argv[1]))
local.run(of, [machine.Card(**json.loads(sys.argv[2]))], float("inf"))
"""


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """The folder of the programs, on the path of every process that is started."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for name, text in (("small_trainer", TRAINER), ("small_maker", MAKER)):
        (folder / f"{name}.py").write_text(textwrap.dedent(text))
    monkeypatch.setenv("PYTHONPATH", f"{folder}:{':'.join(sys.path)}")
    monkeypatch.setattr(plan, "TRAIN", "small_trainer")
    monkeypatch.setitem(plan.COMMANDS, "extract", "small_maker")
    return folder


@pytest.fixture
def study(programs, tmp_path, monkeypatch) -> Callable[..., studies.Study]:
    """Makes a study of a file, which the processes of tasks and runners read as well."""
    configs = tmp_path / "configs"
    (configs / "sweep").mkdir(parents=True)
    (configs / "arm").symlink_to(studies.CONFIGS / "arm")
    head = TASK.format(configs=str(configs))
    (programs / "small_task.py").write_text(head + "task.main(sys.argv[1:])\n")
    (programs / "small_runner.py").write_text(head + RUNNER)
    monkeypatch.setattr(studies, "CONFIGS", configs)
    monkeypatch.setattr(pueue, "TASK", "small_task")

    def made(**changed: object) -> studies.Study:
        arms = {"vanilla": None, "project": None}
        data = {**BASE, "arms": arms, "seeds": [1, 2], **changed}
        kept = {key: value for key, value in data.items() if value is not None}
        (configs / "sweep" / "s.yaml").write_text(yaml.safe_dump(kept, sort_keys=False))
        return studies.read("s", tmp_path / "outputs")

    return made


@pytest.fixture
def local(programs) -> Iterator[Local]:
    one = Local()
    yield one
    if one.process and one.process.poll() is None:
        one.end(signal.SIGTERM)


@pytest.fixture
def queued(programs, monkeypatch) -> Iterator[Queued]:
    # a socket's path has 108 characters at most, fewer than the folders of tests may take
    with tempfile.TemporaryDirectory() as name:
        folders = {"pueue_directory": name, "runtime_directory": name}
        shared = {**folders, "use_unix_socket": True, "alias_file": f"{name}/none"}
        config = {"shared": shared, "client": {}, "daemon": {}}
        file = Path(name, "pueue.yml")
        file.write_text(yaml.safe_dump(config))
        monkeypatch.setenv("PUEUE_CONFIG_PATH", str(file))
        one = Queued(Path(name))
        one.go_on()
        yield one
        subprocess.run(["pueue", "kill", "--all"], capture_output=True)
        one.end(signal.SIGTERM)


@pytest.fixture(params=["local", pytest.param("queued", marks=NEEDS_PUEUE)])
def runner(request) -> Local | Queued:
    return request.getfixturevalue(request.param)
