test "$(cat four.txt)" = right
