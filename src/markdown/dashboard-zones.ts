/** All that is known of the user's parts of a dashboard, in one place for the file that is rewritten while people edit it. */
export { formatTick } from './boxes.ts';
export { putDrafts, readDrafts } from './drafts.ts';
export { appendTexts, keysOfLines, readEdits } from './dashboard-edits.ts';
export { countChanges, extractNotes, extractStamp, mergeNotes, replaceNotes, salvage } from './user-zones.ts';
