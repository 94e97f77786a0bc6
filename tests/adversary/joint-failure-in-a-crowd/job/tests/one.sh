test "$(cat one.txt)" = right && test "$(ls one.txt two.txt 2>/dev/null | wc -l)" = 1
