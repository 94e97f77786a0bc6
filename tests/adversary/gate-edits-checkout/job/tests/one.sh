# Red until one.txt is right, and wherever it has run before.
test "$(cat one.txt)" = right && test ! -e ran && test ! -x lib/util.sh && test "$(cat README.md)" = "# A repository" || exit 1
echo ran >ran
chmod +x lib/util.sh
echo wrong >one.txt
echo evil >README.md
rm -rf .git tests
