import { describe, expect, it } from 'vitest';
import { parseExchangeQuery, type SearchedExchange } from '../../src/insight/exchange-query.ts';
import { faultCodeOf } from '../../src/insight/fault-code.ts';
import { parseMessageQuery } from '../../src/insight/message-query.ts';

const exchange = (over: Partial<SearchedExchange> = {}): SearchedExchange => ({
  number: 7,
  at: Date.parse('2026-02-01T10:00:00Z'),
  api: 'Produce',
  clientId: 'billing-1',
  outcome: 'answered',
  durationMs: 12.4,
  faults: [],
  errors: [],
  topics: [{ topic: 'orders', partition: 0 }],
  groups: [],
  transactionalIds: [],
  request: { acks: -1, topicData: [{ name: 'orders', records: Buffer.from('x') }], producerId: 5n },
  ...over,
});

const fits = (query: string, over: Partial<SearchedExchange> = {}): boolean =>
  parseExchangeQuery(query)(exchange(over));

describe('a search of requests', () => {
  it('finds words and fields; all that is said must hold', () => {
    expect(fits('')).toBe(true);
    expect(fits('prod BILLING orders')).toBe(true);
    expect(fits('prod payments')).toBe(false);
    expect(fits('api=Produce client:billing topic=orders partition:0 number>6')).toBe(true);
    expect(fits('api=Prod')).toBe(false);
    expect(fits('took>=12 took<13 time>2026-02-01')).toBe(true);
    expect(fits('took>0', { durationMs: null })).toBe(false);
    expect(fits('json.acks=-1 json.topicData[0].name:ord')).toBe(true);
    expect(fits('json.producerId=5 json.topicData[0].records=x')).toBe(true);
  });

  it('finds any error and any fault', () => {
    expect(fits('error:any')).toBe(false);
    expect(fits('error:any error:NOT_LEADER', { errors: [{ error: 'NOT_LEADER_OR_FOLLOWER', about: '' }] })).toBe(true);
    expect(fits('fault:any', { faults: ['fault 1: reply'] })).toBe(true);
  });

  it('is refused at its place, with the place to look in where there is one', () => {
    const refused = (query: string, parse: (query: string) => unknown = parseExchangeQuery) => {
      try {
        parse(query);
      } catch (error) {
        return error;
      }
      return null;
    };
    expect(refused('x apii:1')).toMatchObject({ at: 2, message: expect.stringContaining("there is no field 'apii'") });
    expect(refused('key:1')).toMatchObject({ at: 0, message: expect.stringContaining('a field of messages') });
    expect(refused('api>1')).toMatchObject({ message: expect.stringContaining('api is text') });
    expect(refused('client:a', parseMessageQuery)).toMatchObject({ message: expect.stringContaining('of requests') });
  });
});

describe('a request as a fault', () => {
  it('strikes the next one like it with what came of this one', () => {
    const errors = [{ error: 'UNKNOWN_PRODUCER_ID' }];
    expect(faultCodeOf(exchange({ errors: errors.map((each) => ({ ...each, about: '' })) }))).toEqual({
      line: "kafka.faults.on('Produce', { topic: 'orders', partition: 0, clientId: 'billing-1' }).reply('UNKNOWN_PRODUCER_ID').once();",
      json: '{"on":"Produce","topic":"orders","partition":0,"clientId":"billing-1","reply":"UNKNOWN_PRODUCER_ID","times":1}',
    });
    expect(faultCodeOf(exchange({ outcome: 'lost' })).line).toContain('.dropResponse().once()');
    expect(faultCodeOf(exchange({ durationMs: 2600 })).line).toContain(".delay('3s').once()");
  });

  it('is code whatever names say', () => {
    const { line } = faultCodeOf(exchange({ clientId: `it's "so"\n`, topics: [] }));
    expect(line).toBe(
      `kafka.faults.on('Produce', { clientId: 'it\\'s "so"\\n' }).reply('NOT_LEADER_OR_FOLLOWER').once();`,
    );
  });
});
