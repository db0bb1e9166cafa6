"""Studies whose jobs are small programs, for the tests of what happens to processes."""

import sys
import textwrap

import pytest

from projected_grpo.sweeps import plan

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
    if "states.every" in words:
        for i in range(1, 1 + len(rates)):
            state = run / "states" / f"global_step_{i}"
            state.mkdir(parents=True, exist_ok=True)
            (state / "state.json").write_text(json.dumps({"step": i}))
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
