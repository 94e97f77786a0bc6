# Red until one.txt is right; needs what `setup` makes.
grep -q right one.txt && test -d build/x
