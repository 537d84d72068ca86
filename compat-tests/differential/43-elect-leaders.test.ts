import { ElectLeaders } from '../../protocol/apis/index.ts';
import type { Api } from '../../protocol/schema.ts';
import { differential } from './differential.ts';
import { Unsayable, type Side } from './side.ts';

type ElectSide = typeof ElectLeaders extends Api<infer Req, infer Res> ? Side<Req, Res> : never;

const PREFERRED = 0;
const UNCLEAN = 1;
const DEADLINE = { timeoutMs: 5000 };

const ofTopic = (electionType: number, partitions: number[]) => async (side: ElectSide) => {
  const { name } = await side.topic('topic', { partitions: 2 });
  await side.settled();
  await side.ask({ electionType, topicPartitions: [{ topic: name, partitions }], ...DEADLINE });
};

differential(ElectLeaders, {
  'preferred, not needed': ofTopic(PREFERRED, [0, 1]),
  'unclean, not needed': ofTopic(UNCLEAN, [0, 1]),
  'of another type': ofTopic(2, [0]),
  'of a type below zero': ofTopic(-1, [0]),
  'partitions that are not there': ofTopic(PREFERRED, [0, 7, -1]),
  'no partitions': ofTopic(PREFERRED, []),
  'a partition twice': ofTopic(PREFERRED, [0, 0]),
  'a topic that is not there': (side) =>
    side.ask({ topicPartitions: [{ topic: side.name('none'), partitions: [0] }], ...DEADLINE }),
  'impossible topics': (side) =>
    side.ask({ topicPartitions: ['', 'a b'].map((topic) => ({ topic, partitions: [0] })), ...DEADLINE }),
  'no topics': (side) => side.ask({ topicPartitions: [], ...DEADLINE }),
  'all topics, by a type that is none': async (side) => {
    if (side.version === 0) throw new Unsayable(); // it knows no types, and would name the topics of all cases
    await side.ask({ electionType: 9, topicPartitions: null, ...DEADLINE });
  },
});
