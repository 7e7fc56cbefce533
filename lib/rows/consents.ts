/**
 * What administrators allowed, kept for the tenant to see (M-065). Partition: the tenant; row:
 * `consent~{hash of registration, directory and mode}`.
 */
import { hashId } from '../model/ids.js'
import type { PageQuery } from '../model/page.js'
import type { Toolbox } from '../ports/toolbox.js'
import { columnsOf } from './columns.js'
import { pageOfRows } from './page-of-rows.js'

export interface Consent {
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

const prefix = 'consent~'

/** The same again writes the same row. */
export async function saveConsent(deps: Toolbox, tenant: string, consent: Consent): Promise<void> {
  const { mode, registrationId, directory } = consent
  await deps.tables.upsert(deps.names.table('tenants'), {
    ...consent,
    partitionKey: tenant,
    rowKey: `${prefix}${hashId(registrationId, directory, mode)}`,
    v: 1,
    scopes: JSON.stringify(consent.scopes),
  })
}

/** In the order of their keys, which say nothing. */
export async function listConsents(
  deps: Toolbox,
  tenant: string,
  page: PageQuery,
): Promise<{ consents: Consent[]; next: string }> {
  const list = { table: deps.names.table('tenants'), stretches: [{ partition: tenant, prefix }] }
  const { rows, next } = await pageOfRows(deps, list, page)
  const consents = rows.map((row) => {
    const { text, json } = columnsOf(row)
    return {
      mode: text('mode') as Consent['mode'],
      registrationId: text('registrationId'),
      directory: text('directory'),
      administrator: text('administrator'),
      administratorId: text('administratorId'),
      scopes: json<string[]>('scopes', []),
      consentedAt: text('consentedAt'),
    }
  })
  return { consents, next }
}
