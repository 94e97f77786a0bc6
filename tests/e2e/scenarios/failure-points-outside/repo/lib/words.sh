# Every script reads this one, and it is broken.
printf '%s\n' 'lib/words.sh: 3: the list of words is empty' >&2
exit 1
