#!/usr/bin/env bash
# The gate: every test, with type checks on, in three processes side by side. Whole runs, the real
# thing on tiny inputs, mostly wait for processes to start, so the others let them go first.
set -euo pipefail
cd "$(dirname "$0")/.."
export BEARTYPE=1 OMP_NUM_THREADS=2 HF_HUB_OFFLINE=1
python=.venv/bin/python
runs=(src/projected_grpo/testing/{pipeline,own_paths,config_reads}_test.py)
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
pytest "${runs[@]}" --junitxml=outputs/gate-pipeline.xml >outputs/gate-pipeline.log 2>&1
# Ray gives its workers 15.
renice -n 19 $$ >/dev/null
# A second thread for tiny tensors only takes a core from the other processes.
export OMP_NUM_THREADS=1
pytest "${programs[@]}" --junitxml=outputs/gate-programs.xml >outputs/gate-programs.log 2>&1
others=("${runs[@]}" "${programs[@]}")
pytest src "${others[@]/#/--ignore=}" --junitxml=outputs/gate.xml
failed=0
for process in "${groups[@]:1}"; do wait "$process" || failed=$?; done
cat outputs/gate-programs.log outputs/gate-pipeline.log
$python -m projected_grpo.bench.baseline outputs/gate{,-programs,-pipeline}.xml
exit $failed
