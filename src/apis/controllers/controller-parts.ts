/** The parts of a controller's process that handlers on the CONTROLLER listener use. */
import type { ActiveController, ControllerNode } from '../../controllers/controller-node.ts';
import type { Parts } from '../broker-parts.ts';

/** What the process has whether it is the active controller or not; `metadata` is empty where it is not. */
export type ControllerParts = Parts<
  | 'nodeId'
  | 'config'
  | 'layers'
  | 'clock'
  | 'random'
  | 'logger'
  | 'metadata'
  | 'authorizer'
  | 'quotas'
  | 'delegationTokens'
  | 'storeChanges'
> & {
  readonly node: ControllerNode;
};

/** What a handler of a broker uses whose requests are forwarded: the active controller has it, too. */
export type ForwardedParts = Omit<ControllerParts, 'node'> & Parts<'controller' | 'storeChanges'>;

/** What only the active controller has. */
export type ActiveParts = ForwardedParts & { readonly node: ControllerNode; readonly active: ActiveController };
