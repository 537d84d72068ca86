/** One of the brokers that clients of a cluster elsewhere see. */
import type { StopOptions, TestNode } from '../testing/test-node.ts';
import type { ControlPort } from './control-port.ts';

export type NodeJson = Omit<TestNode, 'stop' | 'start'>;

export class RemoteNode implements TestNode {
  readonly nodeId: number;
  readonly #port: ControlPort;

  constructor(port: ControlPort, nodeId: number) {
    this.#port = port;
    this.nodeId = nodeId;
  }

  get port(): number {
    return this.#told.port;
  }

  get address(): string {
    return this.#told.address;
  }

  get isRunning(): boolean {
    return this.#told.isRunning;
  }

  async stop(options: StopOptions = {}): Promise<void> {
    await this.#port.call('POST', `/brokers/${this.nodeId}/stop`, options);
  }

  async start(): Promise<void> {
    await this.#port.call('POST', `/brokers/${this.nodeId}/start`);
  }

  get #told(): NodeJson {
    return this.#port.get<NodeJson[]>('/brokers').find(({ nodeId }) => nodeId === this.nodeId)!;
  }
}
