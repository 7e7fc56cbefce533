/** A received mail is one record: written with its place in the list, changed under its ETag, removed with both. */
import { expect, test } from 'vitest'
import { everyRow } from '../../../lib/model/page.js'
import {
  changeReceived,
  findReceived,
  insertReceived,
  insertUnlisted,
  type NewReceived,
  removeReceived,
} from '../../../lib/rows/received.js'
import {
  countQuarantined,
  listQuarantined,
  listTakenBefore,
  pageOfNotImported,
  pageOfReceived,
} from '../../../lib/rows/received-lists.js'
import { manualClock } from '../../support/send/send-harness.js'
import { memoryStores } from '../../support/storage/memory-stores.js'

const mailbox = { tenant: 'acme', mailboxId: 'b'.repeat(26) }
const keyOf = (letter: string) => ({ ...mailbox, id: letter.repeat(26) })
const mail: NewReceived = {
  state: 'stored',
  eventId: 'event',
  blob: 'acme/box/a',
  bytes: 7,
  from: 'ana@contoso.example',
  messageId: '<a@contoso.example>',
  receivedAt: 1_000,
  storedAt: 2_000,
  contentKey: 'content',
  duplicate: false,
  code: '',
  description: '',
}

async function all<T>(rows: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const row of rows) found.push(row)
  return found
}

test('what is inserted is what is found, with its place in the list', async () => {
  const deps = await memoryStores(manualClock())
  const stored = await insertReceived(deps, keyOf('a'), mail)
  expect(stored).toMatchObject({ ...keyOf('a'), ...mail, told: true, attempts: 1, quarantinedAt: 0 })
  expect(await findReceived(deps, keyOf('a'))).toEqual(stored)
  expect((await pageOfReceived(deps, mailbox, { limit: 5 })).found).toEqual([stored])
  expect(await insertReceived(deps, keyOf('a'), mail)).toBeUndefined()
  await expect(insertUnlisted(deps, keyOf('a'), mail)).rejects.toThrow()
})

test('a change carries the ETag of the one before it', async () => {
  const deps = await memoryStores(manualClock())
  const first = await insertUnlisted(deps, keyOf('a'), mail)
  const second = await changeReceived(deps, first, { state: 'handed-over' })
  expect(second).toEqual(await findReceived(deps, keyOf('a')))
  await expect(changeReceived(deps, first, { state: 'stored' })).rejects.toThrow()
  expect(await findReceived(deps, keyOf('a'))).toEqual(second)
})

test('a removed mail is in no list', async () => {
  const deps = await memoryStores(manualClock())
  await insertReceived(deps, keyOf('a'), mail)
  await removeReceived(deps, { ...keyOf('a'), receivedAt: mail.receivedAt })
  expect(await findReceived(deps, keyOf('a'))).toBeUndefined()
  expect(await pageOfReceived(deps, mailbox, { limit: 5 })).toEqual({ found: [], next: '' })
})

test('quarantine is listed by its time and counted by its reasons', async () => {
  const deps = await memoryStores(manualClock())
  for (const [letter, quarantinedAt, code] of [
    ['a', 10, 'mail_too_large'],
    ['c', 20, 'mail_too_large'],
    ['d', 30, 'unexpected'],
  ] as const)
    await insertReceived(deps, keyOf(letter), { ...mail, state: 'quarantined', code, quarantinedAt, told: false })
  await insertReceived(deps, keyOf('e'), { ...mail, state: 'handed-over' })
  const listed = await all(listQuarantined(deps, mailbox, 30))
  expect(listed.map(({ id, told }) => [id[0], told])).toEqual([
    ['a', false],
    ['c', false],
  ])
  expect(await countQuarantined(deps, mailbox, 10)).toEqual(
    new Map([
      ['mail_too_large', 2],
      ['unexpected', 1],
    ]),
  )
  const open = await everyRow((page) => pageOfNotImported(deps, mailbox, { ...page, limit: 1 }), 'found')
  expect(open.map(({ id }) => id[0])).toEqual(['a', 'c', 'd'])
})

test('other mailboxes and later mails are left out', async () => {
  const deps = await memoryStores(manualClock())
  await insertReceived(deps, keyOf('a'), mail)
  await insertReceived(deps, keyOf('c'), { ...mail, storedAt: 3_000 })
  await insertReceived(deps, { ...keyOf('d'), mailboxId: 'z'.repeat(26) }, mail)
  expect((await all(listTakenBefore(deps, mailbox, 3_000))).map(({ id }) => id[0])).toEqual(['a'])
})
