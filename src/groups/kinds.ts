/** The kinds of groups this broker coordinates. A new kind is a folder beside these, and a line here. */
import { classicGroups } from './classic/kind.ts';
import { consumerGroups } from './consumer/kind.ts';
import { shareGroups } from './share/kind.ts';
import { streamsGroups } from './streams/kind.ts';
import type { Group } from './group.ts';
import { GroupPartition } from './group-partition.ts';
import type { GroupRecordFormat } from './group-record.ts';
import type { GroupRules } from './group-rules.ts';
import type { GroupRunner, RunnerHost } from './group-runner.ts';

/** By the type of their groups. */
const KINDS = {
  classic: classicGroups,
  consumer: consumerGroups,
  share: shareGroups,
  streams: streamsGroups,
};

type Kinds = typeof KINDS;

export type GroupRunners = { readonly [Type in keyof Kinds]: ReturnType<Kinds[Type]['openRunner']> };

/** By the type of their records. */
export const RECORD_FORMATS: ReadonlyMap<string, GroupRecordFormat> = new Map(
  Object.values(KINDS).flatMap(({ records }) => {
    const format = records as GroupRecordFormat;
    return format.types.map((type) => [type, format] as const);
  }),
);

export function newGroupPartition(): GroupPartition {
  return new GroupPartition(RECORD_FORMATS);
}

export function openRunners(host: RunnerHost): GroupRunners {
  const entries = Object.entries(KINDS).map(([type, kind]) => [type, kind.openRunner(host)] as const);
  return Object.fromEntries(entries) as unknown as GroupRunners;
}

export function runnerOf(runners: GroupRunners, { type }: Group): GroupRunner {
  return runners[type as keyof Kinds];
}

export function rulesOf({ type }: Group): GroupRules {
  return KINDS[type as keyof Kinds].rules;
}
