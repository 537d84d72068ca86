/** A group of any kind, as the coordinator keeps it. Consumer and share groups (KIP-848, KIP-932) join this union. */
import type { ClassicGroup } from './classic-state.ts';

export type Group = ClassicGroup;
