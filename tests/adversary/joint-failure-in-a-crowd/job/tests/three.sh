test "$(cat three.txt)" = right
