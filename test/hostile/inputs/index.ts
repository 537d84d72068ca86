/** Every input of the suite, one file a kind. */
import type { Input } from '../input.ts';
import { amplification } from './amplification.ts';
import { bombs } from './bombs.ts';
import { deadSockets } from './dead-sockets.ts';
import { longRequestsOfEachApi } from './long-requests.ts';
import { manyGroups } from './many-groups.ts';
import { manyPartitions } from './many-partitions.ts';
import { manyRules } from './many-rules.ts';
import { manyWaits } from './many-waits.ts';
import { patterns } from './patterns.ts';
import { signingIn } from './signing-in.ts';
import { transactionTimeouts } from './transaction-timeouts.ts';

export const inputs: readonly Input[] = [
  ...amplification,
  ...bombs,
  ...deadSockets,
  ...longRequestsOfEachApi,
  ...manyGroups,
  ...manyPartitions,
  ...manyRules,
  ...manyWaits,
  ...patterns,
  ...signingIn,
  ...transactionTimeouts,
];
