/** A mailbox beside what workers know of it: the rows of its partition, read together. Nothing here is written. */
import type { Mailbox } from '../model/mailbox.js'
import type { PageQuery } from '../model/page.js'
import type { Row } from '../ports/tables.js'
import type { Toolbox } from '../ports/toolbox.js'
import { columnsOf } from './columns.js'
import { type LaneColumns, laneColumns, laneKey } from './lane.js'
import { fromRow, mailboxPartition, mailboxRowKey } from './mailboxes.js'
import { behind, besidePage, pageOfPartitions } from './page-of-rows.js'
import { receivingRowKey } from './receiving-state.js'

/** Times in milliseconds, 0 for never; `problem` in plain words, empty when it works. */
export interface KnownMailbox {
  mailbox: Mailbox
  receiving: { lastSuccessAt: number; lastMailAt: number; failures: number; problem: string }
  sending: LaneColumns & { problem: string }
}

export async function findKnownMailbox(deps: Toolbox, tenant: string, id: string): Promise<KnownMailbox | undefined> {
  const rows: Row[] = []
  for await (const row of deps.tables.query(deps.names.table('mailboxes'), { partition: mailboxPartition(tenant, id) }))
    rows.push(row)
  return knownOf(rows)
}

/** In the order of the ids: three range reads for a page, however much else the tenant has. */
export async function pageOfKnownMailboxes(
  deps: Toolbox,
  tenant: string,
  page: PageQuery,
): Promise<{ found: KnownMailbox[]; next: string }> {
  const table = deps.names.table('mailboxes')
  const { rows, next } = await pageOfPartitions(deps, { table, tenant, rowKey: mailboxRowKey }, page)
  const [lanes, receiving] = await Promise.all([
    besidePage(deps, { table, rows, rowRange: [laneKey, behind(laneKey)] }),
    besidePage(deps, {
      table,
      rows,
      rowRange: [receivingRowKey, behind(receivingRowKey)],
      select: receivingColumns,
    }),
  ])
  const found = rows.flatMap((row) => {
    const beside = [...(lanes.get(row.partitionKey) ?? []), ...(receiving.get(row.partitionKey) ?? [])]
    return knownOf([row, ...beside]) ?? []
  })
  return { found, next }
}

/** All but the cursor, which is most of the row. */
const receivingColumns = ['failures', 'polledAt', 'lastSuccessAt', 'lastMailAt', 'problem']

function knownOf(rows: readonly Row[]): KnownMailbox | undefined {
  const rowOf = (rowKey: string): Row | undefined => rows.find((one) => one.rowKey === rowKey)
  const mailboxRow = rowOf(mailboxRowKey)
  if (mailboxRow === undefined) return undefined
  const receiving = columnsOf(rowOf(receivingRowKey))
  const lane = laneColumns(rowOf(laneKey))
  const failures = receiving.number('failures')
  return {
    mailbox: fromRow(mailboxRow),
    receiving: {
      // An idle poll that went well writes the time of its beginning alone.
      lastSuccessAt: receiving.number(failures === 0 ? 'polledAt' : 'lastSuccessAt'),
      lastMailAt: receiving.number('lastMailAt'),
      failures,
      problem: receiving.text('problem'),
    },
    sending: { ...lane, problem: (lane.gate === 'open' ? lane.failure : lane.gateReason) || lane.refusal },
  }
}
