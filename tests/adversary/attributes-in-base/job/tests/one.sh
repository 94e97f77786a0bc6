# Red until one.txt says right, with every byte as it was written.
printf "\044Id\044 right\r\n" | cmp - one.txt
