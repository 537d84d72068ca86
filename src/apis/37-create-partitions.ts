/** Adds partitions to topics; they accept writes before the response is sent. */
import { CreatePartitions } from '../../protocol/apis/37-create-partitions.ts';
import { errorMessage } from '../../protocol/errors.ts';
import type { Parts } from './broker-parts.ts';
import { handler } from './handler.ts';
import { mutationQuota } from './mutation-quota.ts';
import { repeatedNames } from './repeated-names.ts';
import { alter } from '../security/needs.ts';

/** From this version on what is above a quota is refused (KIP-599). */
const STRICT_SINCE = 3;

export const createPartitions = handler(CreatePartitions, {
  parts: {
    list: 'topics',
    needs: ({ topics }) => {
      const twice = repeatedNames(topics);
      return ({ name }) => (twice.has(name) ? null : alter.topic(name));
    },
    refused: ({ name }, errorCode) => ({ name, errorCode, errorMessage: null }),
    answers: 'results',
    place: 'first',
  },
  forwarded: true,
  handle: async ({ topics, validateOnly }, context, broker: Parts<'controller' | 'quotas'>) => {
    const { takePermits, settle } = mutationQuota(broker, context, CreatePartitions.name, STRICT_SINCE);
    const results = await broker.controller.createPartitions(topics, { validateOnly, takePermits });
    return { results, throttleTimeMs: settle() };
  },
  refuse: ({ topics }, errorCode) => ({
    results: topics.map(({ name }) => ({ name, errorCode, errorMessage: errorMessage(errorCode) })),
  }),
});
