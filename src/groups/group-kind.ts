/** All that the coordinator knows of a kind of group. */
import type { Group } from './group.ts';
import type { GroupRecord, GroupRecordFormat } from './group-record.ts';
import type { GroupRules } from './group-rules.ts';
import type { GroupRunner, RunnerHost } from './group-runner.ts';

export interface GroupKind<G extends Group, R extends GroupRecord, Runner extends GroupRunner<G>> {
  readonly rules: GroupRules<G>;
  readonly records: GroupRecordFormat<R>;
  openRunner(host: RunnerHost): Runner;
}
