#!/usr/bin/env bash
# On a machine without a network: checks the pieces beside it, then makes the checkout, its
# environment and its models. unpack.sh [what `just setup` takes]
set -euo pipefail
cd "$(dirname "$0")"
stop() {
    echo "projected_grpo: $1" >&2
    exit 1
}
sha256sum --check --quiet SHA256SUMS || stop "a piece did not arrive whole: send it again"
cat p[0-9][0-9][0-9] | tar -x
tools=$PWD/tools wheels=$PWD/wheels
python3 -m pip install --quiet --root-user-action ignore --no-index --find-links "$wheels" \
    --target "$tools" --upgrade uv rust-just
export PATH=$tools/bin:$PATH
cd projected_grpo
just setup wheels="$wheels" "$@"
export UV_OFFLINE=1 UV_FIND_LINKS=$wheels PIP_NO_INDEX=1 PIP_FIND_LINKS=$wheels
while read -r model; do just model "$model"; done <../models.txt
echo "ready: cd $PWD && export PATH=$tools/bin:\$PATH"
