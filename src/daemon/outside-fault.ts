/** Turns an error of the outside into the kinds that the core judges by. */
import type { OutsideFault } from '../domain/outside-answers.ts';
import { messageOf } from '../domain/error-message.ts';
import type { RunId } from '../domain/run.ts';
import { kindOf } from '../domain/outside-kind.ts';
import { PortError, type Disk } from '../ports.ts';
import type { UntimedEvent } from './untimed-event.ts';

/** Describes an error of a port. A full disk shows in many ways, such as a command that failed, so it is looked for. */
export async function explainFault(error: unknown, disk: Disk): Promise<OutsideFault> {
  const known = kindOf(error);
  const kind = known !== 'no-room' && !(await disk.hasRoom()) ? 'no-room' : known;
  const message = messageOf(error);
  const { fault, pause } = error instanceof PortError ? error : { fault: null, pause: null };
  return { kind, message, fault, ...(pause === null ? {} : { pause }) };
}

/** Reports a disk that is full when a run ends or is inspected: its work may be cut off for want of room. */
export async function lookForRoom(disk: Disk, { task }: RunId): Promise<readonly UntimedEvent[]> {
  return (await disk.hasRoom()) ? [] : [{ type: 'disk-filled', detail: `${task}: its run ended on a full disk` }];
}
