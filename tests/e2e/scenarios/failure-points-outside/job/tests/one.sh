test -f one.txt || exit 1
. lib/words.sh
grep -q right one.txt
