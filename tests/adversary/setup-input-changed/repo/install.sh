mkdir -p tools && cp lib/check tools/check
