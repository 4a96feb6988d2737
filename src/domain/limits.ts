/** Every bound of the board, each with its unit in its name. */
export const limits = {
  /** A larger file in the inbox is refused. */
  maxTaskFileBytes: 256 * 1024,
  /** A longer frontmatter is refused before YAML sees it. */
  maxFrontmatterBytes: 16 * 1024,
  /** Deeper nesting in frontmatter or settings is refused before YAML sees it. */
  maxYamlDepth: 16,
  maxSettingsFileBytes: 64 * 1024,
  maxTitleChars: 120,
  /** A longer grant file counts for nothing, in bytes. */
  maxGrantBytes: 256 * 1024,
  /** A longer command's fact is none, in bytes. */
  maxCommandBytes: 64 * 1024,
  /** The longest text that a command says to a task. As a fact it has room in `maxCommandBytes`. */
  maxSaidChars: 10_000,
  /** Kept of what the user said when they sent a task's work back: the last so many times. */
  maxSentBackKept: 10,
  /** The longest note to an agent at work: Claude Code cuts what a hook says beyond 10,000 characters. */
  maxNoteChars: 6_000,
  /** What the user types into User Notes counts for a task once it was left alone for so long. */
  lineQuietMs: 2_000,
  /** Lines of User Notes to tasks that become commands; more wait until some are removed. */
  maxAskedLines: 500,
  /** Of the notes to an agent the dashboard shows the newest. */
  maxNotesShown: 5,
  /** An agent waits at most so long for the program that looks for notes. */
  noteTimeoutSeconds: 2,
  /** Comments on a task's work that go with one sending back, and their characters together. */
  maxComments: 200,
  maxCommentsChars: 30_000,
  /** Lines of two sides that an agent names as not kept in their merge, and the characters by which one is told. */
  maxLossesNamed: 500,
  maxLossChars: 500,
  /** Kept of an agent's answer to a comment. */
  maxAnswerChars: 1_000,
  /** Of the line that a comment is about so much is kept. */
  maxQuoteChars: 200,
  /** A longer `review.md`, in bytes or in lines, is not read. */
  maxReviewBytes: 4 * 1024 * 1024,
  maxReviewPageLines: 20_000,
  /** `review.md` shows so many files of a diff, so many lines of all and of one, and so much of each line. */
  maxReviewFiles: 200,
  maxReviewLines: 5_000,
  maxReviewFileLines: 2_000,
  maxReviewLineChars: 400,
  /** Pages of a task's review that are known while somebody may still edit them. */
  maxReviewPages: 3,
  /** Commands that are asked and not settled; the board takes up more once some of them are. */
  maxPendingCommands: 1_000,
  /** Commands of which is known what became of them, for who asks once more under the same id. */
  maxSettledCommands: 4_000,
  /** Whoever asks for a command waits so long for its answer. */
  commandAnswerMs: 10_000,
  /** The most dependencies a task may name. */
  maxDependencies: 256,

  /** A file that was moved or linked into the inbox lately is read once it is so old; an older one is read at once. */
  inboxQuietMs: 250,
  /** The same for a file that was written where it lies: its writer may only pause. */
  inboxGrowingQuietMs: 1_000,
  /** Files read at once. */
  maxConcurrentReads: 32,
  /** Time between two scans of the folders, also when no watcher reports a change. */
  sweepEveryMs: 2_000,
  /** Time between two looks for branches that were merged by hand. */
  mergeCheckEveryMs: 10_000,
  /** Commits of a branch that a work is tried to be merged into, the newest first, to see whether it is in there already. */
  maxMergesTried: 50,
  /** Files of a work by which those commits are chosen; with more of them all commits are tried. */
  maxMergeFilesNamed: 200,
  /** Works of which it is remembered whether they are merged. */
  maxMergesRemembered: 1_000,
  /** Time between two looks at pull requests, and those asked about at one of them. */
  pullCheckEveryMs: 5 * 60_000,
  maxPullsAsked: 10,
  /** Characters of a pull request's title, and of the summary in it. */
  maxPullTitleChars: 200,
  maxPullTextChars: 20_000,
  /** Pairs of works that are merged at one look, to see whether they change the same lines; the others at the next. */
  maxOverlapTries: 100,
  /** Pairs of works of which that is remembered: all of some 200 works. */
  maxOverlapsRemembered: 20_000,
  /** Files kept of two works that change the same lines. */
  maxOverlapFiles: 10,
  /** Works that change the same lines, and files of each, that a sentence names. */
  maxOverlapsNamed: 3,
  /** Time in which watch events are gathered before a scan. */
  hintDebounceMs: 10,

  /** The dashboard is written at most so often. */
  dashboardEveryMs: 1_000,
  /** And so often when only progress changed. */
  dashboardProgressEveryMs: 10_000,
  /** And so often while an agent is at work, since it says for how long. */
  dashboardActiveEveryMs: 60_000,
  /** The dashboard lists at most so many tasks a section, and says how many more there are. */
  maxDashboardRows: 20,
  maxDashboardTextChars: 400,
  /** Of a failed check's output the dashboard shows so many lines, and characters. */
  maxOutputLines: 12,
  maxOutputChars: 1_600,
  /** The dashboard says of so many ticked boxes what became of them, for so long. */
  maxBoxAnswers: 5,
  showBoxAnswersMs: 10 * 60_000,
  /** Kept of what is said of a fault of ours. */
  maxFaultChars: 300,
  /** Finished tasks in `queue.json` and `status --json`, newest first. */
  maxFinishedListed: 200,

  /** A line of an agent's stream that is longer is passed over. */
  maxStreamLineBytes: 16 * 1024 * 1024,
  /** Time between two looks at an agent's stream. */
  followEveryMs: 100,
  /** The largest output of a run; a run that prints more is ended. */
  maxStreamBytes: 1024 * 1024 * 1024,
  /** What git notes of the commands of a run's processes begins anew beyond so much. */
  maxGitTraceBytes: 32 * 1024 * 1024,
  /** No single run costs more, in US dollars: a cost beyond is none. */
  maxRunCostUsd: 1_000,
  /** Kept of what the user should know of a task's runs, and of what moved while they ran. */
  maxWarnings: 20,
  maxMovedRefs: 50,
  /** Kept of an agent's last words and of its stderr. */
  maxTailChars: 4_000,
  /** Kept of an agent's summary. */
  maxSummaryChars: 2_000,
  /** Kept of an agent's report. */
  maxReportChars: 200_000,
  maxQuestions: 10,
  /** Of the answers to a question that an agent offers so many are shown, and so much of each. */
  maxOptions: 6,
  maxOptionChars: 200,
  maxFollowUps: 20,
  /** The most that `max_subtasks` may be: tasks that one run proposes, beside follow-ups; kept of each text of theirs. */
  maxSubtasks: 50,
  maxProposalChars: 10_000,
  /** Kept of an agent's refused tool calls. */
  maxDenials: 20,
  /** Kept of one of them: what was called, and what was said of it. */
  maxCallChars: 400,
  maxRefusalChars: 400,
  /** Kept of what an agent's program says at its start. */
  maxRunWarnings: 10,

  /** Time for an agent to end after its result. */
  resultGraceMs: 15_000,
  /** Between INT and TERM, and between TERM and KILL. */
  interruptGraceMs: 5_000,
  terminateGraceMs: 5_000,
  /** The same when the user hurries. */
  hurriedGraceMs: 500,
  /** Time for a wrapper to claim its run. */
  claimTimeoutMs: 10_000,

  /** A git command of the board's own takes at most so long. */
  gitTimeoutMs: 120_000,
  /** One that writes or removes all files of a worktree may take so long. */
  checkoutTimeoutMs: 60 * 60_000,
  /** One `verify` or `setup` command takes at most so long. */
  commandTimeoutMs: 30 * 60_000,
  /** A merge is prepared again where its target moved meanwhile, at most so often. */
  maxMergeTries: 3,
  /** Commits of a branch that are made again on another base. */
  maxCommitsReplayed: 1_000,
  /** Time for which a starting board waits for git commands of a killed one. */
  leftoverWaitMs: 10_000,
  /** Files named when a worktree holds uncommitted work. */
  maxDirtyFilesNamed: 20,

  /** After a failed effect the board tries again this much later, doubled each time, at most `maxBackoffMs`. */
  firstBackoffMs: 5_000,
  maxBackoffMs: 30 * 60_000,
  /** The same after a usage limit that did not say when it ends. */
  firstUsageLimitBackoffMs: 60_000,
  /** A usage limit that is said to end later than so much from now is taken for one that does not say when it ends. */
  maxLimitWaitMs: 8 * 24 * 60 * 60_000,
  /** A file that the system keeps from being read counts as the user's to mend after so many failures. */
  maxQuickRetries: 3,
  /** While the disk is full the board looks for room so often. */
  diskLookEveryMs: 5_000,
  /** The longest such wait: it doubles while the disk fills up again soon after it had room. */
  maxDiskLookEveryMs: 10 * 60_000,
  /** There is room on a disk with so much free, or with a tenth of it free where it is small. */
  minFreeDiskBytes: 16 * 1024 * 1024,
  /** A wall clock that moves by more than so much beside the time that went by has jumped. */
  clockJumpMs: 5_000,
  /** A board that did not look at anything for so long was frozen: its machine slept, or it was stopped. */
  frozenMs: 30_000,
  /** The longest single wait for something that is due at a time of the wall clock. */
  maxTimerMs: 60_000,
  /** Lines of the history that wait for the disk to have room. */
  maxWaitingHistoryLines: 10_000,
  /** A missing login or credit is probed so often. */
  authProbeEveryMs: 5 * 60_000,
  /** A run that overload or a lost connection ended is started again at no attempt's cost at most so often in a row. */
  maxFreeRestarts: 20,
  /** A start of a task that fails with the same words so often in a row is the user's to mend. */
  maxAlikeFaults: 3,
  /** The same for a run that the board or the machine went down with. */
  maxLosses: 3,

  /** How often the board looks for finished tasks that were kept long enough. */
  pruneEveryMs: 60 * 60_000,
  /** So many of them are looked at and pruned together. */
  maxPrunedAtOnce: 20,
  /** Refs of one task that are removed at once; more go the next time. */
  maxRefsPruned: 1_000,
  /** A history that is longer is put aside under a number, and so many of those are kept. */
  maxHistoryBytes: 8 * 1024 * 1024,
  maxHistoryFiles: 4,
  /** A log of the board in the background that is longer is put aside; one such is kept. */
  maxLogBytes: 8 * 1024 * 1024,

  /** Events that may wait in the daemon's mailbox; one more is a fault of ours. */
  maxMailboxEvents: 100_000,
  /** Runs kept for one task. */
  maxRunsPerTask: 1_000,
} as const;
