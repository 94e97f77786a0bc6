grep -qx one words.txt
