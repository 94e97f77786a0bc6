# Red until one.txt says right.
test "$(cat one.txt)" = right
