# Red until one.txt is right. After that it counts its runs in a folder that survives, and fails on the second.
grep -q right one.txt || exit 1
echo run >> "$HOME/runs"
test "$(wc -l < "$HOME/runs")" -ne 2
