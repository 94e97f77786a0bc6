# Red until one.txt is right, as the tool that `setup` installed tells; applies what is in vendor/patches before.
for p in vendor/patches/*; do test -e "$p" && . "$p"; done
test -e vendor/lib/check || { echo "there is no tool"; exit 1; }
sh vendor/lib/check one
