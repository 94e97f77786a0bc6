# Red until one.txt says right.
test "$(cat one.txt)" = right || { echo "one.txt is not right"; exit 1; }
