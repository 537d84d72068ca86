/** What CreateAcls, DeleteAcls and filters make of the ACLs. */
import { describe, expect, test } from 'vitest';
import { Reader } from '../../protocol/reader.ts';
import { emptyImage, type ClusterImage } from '../../src/cluster/image.ts';
import { recordsOf } from '../../src/cluster/image-records.ts';
import { replay } from '../../src/cluster/image-replay.ts';
import { encodeRecord, readRecord, type MetadataDraft } from '../../src/cluster/metadata-records.ts';
import { finish } from '../../src/platform/pieces.ts';
import { createAcls, deleteAcls, type NewAcl } from '../../src/security/acls/alteration.ts';
import { Operation, Pattern, Permission, Resource } from '../../src/security/acls/codes.ts';
import type { AclFilter } from '../../src/security/acls/filter.ts';
import { anyAcl } from '../apis/any-acl.ts';
import { READ_ORDERS } from './read-orders.ts';

const acl = (differing: Partial<NewAcl> = {}): NewAcl => ({ ...READ_ORDERS, ...differing });

function after(image: ClusterImage, records: readonly MetadataDraft[]): ClusterImage {
  return replay(
    image,
    records.map((record) => readRecord(new Reader(encodeRecord(record)))),
    image.revision + records.length,
  );
}

let ids = 0;
const newId = () => Buffer.from(String(++ids).padStart(16, 'x')).toString('base64url');
const options = { metadataVersion: 33, newId };

function created(acls: readonly NewAcl[], image = emptyImage('c'), metadataVersion = 33) {
  const { results, records } = finish(createAcls(acls, image.accessControlEntries, { metadataVersion, newId }));
  return { results, image: after(image, records), records };
}

describe('creating', () => {
  test('an ACL is kept, and comes back out of a snapshot', () => {
    const { results, image } = created([acl(), acl({ principal: 'User:bob' })]);
    expect(results.map(({ errorCode }) => errorCode)).toEqual([0, 0]);
    expect(image.accessControlEntries.size).toBe(2);
    const again = after(emptyImage('c'), recordsOf(image));
    expect([...again.accessControlEntries]).toEqual([...image.accessControlEntries]);
  });

  test('one that is there already, or that comes twice, changes nothing', () => {
    const { image, records } = created([acl(), acl()]);
    expect(records).toHaveLength(1);
    expect(created([acl()], image)).toMatchObject({ results: [{ errorCode: 0 }], records: [] });
  });

  test.each([
    [{ resourceName: '' }, 'Invalid empty resource name'],
    [{ resourceType: Resource.CLUSTER }, 'The only valid name for the CLUSTER resource is kafka-cluster'],
    [{ resourceType: 99 }, 'Invalid resourceType UNKNOWN'],
    [{ resourceType: Resource.ANY }, 'Invalid resourceType ANY'],
    [{ patternType: Pattern.MATCH }, 'Invalid patternType MATCH'],
    [{ operation: Operation.ANY }, 'Invalid operation ANY'],
    [{ operation: 16 }, 'Invalid operation UNKNOWN'],
    [{ permissionType: 9 }, 'Invalid permissionType UNKNOWN'],
    [
      { principal: 'alice' },
      'Could not parse principal from `alice` (no colon is present separating the principal type from the principal name)',
    ],
    [{ host: '' }, 'Host pattern cannot be null or empty'],
    [{ host: '10.0.0.0/33' }, "Invalid CIDR notation '10.0.0.0/33'"],
    [{ host: 'here/8' }, "Invalid CIDR notation 'here/8'"],
  ])('%j is refused, and the others are created', (wrong, errorMessage) => {
    const { results, records } = created([acl(wrong), acl()]);
    expect(results).toEqual([
      { errorCode: 42, errorMessage },
      { errorCode: 0, errorMessage: null },
    ]);
    expect(records).toHaveLength(1);
  });

  test('a block of addresses needs metadata.version 4.4-IV1', () => {
    expect(created([acl({ host: '10.0.0.0/8' })]).results).toMatchObject([{ errorCode: 0 }]);
    expect(created([acl({ host: '10.0.0.0/8' })], emptyImage('c'), 31).results).toMatchObject([{ errorCode: 35 }]);
  });

  test('more than 10,000 at once are refused whole', () => {
    const many = Array.from({ length: 10_001 }, (_, i) => acl({ resourceName: `t${i}` }));
    const { results, records } = created(many);
    expect(records).toEqual([]);
    expect(new Set(results.map(({ errorCode }) => errorCode))).toEqual(new Set([44]));
    expect(finish(createAcls(many.slice(1), new Map(), options)).records).toHaveLength(10_000);
  });
});

