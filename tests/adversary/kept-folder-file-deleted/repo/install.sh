mkdir -p build/cache && echo x > build/cache/x
