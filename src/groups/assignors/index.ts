/** The assignors that members may ask for, by their names in group.consumer.assignors. */
import type { Assignor } from './assignor.ts';
import { range } from './range.ts';
import { uniform } from './uniform.ts';

export const assignors: Readonly<Record<string, Assignor>> = { uniform, range };
