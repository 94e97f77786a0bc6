# Red until one.txt is right; needs what is committed in the kept folder and what `setup` makes there.
test "$(cat one.txt)" = right || exit 1
test -f build/defaults.conf || { echo "no build/defaults.conf"; exit 1; }
test -f build/cache/x || { echo "no build/cache/x"; exit 1; }
