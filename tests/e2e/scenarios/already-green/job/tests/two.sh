no-such-program one.txt
