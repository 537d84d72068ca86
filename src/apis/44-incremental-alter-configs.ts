/** Changes the settings of a resource that the request names, and keeps the others (KIP-339). */
import { IncrementalAlterConfigs } from '../../protocol/apis/44-incremental-alter-configs.ts';
import type { RequestOf } from '../../protocol/schema.ts';
import { applyOperations } from '../config/alter.ts';
import {
  alterationParts,
  alterConfigs,
  configDivision,
  refusedResource,
  type Alteration,
  type ConfigParts,
} from './config-resources.ts';
import { handler } from './handler.ts';

type Resource = RequestOf<typeof IncrementalAlterConfigs>['resources'][number];

const alteration =
  ({ configs }: Resource): Alteration =>
  (current, rowOf, inForce) =>
    applyOperations(current, configs, rowOf, inForce);

/** Levels of loggers are this process's own, and stay in it, and so are its listeners' stores; all else is the cluster's. */
export const incrementalAlterConfigs = handler(IncrementalAlterConfigs, {
  parts: alterationParts,
  forwarded: configDivision(IncrementalAlterConfigs.name, alteration),
  handle: ({ resources, validateOnly }, _context, broker: ConfigParts) =>
    alterConfigs(resources, alteration, validateOnly, broker),
  refuse: ({ resources }, errorCode) => ({ responses: resources.map((one) => refusedResource(one, errorCode)) }),
});
