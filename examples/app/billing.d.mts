export interface Billing {
  start(): Promise<void>;
  stop(): Promise<void>;
}
export function createBilling(brokers: string[]): Billing;
