#!/bin/sh
# A stub agent for the soak: works for a moment, leaves a process behind, now and then ends without a result, and notes
# when another agent is at work on the same task. Its traces are in $SOAK.
task=${PWD##*/}
lock="$SOAK/locks/$task"
# A process by its start time, since pids are used again: nothing for one that is gone, was not collected yet, or is being
# ended and has lost its memory already.
identify() {
  fields=$(sed 's/^.*) //' "/proc/$1/stat" 2>/dev/null) || return
  set -- "$1" $fields
  case $2 in Z | X | '') ;; *) shift 20 && [ "$2" != 0 ] && echo "$1" ;; esac
}
if read -r pid start < "$lock" 2>/dev/null && [ -n "$start" ] && [ "$(identify "$pid")" = "$start" ]; then
  echo "$BRANCHBOARD_RUN while $pid was at work: $(cat "/proc/$pid/stat")" >> "$SOAK/doubles"
fi
echo "$$ $(identify $$)" > "$lock"
echo "$BRANCHBOARD_RUN" >> "$SOAK/starts"
luck=$(od -An -N1 -tu1 /dev/urandom)
id=
while [ $# -gt 0 ]; do
  case $1 in --session-id | --resume) id=$2 ;; esac
  shift
done
session="\"session_id\":\"$id\""
echo "{\"type\":\"system\",\"subtype\":\"init\",$session,\"model\":\"stub\"}"
[ $((luck % 4)) -ne 0 ] || setsid sleep 300 &
sleep "$((luck % 4)).$((luck % 10))"
[ $((luck % 16)) -ne 0 ] || exit 1
echo "$BRANCHBOARD_RUN" >> "work-$task.txt"
git add . && git commit --quiet --message "Work of $BRANCHBOARD_RUN" || exit 1
rm -f "$lock"
echo "{\"type\":\"result\",\"subtype\":\"success\",\"is_error\":false,\"num_turns\":1,\"total_cost_usd\":0.01,\"result\":\"done\",$session,\"structured_output\":{\"status\":\"done\",\"summary\":\"Wrote a file.\"}}"
