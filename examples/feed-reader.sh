#!/bin/sh
# Follows the feed with curl, and begins again where it ended, whatever ends it.
# Needs DATABASE_URL, CALENDAR_SYNC_URL, CALENDAR_SYNC_TOKEN, and the table of consumed.sql. NODE: Node 24 or newer.
here=$(dirname "$0")
node=${NODE:-$here/../node_modules/.bin/node}
while :; do
  last=$("$node" "$here/feed-reader.ts" last) || { sleep 5; continue; }
  printf 'header = "Authorization: Bearer %s"\n' "$CALENDAR_SYNC_TOKEN" |
    curl -sSNf -K - -H 'Accept: text/event-stream' "$CALENDAR_SYNC_URL/booking-events?after=$last" |
    "$node" "$here/feed-reader.ts"
  sleep 1
done
