export function createRetrying(
  brokers: string[],
  charge: (order: { id: number }) => Promise<void>,
): { start(): Promise<void>; stop(): Promise<void> };
