import { AddOffsetsToTxn } from '../../protocol/apis/index.ts';
import type { Api } from '../../protocol/schema.ts';
import { differential } from './differential.ts';
import type { Side } from './side.ts';
import { begin, described, end, transactor, type Transactor } from './transactions.ts';

type AddSide = typeof AddOffsetsToTxn extends Api<infer Req, infer Res> ? Side<Req, Res> : never;

const as = (change: (self: Transactor) => Partial<Transactor & { groupId: string }>) => async (side: AddSide) => {
  const self = await transactor(side);
  await side.ask({ ...self, groupId: 'd-group', ...change(self) });
  await described(side, self);
};

differential(AddOffsetsToTxn, {
  'a group': as(() => ({})),
  'an empty group': as(() => ({ groupId: '' })),
  'the epoch after': as(({ producerEpoch }) => ({ producerEpoch: producerEpoch + 1 })),
  'an epoch of -1': as(() => ({ producerEpoch: -1 })),
  'a producer id that is not its own': as(({ producerId }) => ({ producerId: producerId + 4_000_000 })),
  'a producer id of -1': as(() => ({ producerId: -1 })),
  'an unknown transactional id': as(({ transactionalId }) => ({ transactionalId: `${transactionalId}-unknown` })),
  'an empty transactional id': as(() => ({ transactionalId: '' })),
  again: async (side) => {
    const self = await transactor(side);
    await side.ask({ ...self, groupId: 'd-group' });
    await side.ask({ ...self, groupId: 'd-group' });
    await described(side, self);
  },
  'the epoch before': async (side) => {
    const old = await transactor(side);
    await transactor(side);
    await side.ask({ ...old, groupId: 'd-group' });
  },
  'beside a partition, and after the end': async (side) => {
    const self = await transactor(side);
    await begin(side, self, await side.topic());
    await side.ask({ ...self, groupId: 'd-group' });
    await described(side, self);
    const next = await end(side, self);
    await side.ask({ ...self, groupId: 'd-group' });
    await side.ask({ ...next, groupId: 'd-group' });
  },
});
