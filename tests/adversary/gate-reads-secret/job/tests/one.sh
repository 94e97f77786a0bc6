# Red until one.txt is right; tells what it sees of a secret.
echo "the key has ${#SERVICE_API_KEY} characters: $SERVICE_API_KEY"
grep -q . one.txt && echo "in the gate of $(cat one.txt)"
test "$(cat one.txt)" = right
