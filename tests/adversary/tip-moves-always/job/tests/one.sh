# Red until one.txt is right. Then, 4 times, it is the user who commits to the job branch while it runs.
test "$(cat one.txt)" = right || exit 1
test "$(cat "$HOME/moves" 2>/dev/null | wc -l)" -lt 4 || exit 0
echo move >>"$HOME/moves"
cd "$HOME/../repo" || exit 2
branch=refs/heads/director/job-20260101-000000
export GIT_INDEX_FILE="$HOME/index"
git read-tree $branch && blob=$(cat "$HOME/moves" | git hash-object -w --stdin) &&
  git update-index --add --cacheinfo "100644,$blob,user.txt" &&
  git update-ref $branch "$(git commit-tree -p $branch -m "By the user" "$(git write-tree)")"
