import { UnregisterController } from '../../protocol/apis/index.ts';
import { differential } from './differential.ts';

differential(UnregisterController, {
  'a controller that is not there': (side) => side.ask({ controllerId: 77 }),
  'a controller below zero': (side) => side.ask({ controllerId: -1 }),
});
