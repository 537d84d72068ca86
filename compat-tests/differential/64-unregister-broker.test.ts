import { UnregisterBroker } from '../../protocol/apis/index.ts';
import { differential } from './differential.ts';

differential(UnregisterBroker, {
  'a broker that is not there': (side) => side.ask({ brokerId: 77 }),
  'a broker below zero': (side) => side.ask({ brokerId: -1 }),
});
