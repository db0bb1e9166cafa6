#!/usr/bin/env bash
# One step of scale=full on a Ray cluster of two node processes on this machine: two FSDP ranks, two
# vLLM replicas, reward workers on both nodes.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.venv/bin:$PATH"
export RAY_USAGE_STATS_ENABLED=0 RAY_prestart_worker_first_driver=0
export RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO=0
# The cluster's nodes and the driver share a token.
RAY_AUTH_TOKEN=$(python -c 'import secrets; print(secrets.token_hex(32))')
export RAY_AUTH_TOKEN RAY_AUTH_MODE=token
port=6399
# The two node processes and no other Ray of this machine.
trap 'kill $(jobs -p) 2>/dev/null; wait' EXIT
node=(ray start --block --num-cpus=8 --num-gpus=1)
node+=(--object-store-memory=300000000 --disable-usage-stats)
"${node[@]}" --head --port=$port --include-dashboard=false >/dev/null 2>&1 &
for _ in $(seq 60); do
    ray health-check --address=127.0.0.1:$port >/dev/null 2>&1 && break
    sleep 1
done
"${node[@]}" --address=127.0.0.1:$port >/dev/null 2>&1 &
timeout 90 python -c "
import ray, time
ray.init(address='127.0.0.1:$port', logging_level='ERROR')
while sum(node['Alive'] for node in ray.nodes()) < 2:
    time.sleep(0.5)
"
rm -rf outputs/two-nodes
timeout 1500 python -m projected_grpo.train arm=vanilla scale=full group=two-nodes eval.n=0 \
    needs_gpu=false trainer.nnodes=2 trainer.n_gpus_per_node=1 \
    ray_kwargs.ray_init.address=127.0.0.1:$port \
    trainer.total_training_steps=1 actor_rollout_ref.actor.optim.lr_warmup_steps=0 \
    data.train_batch_size=2 data.max_response_length=32 reward.num_workers=2 \
    actor_rollout_ref.rollout.n=6 actor_rollout_ref.rollout.max_model_len=512 \
    actor_rollout_ref.actor.ppo_micro_batch_size_per_gpu=6 \
    actor_rollout_ref.rollout.agent.num_workers=2 "$@"
python - <<'CHECK'
import json

syncs = [json.loads(line) for line in open("outputs/two-nodes/vanilla-s1/sync.jsonl")]
moved = [s["moved"] for s in syncs if s["sync"] == 1]
same = len(moved) == 2 and moved[0] == moved[1] > 0
assert same, f"both replicas should have got the same new weights: {syncs}"
print(f"two nodes: both vLLM replicas moved by {moved[0]:.2e} with the step")
CHECK
