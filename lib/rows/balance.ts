/** How far the check of accepted mail is (flows/ops/check-balance.ts). Table `tenants`, row `~` / `balance`. */
import type { Toolbox } from '../ports/toolbox.js'
import { columnsOf } from './columns.js'

export interface Balance {
  /** When the last look at everything ended, milliseconds; 0 for never. */
  at: number
  /** Mails that did not add up in it. */
  difference: number
  /** Where the present look goes on, as tenant and slice of its mails; both empty at its beginning. */
  cursor: { tenant: string; slice: string }
  /** Mails of that tenant that did not add up so far, and of the tenants before it. */
  ofTenant: number
  ofPass: number
}

const key = { partitionKey: '~', rowKey: 'balance' }

export async function readBalance(deps: Toolbox): Promise<Balance> {
  const row = await deps.tables.get(deps.names.table('tenants'), key.partitionKey, key.rowKey)
  const { text, number } = columnsOf(row)
  const [tenant = '', slice = ''] = text('cursor').split('~')
  return {
    at: number('at'),
    difference: number('difference'),
    cursor: { tenant, slice },
    ofTenant: number('ofTenant'),
    ofPass: number('ofPass'),
  }
}

export async function writeBalance(
  deps: Toolbox,
  { cursor: { tenant, slice }, ...rest }: Omit<Balance, 'at' | 'difference'> & Partial<Balance>,
): Promise<void> {
  const cursor = tenant === '' ? '' : `${tenant}~${slice}`
  await deps.tables.upsert(deps.names.table('tenants'), { ...key, v: 1, ...rest, cursor })
}
