/** Asks controllers which cluster they belong to (KIP-919): a broker with empty log directories cannot know. */
import { DescribeCluster } from '../../protocol/apis/60-describe-cluster.ts';
import { errorName, ErrorCode } from '../../protocol/errors.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Network } from '../platform/network.ts';
import { RegistrationError } from './broker-lifecycle.ts';
import type { Address } from './controller-quorum.ts';
import { connectPeer } from './peer-client.ts';
import { answerOf } from './within.ts';

export interface AskClusterIdOptions {
  readonly network: Network;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly controllers: readonly Address[];
  readonly timeoutMs: number;
  readonly clientId: string;
}

const VERSION = 1;
const CONTROLLERS = 2;
const ANSWER_MS = 2000;
const AGAIN_MS = 200;

/** @throws {RegistrationError} where none has answered in time */
export async function askClusterId(options: AskClusterIdOptions): Promise<string> {
  const { clock, logger, controllers, timeoutMs } = options;
  const deadlineMs = clock.monotonic() + timeoutMs;
  let why = '';
  for (let turn = 0; ; turn++) {
    const controller = controllers[turn % controllers.length];
    try {
      return await ask(controller, options);
    } catch (error) {
      why = `${controller.host}:${controller.port}: ${(error as Error).message}`;
    }
    if (turn === 0) logger.warn('controllers-not-found', { controller: why, next: 'they are asked again' });
    if (clock.monotonic() >= deadlineMs) {
      throw new RegistrationError(
        `No controller has answered within initial.broker.registration.timeout.ms=${timeoutMs} (${why}); ` +
          'start the controllers, or correct controller.quorum.bootstrap.servers.',
      );
    }
    await new Promise<void>((resolve) => void clock.after(AGAIN_MS, resolve));
  }
}

async function ask(controller: Address, { network, clock, clientId }: AskClusterIdOptions): Promise<string> {
  const client = await connectPeer(network, { ...controller, clientId, timeoutMs: ANSWER_MS });
  try {
    const draft = { includeClusterAuthorizedOperations: false, endpointType: CONTROLLERS };
    const answer = await answerOf(clock, client.send(DescribeCluster, VERSION, draft), ANSWER_MS);
    if (answer.errorCode !== ErrorCode.NONE) throw new Error(`it answers ${errorName(answer.errorCode)}`);
    return answer.clusterId;
  } finally {
    await client.close();
  }
}
