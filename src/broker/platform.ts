/** What a broker is given of the world around it: a test gives others than those of the process. */
import type { Clock } from '../platform/clock.ts';
import type { Files } from '../platform/files.ts';
import type { Logger } from '../platform/logger.ts';
import type { Random } from '../platform/random.ts';

export interface Platform {
  readonly files: Files;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}
