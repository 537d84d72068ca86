import { Produce } from '../../protocol/apis/index.ts';
import { encodeBatch, type BatchDraft } from '../../protocol/records/encode.ts';
import type { Api } from '../../protocol/schema.ts';
import { differential } from './differential.ts';
import { plain } from './records.ts';
import type { Side } from './side.ts';

type ProduceSide = typeof Produce extends Api<infer Req, infer Res> ? Side<Req, Res> : never;
/** [first sequence number, records, epoch (0), index of the producer (0)] */
type Step = readonly [number, number, number?, number?];

/** Batches of idempotent producers, one after the other; every answer is compared. */
function sequences(...steps: readonly Step[]) {
  return async (side: ProduceSide) => {
    const topic = await side.topic();
    const producers = [await side.producerId(), await side.producerId()];
    for (const [baseSequence, count, producerEpoch = 0, producer = 0] of steps) {
      const draft: BatchDraft = { ...plain(side, count), producerId: producers[producer], producerEpoch, baseSequence };
      const partitionData = [{ index: 0, records: encodeBatch(draft) }];
      await side.ask({ acks: -1, timeoutMs: 1000, topicData: [{ ...topic, partitionData }] });
    }
  };
}

const LAST = 0x7fff_ffff;

differential(Produce, {
  'sequences in order': sequences([0, 2], [2, 1], [3, 5]),
  'a sequence that does not begin at 0': sequences([7, 1], [8, 1]),
  'a gap': sequences([0, 1], [5, 1], [1, 1]),
  'a duplicate': sequences([0, 2], [0, 2]),
  'the duplicate of the fifth last': sequences([0, 1], [1, 1], [2, 1], [3, 1], [4, 1], [0, 1]),
  'the duplicate of the sixth last': sequences([0, 1], [1, 1], [2, 1], [3, 1], [4, 1], [5, 1], [0, 1]),
  'half a duplicate': sequences([0, 3], [0, 2], [1, 2]),
  'a longer batch at the same sequence': sequences([0, 2], [0, 3]),
  'an older sequence': sequences([0, 1], [1, 1], [0, 2]),
  'a new epoch from 0': sequences([0, 1], [0, 1, 1], [1, 1, 1]),
  'a new epoch not from 0': sequences([0, 1], [1, 1, 1]),
  'an old epoch': sequences([0, 1, 5], [1, 1, 4]),
  'the largest epoch': sequences([0, 1, 32_767], [1, 1, 32_767]),
  'a negative epoch': sequences([0, 1, -1]),
  'a negative sequence': sequences([-1, 1]),
  'a sequence of -5': sequences([-5, 1]),
  'sequences that wrap': sequences([LAST - 1, 2], [0, 1], [1, 1]),
  'a batch that wraps inside': sequences([LAST, 3], [2, 1]),
  'a batch that wraps inside, again': sequences([LAST, 3], [LAST, 3]),
  'two producers': sequences([0, 1], [0, 1, 0, 1], [1, 1], [1, 1, 0, 1], [0, 1, 0, 1]),
  'a producer that nobody has given its id': async (side) => {
    const records = encodeBatch({ ...plain(side, 1), producerId: 4_000_000, producerEpoch: 3, baseSequence: 0 });
    const topicData = [{ ...(await side.topic()), partitionData: [{ index: 0, records }] }];
    await side.ask({ acks: -1, timeoutMs: 1000, topicData });
  },
  'an idempotent producer with acks 1': async (side) => {
    const records = encodeBatch({
      ...plain(side, 1),
      producerId: await side.producerId(),
      producerEpoch: 0,
      baseSequence: 0,
    });
    const topicData = [{ ...(await side.topic()), partitionData: [{ index: 0, records }] }];
    await side.ask({ acks: 1, timeoutMs: 1000, topicData });
  },
});
