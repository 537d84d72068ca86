/** `kafka-acls`: says what to use instead. */
import { CommandError } from '../usage.ts';

export function acls(): Promise<number> {
  return Promise.reject(new CommandError('this image has no tool for ACLs: take the AdminClient of any Kafka client'));
}
