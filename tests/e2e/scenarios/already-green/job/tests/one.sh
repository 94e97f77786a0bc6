test -f README.md
