# Red until one.txt is right, as the tool that `setup` installed tells; runs the code under test before.
if test -e hook.sh; then sh ./hook.sh || exit 1; fi
test -x tools/check || { echo "there is no tool"; exit 1; }
sh tools/check
