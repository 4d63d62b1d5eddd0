#!/bin/sh
# grade: wrong
# step: 03
# run: sh FILE {port}
# needs: ncat
# loses: half-close
# hint: loses-at-half-close
# At a half-close ncat closes the connection, although cat has not answered everything yet.
exec ncat -l -k -e /bin/cat 127.0.0.1 "$1"
