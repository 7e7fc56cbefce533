/**
 * What administrators allowed: one row for each registration, directory and mode, kept for the tenant to see (M-065).
 */

import type { ConnectDependencies } from '../flows/connect/connect-dependencies.js'
import { microsoftScopes } from '../flows/connect/wanted-transports.js'
import { hashId } from '../model/ids.js'
import type { PageQuery } from '../model/page.js'
import type { SignInTarget } from '../model/sign-in.js'
import type { Toolbox } from '../ports/toolbox.js'
import { appScope } from '../protocol/scopes.js'
import { pageOfRows } from './page-of-rows.js'
import type { StoredSignIn } from './sign-ins.js'

export interface ConsentFacts {
  mode: 'delegated' | 'app-only'
  registrationId: string
  /** Id of the Microsoft tenant. */
  directory: string
  /** User name and object id of who allowed it. */
  administrator: string
  administratorId: string
  scopes: string[]
  consentedAt: string
}

/** What the administrator's page asks for. */
export const askedScopes = (target: SignInTarget): string[] =>
  target.consent === 'app-only' ? [appScope('graph')] : microsoftScopes(target).consent

/** Keeps for the tenant who allowed what, where and when; the same again writes the same row. */
export async function recordConsent(deps: ConnectDependencies, signIn: StoredSignIn, scopes: string[]): Promise<void> {
  const { tenant, registrationId, target, identity } = signIn
  const directory = identity?.tenantId ?? ''
  await deps.tables.upsert(deps.names.table('tenants'), {
    partitionKey: tenant,
    rowKey: `consent~${hashId(registrationId, directory, target.consent ?? '')}`,
    v: 1,
    mode: target.consent ?? '',
    registrationId,
    directory,
    administrator: identity?.username ?? '',
    administratorId: identity?.objectId ?? '',
    scopes: JSON.stringify(scopes),
    consentedAt: new Date(deps.clock.now()).toISOString(),
  })
}

/** Of what was asked for, that which the directory showed. */
export function grantedScopes(signIn: StoredSignIn): string[] {
  const named = String(signIn.row['granted'] ?? '')
    .toLowerCase()
    .split(/\s+/)
  return askedScopes(signIn.target).filter((scope) => named.includes(scope.toLowerCase()))
}

/** In the order of their keys, which say nothing. */
export async function listConsents(
  deps: Toolbox,
  tenant: string,
  page: PageQuery,
): Promise<{ consents: ConsentFacts[]; next: string }> {
  const stretch = { partition: tenant, prefix: 'consent~' }
  const { rows, next } = await pageOfRows(deps, deps.names.table('tenants'), [stretch], page)
  const consents = rows.map((row) => ({
    mode: row['mode'] as ConsentFacts['mode'],
    registrationId: String(row['registrationId']),
    directory: String(row['directory']),
    administrator: String(row['administrator']),
    administratorId: String(row['administratorId']),
    scopes: JSON.parse(String(row['scopes'] || '[]')) as string[],
    consentedAt: String(row['consentedAt']),
  }))
  return { consents, next }
}
