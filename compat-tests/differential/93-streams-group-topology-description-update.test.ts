import { StreamsGroupTopologyDescriptionUpdate } from '../../protocol/apis/index.ts';
import { differential } from './differential.ts';

differential(StreamsGroupTopologyDescriptionUpdate, {
  'a group that nobody is in': (side) =>
    side.ask({
      groupId: side.name('group'),
      memberId: 'member',
      topologyEpoch: 1,
      topologyDescription: { subtopologies: [], globalStores: [] },
    }),
});
