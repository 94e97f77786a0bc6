[ "$(cat two.txt)" = two ]
