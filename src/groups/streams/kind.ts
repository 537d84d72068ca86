/** Streams groups (KIP-1071): StreamsGroupHeartbeat. */
import type { GroupKind } from '../group-kind.ts';
import type { StreamsRecord } from './records.ts';
import { readStreamsRecord, STREAMS_RECORD_TYPES, writeStreamsRecord } from './records.ts';
import { replayStreamsRecord } from './replay.ts';
import { streamsRules } from './rules.ts';
import { StreamsGroupRunner } from './runner.ts';
import type { StreamsGroup } from './state.ts';

export const streamsGroups: GroupKind<StreamsGroup, StreamsRecord, StreamsGroupRunner> = {
  rules: streamsRules,
  records: {
    types: STREAMS_RECORD_TYPES,
    write: writeStreamsRecord,
    read: readStreamsRecord,
    replay: replayStreamsRecord,
  },
  openRunner: (host) => new StreamsGroupRunner(host),
};
