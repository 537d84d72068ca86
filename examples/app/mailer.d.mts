export interface Mail {
  readonly to: string;
}

export function createMailer(
  brokers: string[],
  send: (mail: Mail) => Promise<void>,
): {
  start(): Promise<void>;
  stop(): Promise<void>;
};
