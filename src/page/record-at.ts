/** Topics and messages by their places, or a sentence on why there is none. */
import type { Record as LogRecord } from '../../protocol/records/decode.ts';
import { ChangeRefused, type Hands } from './hands.ts';

/** @throws {ChangeRefused} where there is no such topic, or none that this person sees */
export function partitionsOf({ view }: Pick<Hands, 'view'>, topic: string): number {
  const found = view.parts.metadata.image.topicsByName.get(topic);
  if (found !== undefined) return found.partitions.length;
  throw new ChangeRefused(404, `There is no topic '${topic}'.`);
}

/** @throws {ChangeRefused} where there is none, or none that this person may read */
export function recordAt(
  hands: Pick<Hands, 'view' | 'checkReads'>,
  topic: string,
  partition: number,
  offset: number,
): LogRecord {
  partitionsOf(hands, topic);
  hands.checkReads(topic);
  const found = hands.view.parts.partitions.get(topic, partition);
  const isInside = found !== undefined && offset >= found.logStartOffset && offset < found.highWatermark;
  for (const batch of isInside ? found.batches(offset, found.highWatermark) : []) {
    if (batch.baseOffset > offset) break;
    if (batch.isControl) continue;
    for (const record of batch.records()) if (record.offset === offset) return record;
  }
  const bounds = found === undefined ? '' : ` It has ${found.logStartOffset} to ${found.highWatermark - 1}.`;
  throw new ChangeRefused(404, `There is no message in ${topic}[${partition}] at offset ${offset}.${bounds}`);
}
