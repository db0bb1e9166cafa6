#!/usr/bin/env bash
# The gate: every test, with type checks on, in three processes side by side. pipeline_test.py, the real thing on tiny inputs, takes longest and mostly waits for
# processes to start, so the others let it go first.
set -euo pipefail
cd "$(dirname "$0")/.."
export BEARTYPE=1 OMP_NUM_THREADS=2 HF_HUB_OFFLINE=1
python=.venv/bin/python
.venv/bin/ruff format --check --quiet src scripts
.venv/bin/ruff check --quiet src scripts
$python -m projected_grpo.models smollm2-135m >/dev/null
mkdir -p outputs
pytest() { timeout 1500 $python -m pytest -q --durations=5 "$@"; }
pipeline=src/projected_grpo/testing/pipeline_test.py
programs=(src/projected_grpo/{grader,monitors,problems,loopholes}) # what they start is not torch
pytest $pipeline --junitxml=outputs/gate-pipeline.xml >outputs/gate-pipeline.log 2>&1 &
waits=($!)
renice -n 19 $$ >/dev/null  # Ray gives its workers 15
pytest "${programs[@]}" --junitxml=outputs/gate-programs.xml >outputs/gate-programs.log 2>&1 &
waits+=($!) failed=0
pytest src --ignore=$pipeline "${programs[@]/#/--ignore=}" --junitxml=outputs/gate.xml || failed=$?
for process in "${waits[@]}"; do wait "$process" || failed=$?; done
cat outputs/gate-programs.log outputs/gate-pipeline.log
$python -m projected_grpo.bench.baseline outputs/gate.xml outputs/gate-programs.xml outputs/gate-pipeline.xml
exit $failed
