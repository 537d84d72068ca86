import { AddRaftVoter, RemoveRaftVoter } from '../../protocol/apis/index.ts';
import { ZERO_UUID } from '../../protocol/schema.ts';
import { differential } from './differential.ts';

const DIRECTORY = 'QQQQQQQQQQQQQQQQQQQQQQ';
const listeners = [{ name: 'CONTROLLER', host: '127.0.0.1', port: 1 }];
const voter = { clusterId: null, timeoutMs: 100, voterId: 2, voterDirectoryId: DIRECTORY, listeners };

differential(AddRaftVoter, {
  'to another cluster': (side) => side.ask({ ...voter, clusterId: 'another' }),
  'without a number': (side) => side.ask({ ...voter, voterId: -1 }),
  'without a directory': (side) => side.ask({ ...voter, voterDirectoryId: ZERO_UUID }),
  'without a listener': (side) => side.ask({ ...voter, listeners: [] }),
  'the one there is': (side) => side.ask({ ...voter, voterId: side.nodeId }),
  'one that does not answer': (side) => side.ask(voter),
});

differential(RemoveRaftVoter, {
  'from another cluster': (side) => side.ask({ clusterId: 'another', voterId: 2, voterDirectoryId: DIRECTORY }),
  'one that is not there': (side) => side.ask({ clusterId: null, voterId: 2, voterDirectoryId: DIRECTORY }),
  'one without a number': (side) => side.ask({ clusterId: null, voterId: -1, voterDirectoryId: DIRECTORY }),
  'one of another directory': (side) =>
    side.ask({ clusterId: null, voterId: side.nodeId, voterDirectoryId: DIRECTORY }),
});
