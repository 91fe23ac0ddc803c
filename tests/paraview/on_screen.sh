#!/bin/sh
# on_screen.sh XVFB_RUN COMMAND... - runs a command on a virtual screen. The screen's number is the
# process's own, so that runs beside each other do not meet. Without -noreset the
# server begins anew when its last client leaves, and turns away who comes meanwhile.
xvfb_run=$1
shift
exec "$xvfb_run" -a -n $((200 + $$ % 20000)) -s "-screen 0 1400x1200x24 -noreset" "$@"
