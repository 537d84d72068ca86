/** Replaces the settings of a resource; settings that the request leaves out return to their defaults. */
import { AlterConfigs } from '../../protocol/apis/33-alter-configs.ts';
import type { RequestOf } from '../../protocol/schema.ts';
import { replaceAll } from '../config/alter.ts';
import {
  alterationParts,
  alterConfigs,
  BROKER_LOGGER,
  configDivision,
  invalidRequest,
  refusedResource,
  type Alteration,
  type ConfigParts,
} from './config-resources.ts';
import { handler } from './handler.ts';

const NOT_OF_LOGGERS = invalidRequest('AlterConfigs cannot change log levels: use IncrementalAlterConfigs');

type Resource = RequestOf<typeof AlterConfigs>['resources'][number];

const alteration =
  ({ configs, resourceType }: Resource): Alteration =>
  () =>
    resourceType === BROKER_LOGGER ? { refusal: NOT_OF_LOGGERS } : replaceAll(configs);

export const alterWholeConfigs = handler(AlterConfigs, {
  parts: alterationParts,
  forwarded: configDivision(AlterConfigs.name, alteration),
  handle: ({ resources, validateOnly }, _context, broker: ConfigParts) =>
    alterConfigs(resources, alteration, validateOnly, broker),
  refuse: ({ resources }, errorCode) => ({ responses: resources.map((one) => refusedResource(one, errorCode)) }),
});
