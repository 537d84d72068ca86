/** A group of any kind, as the coordinator keeps it. The kinds are listed in kinds.ts; each knows the rest of its own. */
export interface Group {
  /** As ListGroups tells it. */
  readonly type: string;
  readonly groupId: string;
}
