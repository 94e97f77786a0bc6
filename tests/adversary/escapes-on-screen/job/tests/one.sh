# Red until one.txt is right; its output would clear the screen.
printf "it says: \033[2J\033]0;evil\007\n"
test "$(cat one.txt)" = right
