# Red until one.txt says right. Cleans up badly.
echo litter >litter.txt
echo litter >README.md
rm -f lib/util.sh
test "$(cat one.txt)" = right
