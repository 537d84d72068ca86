/** Settings changed from the page: of topics, of this broker, of all brokers. */
import * as z from 'zod';
import { IncrementalAlterConfigs } from '../../../protocol/apis/44-incremental-alter-configs.ts';
import { check, type Hands } from '../hands.ts';
import { change } from './change.ts';

/** As in Kafka's ConfigResource. */
export const ConfigResource = { topic: 2, broker: 4 } as const;

const SET = 0;
const DELETE = 1;

export const changeSetting = change(
  'write',
  z.strictObject({
    /** 'brokers' is all of them. */
    of: z.enum(['topic', 'broker', 'brokers']),
    /** The topic, or the broker's node id. */
    name: z.string().optional(),
    key: z.string().min(1),
    /** null takes it back. */
    value: z.string().nullable(),
  }),
  async (hands, { of, name = '', key, value }) => {
    const resource = of === 'topic' ? ConfigResource.topic : ConfigResource.broker;
    await alterConfigs(hands, resource, of === 'brokers' ? '' : name, [[key, value]]);
    return { done: value === null ? `${key} was taken back.` : `${key} was set.` };
  },
);

export async function alterConfigs(
  hands: Hands,
  resourceType: number,
  resourceName: string,
  configs: readonly (readonly [string, string | null])[],
): Promise<void> {
  const { responses } = await hands.ask(IncrementalAlterConfigs, 1, {
    resources: [
      {
        resourceType,
        resourceName,
        configs: configs.map(([key, value]) => ({ name: key, configOperation: value === null ? DELETE : SET, value })),
      },
    ],
    validateOnly: false,
  });
  const [{ errorCode, errorMessage }] = responses;
  check(configs.map(([key]) => key).join(', '), errorCode, errorMessage);
}
