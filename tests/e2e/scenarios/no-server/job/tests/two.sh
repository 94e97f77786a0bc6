grep -q right two.txt
