# Red until one.txt says right.
test "$(cat one.txt)" = right || { echo "it says: $(cat one.txt)"; exit 1; }
