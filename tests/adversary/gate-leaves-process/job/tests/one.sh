# Red until one.txt is right; leaves two processes that would go on writing.
(setsid sh -c "trap '' TERM HUP; while :; do echo wrong >stray.log; done" >/dev/null 2>&1 &)
test "$(cat one.txt)" = right
