import { ListTransactions } from '../../protocol/apis/index.ts';
import type { Api } from '../../protocol/schema.ts';
import { differential } from './differential.ts';
import type { Side } from './side.ts';
import { begin, end, transactor } from './transactions.ts';

type ListSide = typeof ListTransactions extends Api<infer Req, infer Res> ? Side<Req, Res> : never;
type Filter = Partial<Parameters<ListSide['ask']>[0]>;

/** One that is empty, one under way, one committed and one aborted, of which the filter shows some. */
const listed =
  (filter: Filter | ((side: ListSide, producerIds: number[]) => Filter) = {}) =>
  async (side: ListSide) => {
    const topic = await side.topic();
    const all = [];
    for (const word of ['empty', 'ongoing', 'committed', 'aborted']) all.push(await transactor(side, word));
    for (const each of all.slice(1)) await begin(side, each, topic);
    await end(side, all[2], true);
    await end(side, all[3], false);
    const own =
      typeof filter === 'function'
        ? filter(
            side,
            all.map(({ producerId }) => producerId),
          )
        : filter;
    await side.ask({ stateFilters: [], producerIdFilters: [], ...own });
  };

const pattern = (words: string) => listed((side) => ({ transactionalIdPattern: `${side.name('')}${words}` }));
/** A pattern by itself, before which there is nothing. */
const bare = (transactionalIdPattern: string) => listed({ transactionalIdPattern });

differential(ListTransactions, {
  all: listed(),
  'those under way': listed({ stateFilters: ['Ongoing'] }),
  'two states': listed({ stateFilters: ['Empty', 'CompleteAbort'] }),
  'every state': listed({
    stateFilters: [
      'Empty',
      'Ongoing',
      'PrepareCommit',
      'PrepareAbort',
      'CompleteCommit',
      'CompleteAbort',
      'Dead',
      'PrepareEpochFence',
    ],
  }),
  'the dead': listed({ stateFilters: ['Dead'] }),
  'an unknown state': listed({ stateFilters: ['Nonsense'] }),
  'an unknown state beside a known one': listed({ stateFilters: ['Nonsense', 'Ongoing', 'ongoing', ''] }),
  'a state twice': listed({ stateFilters: ['Ongoing', 'Ongoing'] }),
  'an unknown state twice': listed({ stateFilters: ['Nonsense', 'Nonsense'] }),
  'a state in other letters': listed({ stateFilters: ['ONGOING', 'completecommit'] }),
  'a producer': listed((_side, [one]) => ({ producerIdFilters: [one] })),
  'two producers, one unknown': listed((_side, [one]) => ({ producerIdFilters: [one, 9_000_000_000] })),
  'a producer id of -1': listed({ producerIdFilters: [-1] }),
  'a duration of 0': listed({ durationFilter: 0 }),
  'a duration of an hour': listed({ durationFilter: 3_600_000 }),
  'a duration of -2': listed({ durationFilter: -2 }),
  'the largest duration': listed({ durationFilter: Number.MAX_SAFE_INTEGER }),
  'a pattern that fits some': pattern('(ongoing|com.*)'),
  'a pattern that fits a part': pattern('ongo'),
  'a pattern that fits nothing': pattern('x+'),
  'a pattern with classes': pattern('[[:lower:]]+'),
  'a pattern with a group by name': pattern('(?P<word>empty)'),
  'a pattern that ignores case': listed((side) => ({
    transactionalIdPattern: `(?i)${side.name('EMPTY').toUpperCase()}`,
  })),
  'a pattern with a quote': pattern('\\Qempty\\E'),
  'an empty pattern': bare(''),
  'null for a pattern': listed({ transactionalIdPattern: null }),
  'a pattern for all': bare('.*'),
  'a pattern with a look ahead': bare('(?=a)a'),
  'a pattern with a look behind': bare('(?<=a)a'),
  'a pattern that refers back': bare('(a)\\1'),
  'an open bracket': bare('[a'),
  'an open group': bare('(a'),
  'a lone star': bare('*'),
  'a possessive star': bare('a*+'),
  'a count of 2000': bare('a{2000}'),
  anchors: listed((side) => ({ transactionalIdPattern: `^${side.name('empty')}$` })),
  'a bad pattern and an unknown state': listed({ transactionalIdPattern: '(', stateFilters: ['Nonsense'] }),
});
