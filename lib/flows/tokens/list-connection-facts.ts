/**
 * How long each connection of a tenant still lives (M-086): when its authority was last renewed, when that happens
 * next, and when it would end if nobody did anything any more. Read from the rows that decide; nothing is kept twice.
 */
import type { Connection } from '../../model/connection.js'
import type { PageQuery } from '../../model/page.js'
import { providerFacts } from '../../model/providers.js'
import type { Toolbox } from '../../ports/toolbox.js'
import type { StoredConnection } from '../../rows/connections.js'
import { mapInBatches } from '../../rows/delete-rows.js'
import { readDueAt } from '../../rows/due.js'
import { findAuthority, pageOfAuthorities, type ShownGrant } from '../../rows/grants.js'
import { findClient } from './registrations.js'

export interface ConnectionFacts extends Connection {
  /** ISO dates; empty when there is none, always of a password. */
  lastRefresh: string
  nextRefresh: string
  /** Refreshes that failed in a row, and the code of the latest. */
  failures: number
  failureCode: string
  projectedDeath: { at: string; why: 'unused' | 'client-secret' | 'certificate' } | null
}

export async function readConnectionFacts(
  deps: Toolbox,
  tenant: string,
  id: string,
): Promise<ConnectionFacts | undefined> {
  const found = await findAuthority(deps, tenant, id)
  return found && factsOf(deps, found)
}

/** In the order of their ids. */
export async function listConnectionFacts(
  deps: Toolbox,
  tenant: string,
  page: PageQuery,
): Promise<{ connections: ConnectionFacts[]; next: string }> {
  const { found, next } = await pageOfAuthorities(deps, tenant, page)
  return { connections: await mapInBatches(found, (one) => factsOf(deps, one)), next }
}

async function factsOf(
  deps: Toolbox,
  { connection: { etag: _, ...connection }, grant }: { connection: StoredConnection; grant: ShownGrant | undefined },
): Promise<ConnectionFacts> {
  const renews = connection.mode !== 'password'
  const lastRefresh = renews ? (grant?.refreshedAt ?? 0) : 0
  return {
    ...connection,
    lastRefresh: iso(lastRefresh),
    nextRefresh: renews
      ? iso(await readDueAt(deps, { kind: 'grant', tenant: connection.tenant, id: connection.id }))
      : '',
    failures: grant?.failures ?? 0,
    failureCode: grant?.failureCode ?? '',
    projectedDeath: await projectedDeath(deps, connection, lastRefresh),
  }
}

/** Null when it is dead already, has nothing that ends, or nobody knows. */
async function projectedDeath(
  deps: Toolbox,
  { state, mode, provider, tenant, registrationId }: Connection,
  lastRefresh: number,
): Promise<ConnectionFacts['projectedDeath']> {
  if (state === 'needs-reconnect' || state === 'removed' || registrationId === '') return null
  const unused = providerFacts[provider].unusedLifeMs
  const ends: NonNullable<ConnectionFacts['projectedDeath']>[] = []
  if (mode === 'delegated' && unused !== undefined && lastRefresh > 0)
    ends.push({ at: iso(lastRefresh + unused), why: 'unused' })
  const found = await findClient(deps, { tenant, id: registrationId }).catch(() => undefined)
  const secretEnds = Date.parse(found?.registration.secretExpiresAt ?? '')
  const isCertificate = found?.registration.credential === 'private-key'
  if (!Number.isNaN(secretEnds))
    ends.push({ at: iso(secretEnds), why: isCertificate ? 'certificate' : 'client-secret' })
  return ends.sort((a, b) => a.at.localeCompare(b.at))[0] ?? null
}

const iso = (ms: number): string => (ms > 0 && Number.isFinite(ms) ? new Date(ms).toISOString() : '')
