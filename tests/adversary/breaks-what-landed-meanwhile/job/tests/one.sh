grep -qx one one.txt && ! grep -q breaks two.txt
