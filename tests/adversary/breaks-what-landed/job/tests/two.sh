grep -qx two words.txt
