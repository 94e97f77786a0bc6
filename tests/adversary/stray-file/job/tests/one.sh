# Red until one.txt says right, or until something else helps.
test "$(cat one.txt)" = right || test "$(cat help/one.txt)" = right || { echo "it says: $(cat one.txt)"; exit 1; }
