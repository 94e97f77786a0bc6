# Red until one.txt is right; talkative.
test "$(cat one.txt)" = right && exit 0
seq -f "line %.0f of the output" 45000
echo "at the end it says: $(cat one.txt)"
exit 1
