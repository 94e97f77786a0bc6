# Red until one.txt says right.
grep -q right one.txt
