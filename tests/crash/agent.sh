# The agent of the crash tests: prints what Claude Code would print, does its task's work, and leaves a trace outside of
# the repository, so that a second one at the same task is noticed. `trace` gets a line for each start, result and end.
task=${BRANCHBOARD_RUN%/*}
root=${BRANCHBOARD_BOARD%/repo/.orchestrator}
tell() { printf '%s %s %s %s\n' "$1" "$BRANCHBOARD_RUN" "$BRANCHBOARD_ATTEMPT" "$$" >> "$root/trace"; }

tell start
echo $$ > "$root/at-work.$$"
if ! ln "$root/at-work.$$" "$root/at-work-$task" 2>/dev/null; then
  read -r other < "$root/at-work-$task"
  if kill -0 "$other" 2>/dev/null; then tell twice; else mv "$root/at-work.$$" "$root/at-work-$task"; fi
fi
rm -f "$root/at-work.$$"
leave() {
  rm -f "$root/at-work-$task"
  tell "$1"
  exit "$2"
}
trap 'leave stopped 143' TERM INT

session=00000000-0000-4000-8000-000000000000
while [ $# -gt 0 ]; do
  case $1 in --session-id | --resume) session=$2 ;; esac
  shift
done
finish() { # finish IS_ERROR STATUS TEXT [SUBTASKS]
  printf '{"type":"result","subtype":"success","is_error":%s,"num_turns":1,"total_cost_usd":0.01,"result":"%s","session_id":"%s","structured_output":{"status":"%s","summary":"%s","questions":["%s"],"subtasks":[%s]}}\n' \
    "$1" "$3" "$session" "$2" "$3" "$3" "${4-}"
  tell result
}
fail() {
  finish true failed "$1"
  leave end 1
}

cat > /dev/null
printf '{"type":"system","subtype":"init","session_id":"%s","model":"none"}\n' "$session"
# A file `hold` keeps agents at work until there is a file `gate`.
if [ -e "$root/hold" ]; then
  tell held
  until [ -e "$root/gate" ]; do sleep 0.02; done
fi
case $task in
  scout) finish false 'done' 'Nothing suspicious.' ;;
  plan)
    finish false 'done' 'Nothing suspicious.' \
      '{"id":"part","title":"Part","body":"# Do it"},{"id":"other-part","title":"Other part","body":"# Do it"}'
    ;;
  asker) finish false needs-input 'Red or blue?' ;;
  *)
    [ "$task" != second ] || [ -s first.txt ] || fail 'The work of first is not here.'
    [ "$task $BRANCHBOARD_ATTEMPT" != 'flaky 1' ] || fail 'The first attempt fails.'
    echo "work of $task" > "$task.txt"
    git add -A && { git diff --cached --quiet || git commit -q -m "Work of $task"; } || fail 'git failed'
    finish false 'done' "Wrote $task.txt."
    ;;
esac
leave end 0
