/** An etcd member as one process sees it: what it is told waits while the process is stopped, and is lost when it is dead. */
import type { Channel, StreamListener } from '../../../src/etcd/channel.ts';
import type { SimulatedProcess } from '../simulated-process.ts';

export function channelOf(process: SimulatedProcess, channel: Channel): Channel {
  process.onceEnded(() => channel.close());
  const heard = <Response>(listener: StreamListener<Response>): StreamListener<Response> => ({
    received: (response) => process.deliver(() => listener.received(response)),
    ended: (error) => process.deliver(() => listener.ended(error)),
  });
  return {
    endpoint: channel.endpoint,
    call: (method, request, deadlineMs) =>
      new Promise((resolve, reject) => {
        channel.call(method, request, deadlineMs).then(
          (response) => process.deliver(() => resolve(response)),
          (error: unknown) => process.deliver(() => reject(error)),
        );
      }),
    keepAlive: (listener) => channel.keepAlive(heard(listener)),
    watch: (listener) => channel.watch(heard(listener)),
    close: () => channel.close(),
  };
}
