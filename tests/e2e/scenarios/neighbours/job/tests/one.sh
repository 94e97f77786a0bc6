[ "$(cat one.txt)" = one ]
