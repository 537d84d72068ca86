/** The library that makes certificates, in a file of its own: whoever needs none never reads it. */
// oxlint-disable-next-line import/no-unassigned-import -- it wants that first
import 'reflect-metadata';

export * from '@peculiar/x509';
