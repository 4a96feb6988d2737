/** `trust`: shows the commands and rights that came with the repository, and takes one yes for their content. */
import { requireSettings } from '../compose-reader.ts';
import { CliError, exitCodes } from '../exit-code.ts';
import { openPlace, type GlobalOptions } from '../place.ts';
import { accept, describeUntrusted, explain, findUntrusted, isOfAgent, offer } from '../ask-trust.ts';
import { print, type Verb } from '../verb.ts';

/** The verb `trust`. */
export const trustCommand: Verb = (command) =>
  command
    .option('--yes', 'say yes without being asked, for machines')
    .action(async (options: GlobalOptions & { readonly yes?: boolean }) => {
      const place = await openPlace(options);
      if (isOfAgent()) {
        throw new CliError(exitCodes.usage, 'an agent can’t give trust; that is for the user to do', null);
      }
      const untrusted = await findUntrusted(place, await requireSettings(place));
      if (untrusted.length === 0) {
        print('Nothing here needs your trust: all commands and rights are your own, or you said yes to them.');
        return;
      }
      if (options.yes === true) {
        print(explain(untrusted));
        await accept(place, untrusted);
      } else {
        const answer = await offer(place, untrusted);
        if (answer !== 'given') throw describeUntrusted(untrusted, answer);
      }
      print('Trusted. A command or right that is new or changes is asked about again.');
    });