describe('deleting', () => {
  const { image } = created([
    acl(),
    acl({ resourceName: 'ord', patternType: Pattern.PREFIXED }),
    acl({ resourceName: '*', operation: Operation.WRITE }),
    acl({ resourceType: Resource.GROUP, resourceName: 'orders', principal: 'User:bob', host: '10.0.0.1' }),
    acl({ resourceName: 'other', permissionType: Permission.DENY }),
  ]);
  const found = (filter: Partial<AclFilter>): string[] => {
    const { results } = finish(deleteAcls([{ ...anyAcl, ...filter }], image.accessControlEntries));
    return results[0].matchingAcls.map(({ resourceType, resourceName }) => `${resourceType}:${resourceName}`);
  };

  test.each<[Partial<AclFilter>, string[]]>([
    [{}, ['2:orders', '2:ord', '2:*', '3:orders', '2:other']],
    [{ resourceTypeFilter: Resource.GROUP }, ['3:orders']],
    [{ resourceNameFilter: 'orders' }, ['2:orders', '3:orders']],
    [{ resourceNameFilter: 'orders', patternTypeFilter: Pattern.LITERAL }, ['2:orders', '3:orders']],
    [{ resourceNameFilter: 'orders', patternTypeFilter: Pattern.MATCH }, ['2:orders', '2:ord', '2:*', '3:orders']],
    [{ patternTypeFilter: Pattern.PREFIXED }, ['2:ord']],
    [{ principalFilter: 'User:bob' }, ['3:orders']],
    [{ hostFilter: '10.0.0.1' }, ['3:orders']],
    [{ operation: Operation.WRITE }, ['2:*']],
    [{ permissionType: Permission.DENY }, ['2:other']],
  ])('%j means %j', (filter, wanted) => {
    expect(found(filter)).toEqual(wanted);
  });

  test('an ACL that fits two filters is told of twice, and deleted once', () => {
    const { results, records } = finish(deleteAcls([anyAcl, anyAcl], image.accessControlEntries));
    expect(results.map(({ matchingAcls }) => matchingAcls.length)).toEqual([5, 5]);
    expect(records).toHaveLength(5);
    expect(after(image, records).accessControlEntries.size).toBe(0);
  });

  test('filters that fit all ACLs again and again are refused whole: a small request would have an answer without end', () => {
    const many = created(Array.from({ length: 10_000 }, (_, i) => acl({ resourceName: `t${i}` }))).image;
    const deleted = (filters: number) =>
      finish(
        deleteAcls(
          Array.from({ length: filters }, () => anyAcl),
          many.accessControlEntries,
        ),
      );
    expect(deleted(10).records).toHaveLength(10_000);
    const { results, records } = deleted(11);
    expect(records).toEqual([]);
    expect(results).toHaveLength(11);
    for (const result of results) expect(result).toMatchObject({ errorCode: 44, matchingAcls: [] });
  });

  test('a filter by codes that nothing has is refused', () => {
    const { results } = finish(deleteAcls([{ ...anyAcl, operation: 77 }], image.accessControlEntries));
    expect(results).toEqual([{ errorCode: 42, errorMessage: 'Unknown entryFilter.', matchingAcls: [] }]);
  });
});
