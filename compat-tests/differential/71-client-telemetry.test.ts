import { GetTelemetrySubscriptions, PushTelemetry } from '../../protocol/apis/index.ts';
import { ZERO_UUID, type Api } from '../../protocol/schema.ts';
import { differential } from './differential.ts';
import type { Side } from './side.ts';

type GetSide = typeof GetTelemetrySubscriptions extends Api<infer Req, infer Res> ? Side<Req, Res> : never;
type PushSide = typeof PushTelemetry extends Api<infer Req, infer Res> ? Side<Req, Res> : never;

/** Ids and the subscription are chosen by the broker. */
async function get(side: GetSide, clientInstanceId: string): Promise<string> {
  const answer = await side.look({ clientInstanceId });
  const { clientInstanceId: given, subscriptionId, ...rest } = answer!;
  side.record({
    ...rest,
    id: given === ZERO_UUID ? 'none' : given === clientInstanceId ? 'as asked' : 'a new one',
    hasSubscription: subscriptionId !== 0,
  });
  return given;
}

differential(GetTelemetrySubscriptions, {
  'for the first time': (side) => get(side, ZERO_UUID),
  'too early again': async (side) => get(side, await get(side, ZERO_UUID)),
});

const NOTHING = Buffer.alloc(0);
const push =
  (...pushes: object[]) =>
  async (side: PushSide) => {
    const { clientInstanceId, subscriptionId } = await side.send(GetTelemetrySubscriptions, {
      clientInstanceId: ZERO_UUID,
    });
    const usual = { clientInstanceId, subscriptionId, terminating: false, compressionType: 0, metrics: NOTHING };
    for (const more of pushes) await side.ask({ ...usual, ...more });
  };

differential(PushTelemetry, {
  nothing: push({}),
  'nothing twice': push({}, {}),
  'without an id': push({ clientInstanceId: ZERO_UUID }),
  'under a subscription that is none': push({ subscriptionId: 1 }),
  'in a compression that is none': push({ compressionType: 77 }),
  'too much': push({ metrics: Buffer.alloc(1_048_577) }),
  'for the last time': push({ terminating: true }),
  'after the last time': push({ terminating: true }, { terminating: true }),
  'early, for the last time': push({}, { terminating: true }),
});
