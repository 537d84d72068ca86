/** How people who look at brokers ask them: as clients do, each at the broker that leads or coordinates what they ask about. */
import type { RunningBroker } from '../broker/broker.ts';
import type { ViewedNodes } from './broker-view.ts';

type Listeners = RunningBroker['listeners'];
export type People = Listeners['people'];
export type PersonSession = Parameters<Listeners['enter']>[0];
export type Authorizer = RunningBroker['parts']['authorizer'];
export type InnerClient = ReturnType<Listeners['enter']>;

/** What a request is about, where it is not any broker's. */
export type Asked =
  | { readonly topic: string; readonly partition: number }
  | { readonly group: string }
  | { readonly transactionalId: string };

export interface BrokerDoor {
  /** Who may come, and how they say who they are. */
  readonly people: People;
  /** Null where everybody may do everything. */
  readonly authorizer: Authorizer;
  /** A client of the broker that has to be asked; whoever has it closes it. */
  enter(session: PersonSession, asked: Asked | undefined): InnerClient;
}

const CLIENT_ID = 'ottla-page';

export function doorOf(nodes: ViewedNodes): BrokerDoor {
  return {
    get people() {
      return nodes.any.listeners.people;
    },
    get authorizer() {
      return nodes.any.parts.authorizer;
    },
    enter: (session, asked) => brokerFor(nodes, asked).listeners.enter(session, CLIENT_ID),
  };
}

/** Where the right one does not run, any other says so. */
function brokerFor(nodes: ViewedNodes, asked: Asked | undefined): RunningBroker {
  const { any } = nodes;
  if (asked === undefined) return any;
  const { groups, transactions } = any.parts;
  const [topic, partition] =
    'topic' in asked
      ? [asked.topic, asked.partition]
      : 'group' in asked
        ? ['__consumer_offsets', groups.partitionFor(asked.group)]
        : ['__transaction_state', transactions.partitionFor(asked.transactionalId)];
  const leader = nodes.image.topicsByName.get(topic)?.partitions[partition]?.leader;
  return (leader === undefined ? undefined : nodes.get(leader)) ?? any;
}
