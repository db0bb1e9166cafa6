#!/usr/bin/env bash
# The gate: every test, with type checks on, in three processes side by side. pipeline_test.py, the
# real thing on tiny inputs, takes longest and mostly waits for processes to start, so the others
# let it go first.
set -euo pipefail
cd "$(dirname "$0")/.."
export BEARTYPE=1 OMP_NUM_THREADS=2 HF_HUB_OFFLINE=1
python=.venv/bin/python
pipeline=src/projected_grpo/testing/pipeline_test.py
# What these start is not torch.
programs=(src/projected_grpo/{grader,monitors,problems,loopholes})

# Everything that lasts leads a session and a process group of its own, which end with this script
# however it ends.
groups=()
start() {
    setsid "$@" &
    groups+=($!)
}
pytest() { start timeout 1500 $python -m pytest -q --durations=5 "$@"; }
# `return` alone would return the status from before the trap.
living() {
    local group
    for group in "${groups[@]}"; do kill -0 -- "-$group" 2>/dev/null && return 0; done
    return 1
}
finish() {
    trap '' INT TERM HUP
    local signal group
    for signal in TERM KILL; do
        for group in "${groups[@]}"; do kill -$signal -- "-$group" 2>/dev/null || true; done
        for _ in {1..50}; do
            living || break
            sleep 0.2
        done
    done
}
trap finish EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

.venv/bin/ruff format --check --quiet src scripts
.venv/bin/ruff check --quiet src scripts
start $python -m projected_grpo.models smollm2-135m >/dev/null
wait $!
mkdir -p outputs
pytest $pipeline --junitxml=outputs/gate-pipeline.xml >outputs/gate-pipeline.log 2>&1
# Ray gives its workers 15.
renice -n 19 $$ >/dev/null
# A second thread for tiny tensors only takes a core from the other processes.
export OMP_NUM_THREADS=1
pytest "${programs[@]}" --junitxml=outputs/gate-programs.xml >outputs/gate-programs.log 2>&1
pytest src --ignore=$pipeline "${programs[@]/#/--ignore=}" --junitxml=outputs/gate.xml
failed=0
for process in "${groups[@]:1}"; do wait "$process" || failed=$?; done
cat outputs/gate-programs.log outputs/gate-pipeline.log
$python -m projected_grpo.bench.baseline outputs/gate{,-programs,-pipeline}.xml
exit $failed
