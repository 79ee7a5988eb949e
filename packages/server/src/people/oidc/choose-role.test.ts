import { expect, test } from 'vitest';
import { type Claims, chooseRole } from './choose-role.ts';
import type { RoleRule } from './settings.ts';

const rules: readonly RoleRule[] = [
  { claim: 'groups', value: 'banned', role: null },
  { claim: 'groups', value: 'comfyui-admins', role: 'admin' },
  { claim: 'realm_access.roles', value: 'ops', role: 'operator' },
  { claim: 'https://example.com/role', value: 'ops', role: 'operator' },
  { claim: 'email', value: 'ada@example.com', role: 'member' },
  { claim: 'staff', value: true, role: 'viewer' },
];
const settings = { roles: rules, defaultRole: null };

test.each<[string, Claims, string | null]>([
  ['nothing', {}, null],
  ['a list that has the value', { groups: ['x', 'comfyui-admins'] }, 'admin'],
  ['the value itself', { groups: 'comfyui-admins' }, 'admin'],
  ['only a part of the value', { groups: ['comfyui-admins-2', 'xcomfyui-admins'] }, null],
  ['another case of the value', { groups: ['Comfyui-Admins'] }, null],
  ['a first rule that refuses', { groups: ['comfyui-admins', 'banned'] }, null],
  ['a claim within objects', { realm_access: { roles: ['ops'] } }, 'operator'],
  ['a claim with dots in its name', { 'https://example.com/role': 'ops' }, 'operator'],
  ['a text where the rule has a boolean', { staff: 'true' }, null],
  ['a boolean', { staff: true }, 'viewer'],
  ['a verified address', { email: 'ada@example.com', email_verified: true }, 'member'],
  ['an address that nobody verified', { email: 'ada@example.com' }, null],
  ['an address said to be verified by a text', { email: 'ada@example.com', email_verified: 'true' }, null],
  ['nothing on the way', { realm_access: null }, null],
  ['what every object has', { realm_access: 'text' }, null],
])('claims with %s', (_title, claims, role) => {
  expect(chooseRole(settings, claims)).toBe(role);
});

test('whom no rule matches has the default role', () => {
  expect(chooseRole({ roles: rules, defaultRole: 'viewer' }, {})).toBe('viewer');
  expect(chooseRole({ roles: rules, defaultRole: 'viewer' }, { groups: ['banned'] })).toBeNull();
});

test.each(['__proto__.x', 'constructor.name', 'toString'])('%s is no claim', (claim) => {
  const roles: RoleRule[] = [{ claim, value: 'Object', role: 'admin' }];
  expect(chooseRole({ roles, defaultRole: null }, { x: 1 })).toBeNull();
});
