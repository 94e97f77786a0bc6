grep -q right app/outer.txt
