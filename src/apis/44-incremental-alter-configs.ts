/** Changes the settings of a resource that the request names, and keeps the others (KIP-339). */
import { IncrementalAlterConfigs } from '../../protocol/apis/44-incremental-alter-configs.ts';
import { applyOperations, type Operation } from '../config/alter.ts';
import {
  alterationParts,
  alterConfigs,
  divideConfigs,
  joinConfigs,
  refusedResource,
  type Alteration,
  type ConfigParts,
} from './config-resources.ts';
import { handler } from './handler.ts';

const alteration =
  ({ configs }: { readonly configs: readonly Operation[] }): Alteration =>
  (current, rowOf, inForce) =>
    applyOperations(current, configs, rowOf, inForce);

/** Levels of loggers are this process's own, and stay in it, and so are its listeners' stores; all else is the cluster's. */
export const incrementalAlterConfigs = handler(IncrementalAlterConfigs, {
  parts: alterationParts,
  forwarded: {
    async divide({ resources, validateOnly }, broker: ConfigParts) {
      const { here, there } = await divideConfigs(resources, alteration, validateOnly, broker);
      return {
        here: here.length === 0 ? null : { resources: here, validateOnly },
        there: here.length > 0 && there.length === 0 ? null : { resources: there, validateOnly },
      };
    },
    join: ({ resources }, here, there) => ({
      ...there,
      responses: joinConfigs(resources, here.responses, there.responses),
    }),
  },
  handle: ({ resources, validateOnly }, _context, broker: ConfigParts) =>
    alterConfigs(resources, alteration, validateOnly, broker),
  refuse: ({ resources }, errorCode) => ({ responses: resources.map((one) => refusedResource(one, errorCode)) }),
});
