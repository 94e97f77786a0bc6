grep -q right three.txt
