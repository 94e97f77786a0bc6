# Red until one.txt says right, as the program `check` tells.
PATH=node_modules/.bin:bin:$PATH
check one.txt
