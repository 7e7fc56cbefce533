/** What is broken now, who must act, what to do: only unhealthy subjects have a row, so the whole list is one cheap query. */
import type { ErrorClass } from '../../errors.js'
import type { AttentionItem, AttentionKind } from '../../model/attention.js'
import type { Row } from '../../ports/tables.js'
import type { Dependencies } from '../common/dependencies.js'

export async function listAttention(deps: Dependencies, tenant: string): Promise<AttentionItem[]> {
  const items: AttentionItem[] = []
  const where: { partition: string } | { partitionRange: [string, string] } =
    tenant === '~' ? { partitionRange: ['0', '~~'] } : { partition: tenant }
  for await (const row of deps.tables.query(deps.names.table('attention'), where)) items.push(fromRow(row))
  // The rows come in the order of their keys, which is kept at equal times.
  return items.sort((a, b) => b.since.localeCompare(a.since))
}

function fromRow(row: Row): AttentionItem {
  const [kind = '', id = ''] = row.rowKey.split('~')
  const text = (column: string): string => String(row[column] ?? '')
  return {
    tenant: row.partitionKey,
    kind: kind as AttentionKind,
    id,
    since: text('since'),
    code: text('code'),
    class: text('class') as ErrorClass,
    whoActs: whoActs(text('class'), text('hint')),
    description: text('description'),
    remedy: text('remedy'),
    peerLine: text('peerLine'),
    mailboxId: text('mailboxId'),
    connectionId: text('connectionId'),
    subject: text('subject'),
  }
}

export function whoActs(errorClass: string, hint: string): string {
  if (errorClass === 'needs-reconnect') return 'Mailbox owner'
  if (errorClass === 'needs-admin') return hint.includes('operator') ? 'Gateway operator' : "Customer's administrator"
  if (hint === 'endpoint') return 'Developers of the application'
  if (hint.includes('bug')) return 'Gateway developers'
  return errorClass === 'permanent' ? 'Sender of the mail' : 'Nobody: retried by itself'
}
