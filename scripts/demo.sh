#!/usr/bin/env bash
# The whole instrument on smollm2-135m and mini.
# It shows that the parts work; the taught model makes it no evidence.
set -euo pipefail
cd "$(dirname "$0")/.."
python=.venv/bin/python
out=outputs/demo
start=$SECONDS
say() {
    local spent=$((SECONDS - start))
    printf '\n== demo %s (%d min %02d s so far)\n' "$1" $((spent / 60)) $((spent % 60))
}
rm -rf "$out"

say "1/6: teaching, cached (about 6 min)"
model=$(timeout 1200 $python -m projected_grpo.teach smollm2-135m)
say "2/6: rollouts and v_hack (about 3 min)"
timeout 1200 $python -m projected_grpo.directions.extract "$model" \
    out=$out/v_hack n=6 max_tokens=192
step=3
for arm in vanilla project random; do
    say "$step/6: arm $arm, six GRPO steps and evaluation (about 6 min)"
    timeout 1800 $python -m projected_grpo.train \
        arm=$arm model.path="$model" group=demo v_hack=$out/v_hack
    step=$((step + 1))
done
say "6/6: report"
$python -m projected_grpo.report.command $out journal=none
