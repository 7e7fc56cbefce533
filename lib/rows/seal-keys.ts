/**
 * The key that seals values outside the vault: one per month, made by whoever needs it first. The vault knows no
 * "create unless present", so two processes may write two versions; the row `setting~seal-{yyyymm}`, inserted after the
 * vault write, says which one counts. A new month's key is made when the month begins but seals only from a quarter of
 * an hour later: by then every process has read it (they read again after ten minutes). The month before still opens.
 */
import { randomBytes } from 'node:crypto'
import { GatewayError, RowExistsError } from '../errors.js'
import type { Sealer } from '../model/sealer.js'
import type { Toolbox } from '../ports/toolbox.js'
import { type SealKey, sealer } from '../protocol/seal.js'
import { Secret } from '../secret.js'
import { columnsOf } from './columns.js'

const keptForMs = 10 * 60_000
const sealsAfterMs = 15 * 60_000

/** The deployment's sealer, kept for ten minutes per process; concurrent callers share one load. */
export function sealKeys(deps: Toolbox): Promise<Sealer> {
  const now = deps.clock.now()
  const { memory } = deps
  if (memory.sealer && now < memory.sealer.until) return memory.sealer.value
  const loading = load(deps, now)
  const entry = { until: Math.min(now + keptForMs, startOfNextMonth(now)), value: loading }
  memory.sealer = entry
  loading.catch(() => {
    if (memory.sealer === entry) memory.sealer = undefined
  })
  return loading
}

async function load(deps: Toolbox, now: number): Promise<Sealer> {
  const sealing = monthOf(now - sealsAfterMs)
  const coming = monthOf(now)
  const keys: (SealKey | undefined)[] = [await read(deps, sealing, true), await read(deps, monthBefore(sealing), false)]
  if (coming !== sealing) keys.push(await read(deps, coming, true))
  return sealer(keys.filter((key) => key !== undefined))
}

async function read(deps: Toolbox, month: string, makeIt: boolean): Promise<SealKey | undefined> {
  let version = await findVersion(deps, month)
  if (version === '') {
    if (!makeIt) return undefined
    const made = await deps.vault.set(deps.names.sealKey(month), new Secret(randomBytes(32).toString('base64')))
    await insertVersion(deps, month, made)
    version = await findVersion(deps, month)
  }
  const stored = await deps.vault.get(deps.names.sealKey(month), version)
  const key = Buffer.from(stored?.value.reveal() ?? '', 'base64')
  if (key.length === 32) return { id: month, key }
  throw new GatewayError('seal_key_missing', 'needs-admin', {
    hint: 'operator',
    description: 'The key that seals stored values is no longer in the vault.',
    remedy: 'Recover the deleted secret in the vault; without it, people must connect their mailboxes again.',
  })
}

const rowKeyOf = (month: string): string => `setting~seal-${month}`

/** Empty when the month has none. */
async function findVersion(deps: Toolbox, month: string): Promise<string> {
  return columnsOf(await deps.tables.get(deps.names.table('tenants'), '~', rowKeyOf(month))).text('version')
}

/** One that another process inserted stays. */
async function insertVersion(deps: Toolbox, month: string, version: string): Promise<void> {
  try {
    await deps.tables.insert(deps.names.table('tenants'), {
      partitionKey: '~',
      rowKey: rowKeyOf(month),
      v: 1,
      version,
    })
  } catch (error) {
    if (!(error instanceof RowExistsError)) throw error
  }
}

const monthOf = (ms: number): string => new Date(ms).toISOString().slice(0, 7).replace('-', '')

function monthBefore(month: string): string {
  return monthOf(Date.UTC(Number(month.slice(0, 4)), Number(month.slice(4)) - 2, 1))
}

function startOfNextMonth(now: number): number {
  const at = new Date(now)
  return Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1, 1)
}
