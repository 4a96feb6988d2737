import { it } from 'vitest';
import { runSeeds } from './seeds.ts';

it('keeps every promise whatever happens, with even seeds', { timeout: 3_600_000 }, () => runSeeds(0, 2));
