#!/usr/bin/env bash
# The gate: every test with type checks on; among them pipeline_test.py, the real thing on tiny inputs.
set -euo pipefail
cd "$(dirname "$0")/.."
export BEARTYPE=1 OMP_NUM_THREADS=2 HF_HUB_OFFLINE=1
.venv/bin/python -m projected_grpo.models smollm2-135m >/dev/null
# two files at a time, the slowest first: it mostly waits for processes to start
failed=0
timeout 1500 .venv/bin/python -m pytest -q --durations=8 -n 2 --dist loadfile --junitxml=outputs/gate.xml src/projected_grpo/pipeline_test.py src || failed=$?
if [[ -f outputs/gate.xml ]]; then .venv/bin/python -m projected_grpo.bench.baseline outputs/gate.xml; fi
exit $failed
