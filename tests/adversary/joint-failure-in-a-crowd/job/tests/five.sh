test "$(cat five.txt)" = right
