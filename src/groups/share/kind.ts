/** Share groups (KIP-932): ShareGroupHeartbeat. */
import type { GroupKind } from '../group-kind.ts';
import type { ShareRecord } from './records.ts';
import { readShareRecord, SHARE_RECORD_TYPES, writeShareRecord } from './records.ts';
import { replayShareRecord } from './replay.ts';
import { shareRules } from './rules.ts';
import { ShareGroupRunner } from './runner.ts';
import type { ShareGroup } from './state.ts';

export const shareGroups: GroupKind<ShareGroup, ShareRecord, ShareGroupRunner> = {
  rules: shareRules,
  records: {
    types: SHARE_RECORD_TYPES,
    write: writeShareRecord,
    read: readShareRecord,
    replay: replayShareRecord,
  },
  openRunner: (host) => new ShareGroupRunner(host),
};
