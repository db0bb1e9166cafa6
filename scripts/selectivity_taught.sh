#!/usr/bin/env bash
# Selectivity at size, for a model that is taught several kinds of hack first:
# teach -> rollouts, graded -> selectivity. MODEL OUT, then what `just extract` takes.
set -euo pipefail
cd "$(dirname "$0")/.."
python=.venv/bin/python
model=$1 out=$2
shift 2
say() { printf '\n== %s (%d s so far)\n' "$1" "$SECONDS"; }
say "teaching $model, cached"
taught=$($python -m projected_grpo.teach "$model" \
    kinds=empty,prints,swallowing,weak,misread,honest hack_easy=0.6 hack_harder=0.6 steps=120 | tail -1)
say "rollouts and v_hack of $taught"
$python -m projected_grpo.directions.extract "$taught" out="$out" "$@"
say "selectivity in every twelfth block"
$python -m projected_grpo.directions.selectivity_command "$taught" "$out/rollouts.parquet" \
    out="$out/selectivity" v_hack="$out" hack=strict \
    layers=0,1 every=12 projections=q,v,o,up,down per_prompt=6 limit=100
say "done: $out/selectivity"
