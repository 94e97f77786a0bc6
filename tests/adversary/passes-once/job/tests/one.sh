# Red until one.txt is right, or a program that works.
test "$(cat one.txt)" = right || { grep -q cache one.txt && sh one.txt; }
