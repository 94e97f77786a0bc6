grep -q right one.txt
