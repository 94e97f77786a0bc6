# Red until the composed name says right.
test "$(cat "$(printf '\303\251.txt')")" = right
