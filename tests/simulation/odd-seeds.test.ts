import { it } from 'vitest';
import { runSeeds } from './seeds.ts';

it('keeps every promise whatever happens, with odd seeds', { timeout: 3_600_000 }, () => runSeeds(1, 2));
