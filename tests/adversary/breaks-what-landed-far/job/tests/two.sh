grep -qx two two.txt
