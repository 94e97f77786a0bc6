# Red until one.txt is right, and wherever another of them is.
test "$(cat one.txt)" = right && test "$(cat one.txt two.txt three.txt four.txt | wc -l)" = 1
