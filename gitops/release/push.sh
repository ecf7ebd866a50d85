#!/usr/bin/env bash
# Makes one change by the release program and brings it to main, again from the start when somebody else was faster.
#
# usage: gitops/release/push.sh MESSAGE ARGUMENT...      ARGUMENT: what the program is to do, such as `set dev 1.2.0`
#
# For a workflow: it needs a clean clone, of which it takes over the branch, and GH_TOKEN where gh is to say who pushes.
set -euo pipefail
cd "$(dirname "$0")/../.."
message=$1
shift

[ -z "$(git status --porcelain)" ] || { echo 'push.sh: the clone is not clean' >&2; exit 1; }
[ -z "${GH_TOKEN:-}" ] || gh auth setup-git
export GIT_AUTHOR_NAME='github-actions[bot]' GIT_AUTHOR_EMAIL='41898282+github-actions[bot]@users.noreply.github.com'
export GIT_COMMITTER_NAME=$GIT_AUTHOR_NAME GIT_COMMITTER_EMAIL=$GIT_AUTHOR_EMAIL

for _ in 1 2 3 4 5; do
  git fetch --quiet origin main
  git reset --quiet --hard FETCH_HEAD
  python3 -B gitops/release "$@"
  ! git diff --quiet || { echo 'push.sh: nothing to change'; exit 0; }
  git commit --quiet --all --message "$message"
  ! git push --quiet origin HEAD:main || exit 0
  [ "$(git ls-remote origin refs/heads/main | cut -f1)" != "$(git rev-parse HEAD~)" ] ||
    { echo 'push.sh: the push is refused, and main has not moved' >&2; exit 1; }
done
echo 'push.sh: main has moved five times meanwhile' >&2
exit 1
