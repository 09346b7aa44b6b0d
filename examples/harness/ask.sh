#!/bin/sh
# ask.sh SERVER DIRECTORY: one conversation, written whole; the answers come back one a line.
set -eu
server=$1
directory=$2
state=$(mktemp -d)
trap 'rm -rf "$state"' EXIT

answers=$(printf '%s\n' \
  '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"ask.sh","version":"1"}}}' \
  '{"jsonrpc":"2.0","method":"notifications/initialized"}' \
  '{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"list_directory","arguments":{"path":"."}}}' \
  '{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"server_status","arguments":{}}}' |
  "$server" serve --root "$directory" --state-dir "$state")
printf '%s\n' "$answers"

# Answers may come in another order than the questions: look for them by id.
for id in 1 2 3; do
  case $answers in
    *"\"id\":$id,"*) ;;
    *) echo "ask.sh: no answer to request $id" >&2; exit 1 ;;
  esac
done
case $answers in
  *'"isError":true'* | *'"error":{'*) echo "ask.sh: a call failed" >&2; exit 1 ;;
esac
