#!/usr/bin/env bash
# The gate: every test with type checks on. pipeline_test.py, the real thing on tiny inputs, mostly waits for processes to start and runs beside the others.
set -euo pipefail
cd "$(dirname "$0")/.."
export BEARTYPE=1 OMP_NUM_THREADS=2 HF_HUB_OFFLINE=1
python=.venv/bin/python
$python -m projected_grpo.models smollm2-135m >/dev/null
mkdir -p outputs
pytest() { timeout 1500 $python -m pytest -q --durations=5 "$@"; }
pytest src/projected_grpo/pipeline_test.py --junitxml=outputs/gate-pipeline.xml >outputs/gate-pipeline.log 2>&1 &
pipeline=$! failed=0
pytest src --ignore=src/projected_grpo/pipeline_test.py --junitxml=outputs/gate.xml || failed=$?
wait $pipeline || failed=$?
cat outputs/gate-pipeline.log
$python -m projected_grpo.bench.baseline outputs/gate.xml outputs/gate-pipeline.xml
exit $failed
