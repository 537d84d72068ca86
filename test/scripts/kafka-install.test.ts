import { describe, expect, test } from 'vitest';
import { mavenPath, mirrorOfCentral, pinnedVersions } from '../../scripts/kafka/install.ts';
import { toolNames } from '../../scripts/kafka/tools.ts';

describe('the jars of Apache Kafka', () => {
  test('stand where a Maven repository keeps them', () => {
    expect(mavenPath('org.apache.kafka:kafka_2.13:4.4.0')).toBe(
      'org/apache/kafka/kafka_2.13/4.4.0/kafka_2.13-4.4.0.jar',
    );
    expect(mavenPath('org.apache.kafka:kafka-server:4.3.1:test')).toBe(
      'org/apache/kafka/kafka-server/4.3.1/kafka-server-4.3.1-test.jar',
    );
  });

  test('are pinned for the newest version and the one before it', () => {
    expect([...pinnedVersions.keys()]).toEqual(['4.4.0', '4.3.1']);
  });

  test.each([...pinnedVersions])(
    'of %s are all pinned by what they hash to, the broker among them',
    (version, jars) => {
      expect(Object.keys(jars)).toContain(`org.apache.kafka:kafka_2.13:${version}`);
      for (const hash of Object.values(jars)) expect(hash).toMatch(/^[0-9a-f]{64}$/);
    },
  );
});

describe("a mirror in Maven's settings", () => {
  const mirror = (of: string, url: string) => `<mirror><mirrorOf>${of}</mirrorOf><url> ${url} </url></mirror>`;

  test('of central is used, by whatever pattern it says so', () => {
    for (const of of ['central', '*', 'external:*', 'central, snapshots']) {
      expect(mirrorOfCentral(`<settings>${mirror(of, 'https://a.example/maven')}</settings>`)).toBe(
        'https://a.example/maven',
      );
    }
  });

  test('of another repository, or all but central, or in a comment, is not', () => {
    const texts = [mirror('snapshots', 'x'), mirror('*,!central', 'x'), `<!-- ${mirror('*', 'x')} -->`, ''];
    for (const text of texts) expect(mirrorOfCentral(text)).toBeNull();
  });
});

test("tools go by the names of Kafka's scripts", () => {
  expect(toolNames).toEqual(expect.arrayContaining(['topics', 'producer-perf-test', 'consumer-groups', 'storage']));
});
