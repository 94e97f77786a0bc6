# Red until one.txt is right; loud when it is wrong.
test "$(cat one.txt)" = right && exit 0
test -e one.txt && head -c 300000000 /dev/zero | tr "\\0" x
echo
echo "it says: $(cat one.txt)"
exit 1
