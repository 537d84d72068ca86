import { Metadata } from '../../protocol/apis/index.ts';
import { differential } from './differential.ts';

const ZERO = 'AAAAAAAAAAAAAAAAAAAAAA';
const UNKNOWN = 'bm9uZW5vbmVub25lbm9uZQ';

differential(Metadata, {
  'all topics': async (side) => {
    await side.topic('one', { partitions: 3 });
    await side.ask({ topics: null });
  },
  'no topics': (side) => side.ask({ topics: [] }),
  'a topic': async (side) => side.ask({ topics: [{ name: (await side.topic('one', { partitions: 3 })).name }] }),
  'a topic twice': async (side) => {
    const { name } = await side.topic();
    await side.ask({ topics: [{ name }, { name }] });
  },
  operations: async (side) =>
    side.ask({
      topics: [{ name: (await side.topic()).name }],
      includeClusterAuthorizedOperations: true,
      includeTopicAuthorizedOperations: true,
    }),
  'operations on a topic that is not there': (side) =>
    side.ask({
      topics: [{ name: side.name('none') }],
      allowAutoTopicCreation: false,
      includeTopicAuthorizedOperations: true,
    }),
  'a topic that is not there': (side) =>
    side.ask({ topics: [{ name: side.name('none') }], allowAutoTopicCreation: false }),
  'impossible names': (side) =>
    side.ask({ topics: ['', '.', '..', 'a b', 'a/b', 'x'.repeat(250)].map((name) => ({ name })) }),
  'impossible names, none to be created': (side) =>
    side.ask({ topics: ['', '.', 'a b'].map((name) => ({ name })), allowAutoTopicCreation: false }),
  'the offsets topic': (side) =>
    side
      .learn('__consumer_offsets')
      .then(({ name }) => side.ask({ topics: [{ name }], allowAutoTopicCreation: false })),
  'the id of a topic': async (side) => {
    const { topicId } = await side.topic();
    await side.ask({ topics: [{ topicId, name: null }], allowAutoTopicCreation: false });
  },
  'an unknown id': (side) => side.ask({ topics: [{ topicId: UNKNOWN, name: null }], allowAutoTopicCreation: false }),
  'an unknown id beside a known one': async (side) => {
    const { topicId } = await side.topic();
    await side.ask({
      topics: [
        { topicId: UNKNOWN, name: null },
        { topicId, name: null },
      ],
      allowAutoTopicCreation: false,
    });
  },
  'id and name': async (side) => side.ask({ topics: [await side.topic()], allowAutoTopicCreation: false }),
  'an id and a name of another': async (side) => {
    const [one, other] = [await side.topic('one'), await side.topic('other')];
    await side.ask({
      topics: [{ topicId: one.topicId, name: null }, { name: other.name }],
      allowAutoTopicCreation: false,
    });
  },
  'a zero id without a name': (side) =>
    side.ask({ topics: [{ topicId: ZERO, name: null }], allowAutoTopicCreation: false }),
  'an id without a name, to be created': (side) =>
    side.ask({ topics: [{ topicId: UNKNOWN, name: null }], allowAutoTopicCreation: true }),
});
