/**
 * Somebody wants what is in quarantine: a row beside the mailbox's `receiving` says since when, and a worker polls at
 * once. The poll takes every mail that went into quarantine before into the list of those that stand aside, from which
 * it is tried after all others, named before it is touched: from the bytes that were kept, else it is fetched again.
 * One that ended the process before needs to do it only once more to be back in quarantine, so that importing never
 * goes round.
 */
import { RowChangedError, RowMissingError } from '../../errors.js'
import type { Mailbox } from '../../model/mailbox.js'
import type { Row } from '../../ports/tables.js'
import type { Toolbox } from '../../ports/toolbox.js'
import type { Lease } from '../../rows/lease.js'
import { getMailbox, mailboxPartition } from '../../rows/mailboxes.js'
import { columnsOf, importRowKey, sourceOf } from '../../rows/receiving-state.js'
import { type AsideMail, deathsAlone, longestAside, newAside } from './aside.js'
import type { Progress } from './fetch-mails.js'
import { pollNow } from './poll-now.js'
import type { ReceiveDependencies } from './receive-dependencies.js'
import { showQuarantine } from './tell-quarantined.js'

export interface ImportAnswer {
  /** Mails that a worker tries within seconds. */
  importing: number
  /** Mails that nobody can fetch any more: of another server, account or folder than the mailbox has today. */
  outOfReach: number
}

/** Room in the list for mails that are refused meanwhile. */
const longestImports = longestAside / 2
/** Storage tells its time in whole seconds now and then. */
const clockStepMs = 1_000

export async function importMails(deps: Toolbox, tenant: string, mailboxId: string): Promise<ImportAnswer> {
  const mailbox = await getMailbox(deps, tenant, mailboxId)
  const askedAt = (await deps.tables.serverNow()) + clockStepMs
  const answer: ImportAnswer = { importing: 0, outOfReach: 0 }
  for await (const row of quarantinedBefore(deps, mailbox, askedAt))
    answer[canImport(mailbox, row) ? 'importing' : 'outOfReach'] += 1
  if (answer.importing === 0) {
    await showQuarantine(deps, mailbox)
    return answer
  }
  await deps.tables.upsert(deps.names.table('mailboxes'), {
    partitionKey: mailboxPartition(tenant, mailboxId),
    rowKey: importRowKey,
    v: 1,
    askedAt,
  })
  await pollNow(deps, tenant, mailboxId)
  return answer
}

/** `asked`: the row as read. It stays while the list has no room for all. */
export async function takeUpImports(
  deps: ReceiveDependencies,
  mailbox: Mailbox,
  { asked, lease, progress }: { asked: Row; lease: Lease; progress: Progress },
): Promise<void> {
  const askedAt = Number(asked['askedAt'] ?? 0)
  const aside = [...progress.aside]
  let isAll = true
  for await (const row of quarantinedBefore(deps, mailbox, askedAt)) {
    if (!canImport(mailbox, row)) continue
    const serverId = String(row['serverId'])
    if (aside.some((one) => one.serverId === serverId)) continue
    isAll = JSON.stringify(aside).length < longestImports
    if (!isAll) break
    aside.push(toImport(serverId, row, { askedAt, now: deps.clock.now() }))
  }
  await lease.write(await columnsOf(deps, mailbox, { aside, source: sourceOf(mailbox) }))
  progress.aside = aside
  if (!isAll) return
  try {
    await deps.tables.remove(deps.names.table('mailboxes'), asked.partitionKey, importRowKey, asked.etag)
  } catch (error) {
    // Somebody asked again meanwhile: the next poll looks once more.
    if (!(error instanceof RowChangedError || error instanceof RowMissingError)) throw error
  }
}

function toImport(serverId: string, row: Row, { askedAt, now }: { askedAt: number; now: number }): AsideMail {
  const deaths = row['code'] === 'mail_killed_poll' ? deathsAlone - 1 : 0
  return { ...newAside(serverId, now), deaths, code: String(row['code'] ?? ''), askedAt }
}

function quarantinedBefore(deps: Toolbox, { tenant, id }: Mailbox, before: number): AsyncIterable<Row> {
  return deps.tables.query(deps.names.table('received'), {
    partition: mailboxPartition(tenant, id),
    rowRange: ['h~', 'h~~'],
    where: [
      { column: 'state', is: 'eq', value: 'quarantined' },
      { column: 'quarantinedAt', is: 'lt', value: before },
    ],
  })
}

/** An id of another server may be that of another mail here. */
const canImport = (mailbox: Mailbox, row: Row): boolean =>
  String(row['serverId'] ?? '') !== '' && row['source'] === sourceOf(mailbox)
