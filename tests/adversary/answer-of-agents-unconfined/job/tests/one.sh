# Red until one.sh says right.
test "$(sh one.sh)" = right || { echo "one.sh does not say right"; exit 1; }
