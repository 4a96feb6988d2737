/**
 * Tells a copy of a file by its name. Sync tools keep the other side's version beside a file, browsers and desktops number
 * what they save twice, and each has its own way to name that.
 */
import type { TaskId } from './task.ts';
import { idOfName, markdownEnding } from './slug.ts';

/** Names that only a sync tool gives. */
const conflictNames: readonly RegExp[] = [
  // Syncthing; ownCloud.
  /^(.+)\.sync-conflict-\d{8}-\d{6}(?:-\w+)?$/i,
  /^(.+)_conflict-\d{8}-\d{4,6}$/i,
  // Dropbox, Nextcloud, Box, Seafile, pCloud.
  /^(.+?)[ _-]*[([](?:[^()[\]]* )?(?:conflicted(?: copy)?|conflicting version|case conflict|sfconflict)(?: [^()[\]]*)?[)\]]$/i,
  // Synology Drive.
  /^(.+?)_[^_]+_[a-z]{3}-\d{2}-\d{4,6}-\d{4}_conflict$/i,
  // Git's merge tools.
  /^(.+)_(?:BACKUP|BASE|LOCAL|REMOTE)_\d+$/,
];

/** Names that a person may give as well: they count where there is a file that they can be a copy of. */
const copyNames: readonly RegExp[] = [
  // Finder, Explorer, Nautilus, Google Drive; browsers, iCloud.
  /^(.+?)(?: [-—])? (?:copy|kopie|copie|copia|cópia|kopia|копия|コピー|副本)(?: \d{1,3}| \(\d{1,3}\))?$/iu,
  /^(.+) \((?:another |\d+(?:st|nd|rd|th) )?copy(?: \d{1,3})?\)$/i,
  /^(.+?)(?:のコピー|的副本|副本)(?: \d{1,3})?$/u,
  /^(?:copy of|kopie von|kopie van|copie de|copia de|cópia de|copia di|kopia|копия) (.+)$/iu,
  // Resilio Sync and others; backups by hand.
  /^(.+?)[ ._-]*[([]conflict(?: \d[^()[\]]*)?[)\]]$/i,
  /^(.+)[._](?:conflict|bak|backup|orig|old|rej|copy|icloud|ours|theirs|local|remote|base)(?:\.\d{1,4})?$/i,
  // In brackets: a conflict or a copy in another language, whose version it is, the device or the day that it is from.
  /^(.+?)[ _-]*[([](?:.*(?: - |_| en | de | di ))?(?:[ck]onfli[ck]?t|конфликт|冲突|衝突|競合|충돌|[ck]opi[ae]|копия|副本|コピー|offline|autosave|recover).*[)\]]$/iu,
  /^(.+?)[ _-]*[([].*(?:@|macbook|imac\b|desktop-|laptop-|\d{4}-\d\d-\d\d).*[)\]]$/iu,
  // OneDrive, behind the name of the device.
  /^(.+?)-(?:(?:DESKTOP|LAPTOP|WIN|PC)-[A-Z0-9]{4,}|(?:\w+-)*(?:MacBook|iMac|Mac-mini|iPhone|iPad)(?:-\w+)*)(?:-\d{1,3})?$/,
  /^(.+?) ?\(\d{1,3}\)$/,
  /^(.+) \d{1,2}$/,
];

/**
 * The id of the file that a file of this name is a copy of, or null where it is none. `isUsed` tells whether a task or a
 * file that waits has an id.
 */
export function findCopied(name: string, isUsed: (id: TaskId) => boolean): TaskId | null {
  const stem = name.replace(markdownEnding, '').normalize('NFC');
  const certain = matchName(stem, conflictNames);
  if (certain !== null) return idOfName(certain);
  // Also a copy of a copy.
  for (let base = matchName(stem, copyNames); base !== null; base = matchName(base, copyNames)) {
    const id = idOfName(base);
    if (isUsed(id)) return id;
  }
  return null;
}

function matchName(stem: string, names: readonly RegExp[]): string | null {
  for (const pattern of names) {
    const base = pattern.exec(stem)?.[1];
    if (base !== undefined) return base;
  }
  return null;
}
