/** Groups of the classic protocol: JoinGroup, SyncGroup, Heartbeat and LeaveGroup. */
import type { GroupKind } from '../group-kind.ts';
import type { ClassicGroupRecord } from './records.ts';
import { classicRecords } from './records.ts';
import { classicRules } from './rules.ts';
import { ClassicGroupRunner } from './runner.ts';
import type { ClassicGroup } from './state.ts';

export const classicGroups: GroupKind<ClassicGroup, ClassicGroupRecord, ClassicGroupRunner> = {
  rules: classicRules,
  records: classicRecords,
  openRunner: (host) => new ClassicGroupRunner(host),
};
