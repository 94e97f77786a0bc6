test "$(cat six.txt)" = right
