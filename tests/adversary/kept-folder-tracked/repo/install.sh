mkdir -p vendor/lib && cp lib/check vendor/lib/check
