grep -q right lib/deep/inner.txt
