/** Adds partitions to topics; they accept writes before the response is sent. */
import { CreatePartitions } from '../../protocol/apis/37-create-partitions.ts';
import { errorMessage } from '../../protocol/errors.ts';
import type { Parts } from './broker-parts.ts';
import { handler } from './handler.ts';
import { repeatedNames } from './repeated-names.ts';
import { alter } from '../security/needs.ts';

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
  handle: async ({ topics, validateOnly }, _context, { controller }: Parts<'controller'>) => ({
    results: await controller.createPartitions(topics, { validateOnly }),
  }),
  refuse: ({ topics }, errorCode) => ({
    results: topics.map(({ name }) => ({ name, errorCode, errorMessage: errorMessage(errorCode) })),
  }),
});
