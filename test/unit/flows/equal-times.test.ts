import { expect, test } from 'vitest'
import { listReceived } from '../../../lib/flows/receive/received-list.js'
import { listConnectionFacts } from '../../../lib/flows/tokens/list-connection-facts.js'
import { newId } from '../../../lib/model/ids.js'
import { connectionToRow } from '../../../lib/rows/connections.js'
import { mailboxPartition, toRow } from '../../../lib/rows/mailboxes.js'
import { listKey, receivedKey } from '../../../lib/rows/received.js'
import { everyAttention, everyNotImported } from '../../support/general/every.js'
import { sampleConnection } from '../../support/general/sample-connection.js'
import { sampleMailbox } from '../../support/general/sample-mailbox.js'
import { memoryStores } from '../../support/storage/memory-stores.js'

const at = Date.parse('2026-01-31T08:00:00Z')

test('M-107: lists have one order at equal times, whatever was stored first, page by page or whole', async () => {
  const ids = Array.from({ length: 12 }, () => newId())
  const mailbox = sampleMailbox()
  const connections = ids.map((id) => ({
    ...sampleConnection({ mode: 'delegated', provider: 'microsoft', username: 'ana@contoso.example' }),
    id,
  }))
  const listed = async (order: string[]) => {
    const deps = await memoryStores({ now: () => at, sleep: async () => {} })
    const { tables, names } = deps
    await tables.insert(names.table('mailboxes'), toRow(mailbox))
    const partitionKey = mailboxPartition(mailbox.tenant, mailbox.id)
    for (const id of order) {
      await tables.insert(names.table('received'), { partitionKey, rowKey: listKey(at, id), v: 1, h: id })
      const state = { state: 'quarantined', receivedAt: at }
      await tables.insert(names.table('received'), { partitionKey, rowKey: receivedKey(id), v: 1, ...state })
      const since = new Date(at).toISOString()
      await tables.insert(names.table('attention'), { partitionKey: 'acme', rowKey: `message~${id}`, v: 1, since })
      await tables.insert(names.table('connections'), connectionToRow(connections.find((one) => one.id === id)!))
    }
    const pages: string[] = []
    for (let after = ''; ; ) {
      const page = await listReceived(deps, { tenant: mailbox.tenant, mailboxId: mailbox.id }, { limit: 5, after })
      pages.push(...page.mails.map(({ id }) => id))
      if (page.next === '') break
      after = page.next
    }
    const whole = await listReceived(deps, { tenant: mailbox.tenant, mailboxId: mailbox.id }, { limit: 50 })
    expect(pages).toEqual(whole.mails.map(({ id }) => id))
    const notImported = await everyNotImported(deps, mailbox.tenant, mailbox.id)
    const facts = await listConnectionFacts(deps, 'acme', { limit: 50 })
    return [
      pages,
      ...[notImported, await everyAttention(deps, 'acme'), facts.connections].map((rows) => rows.map(({ id }) => id)),
    ]
  }
  const one = await listed(ids)
  for (const list of one) expect(list).toEqual(ids.toSorted())
  expect(await listed(ids.toReversed())).toEqual(one)
})
