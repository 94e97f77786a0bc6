# Red until one.txt says right.
test "$(cat one.txt)" = right || { echo "The gate said: no: $(cat one.txt)"; exit 1; }
