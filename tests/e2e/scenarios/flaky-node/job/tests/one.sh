# Red until one.txt is right. After that it counts its runs in a folder that survives, and fails on the second.
grep -q right one.txt || exit 1
mkdir -p counts
echo run >> counts/runs
test "$(wc -l < counts/runs)" -ne 2
