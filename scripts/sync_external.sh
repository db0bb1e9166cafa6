#!/usr/bin/env bash
# Place the benchmark in external/rl-rewardhacking at its pinned commit.
# sync_external.sh [url=URL or local mirror] [pin=COMMIT]
# Running it again changes nothing. A mirror may lack the largest files: what it lacks is named, the
# rest is placed.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
place=$root/external/rl-rewardhacking
export GIT_TERMINAL_PROMPT=0 GIT_LFS_SKIP_SMUDGE=1

stop() {
    echo "projected_grpo: $1" >&2
    exit 1
}
url=https://github.com/ariahw/rl-rewardhacking pin=bf5cdb8
for arg in "$@"; do
    case "$arg" in
        url=?*) url=${arg#url=} ;;
        pin=?*) pin=${arg#pin=} ;;
        *) stop "unknown argument '$arg': expected url=URL or a mirror's path, pin=COMMIT" ;;
    esac
done

# Files of commit $2 whose content repository $1 does not have.
absent() {
    git -C "$1" ls-tree -r "$2" |
        awk '$2 == "blob" { print $3 }' |
        git -C "$1" cat-file --batch-check |
        awk '$2 == "missing" { print $1 }' |
        { grep -F -f - <(git -C "$1" ls-tree -r "$2") || true; } |
        cut -f2
}

command -v git >/dev/null || stop "git is missing; install it and run again"
[[ $pin =~ ^[0-9a-f]{7,40}$ ]] || stop "the pin $pin is not a commit id; give 7 to 40 hex digits"

if [[ -e $place ]]; then
    at=$(git -C "$place" rev-parse --verify --quiet HEAD 2>/dev/null) && [[ -d $place/.git ]] ||
        stop "external/rl-rewardhacking is not a clone; move it away and run again"
    [[ -z $(git -C "$place" status --porcelain) ]] ||
        stop "external/rl-rewardhacking was changed; move it away and run again"
    if [[ $at == "$pin"* && -z $(absent "$place" "$at") ]]; then
        echo "external/rl-rewardhacking is at $pin"
        exit 0
    fi
fi

mkdir -p "$root/external"
# Beside its place, so that the last step is a rename.
work=$(mktemp -d "$root/external/.sync.XXXXXX")
trap 'rm -rf "$work"' EXIT
timeout 900 git clone --quiet --no-checkout "$url" "$work/new" 2>"$work/log" ||
    stop "cannot clone $url ($(tail -n 1 "$work/log")); give url= a repository that can be reached"
at=$(git -C "$work/new" rev-parse --verify --quiet "$pin^{commit}" 2>/dev/null) ||
    stop "$url has no commit $pin; give url= a mirror that holds it"

mapfile -t lacking < <(absent "$work/new" "$at")
if ((${#lacking[@]})); then
    git -C "$work/new" sparse-checkout set --no-cone '/*' "${lacking[@]/#/!/}"
fi
git -C "$work/new" checkout --quiet --detach "$at" 2>"$work/log" ||
    stop "cannot check out $pin of $url ($(tail -n 1 "$work/log")); give url= a complete mirror"

[[ ! -e $place ]] || mv "$place" "$work/old"
mv "$work/new" "$place"
echo "external/rl-rewardhacking is at $pin"
for file in "${lacking[@]}"; do
    echo "projected_grpo: $url lacks $file; for this file run again with a complete repository" >&2
done
