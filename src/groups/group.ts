/** A group of any kind, as the coordinator keeps it. Share and streams groups (KIP-932, KIP-1071) join this union. */
import type { ClassicGroup } from './classic/state.ts';
import type { ConsumerGroup } from './consumer/state.ts';

export type Group = ClassicGroup | ConsumerGroup;
