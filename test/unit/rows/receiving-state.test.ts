/** Where receiving stands is read and written by one poll at a time; a long cursor lies in a blob. */
import { expect, test } from 'vitest'
import { insertMailbox } from '../../../lib/rows/mailboxes.js'
import {
  endImportRequest,
  findReceiving,
  removeCursor,
  requestImport,
  takeReceiving,
} from '../../../lib/rows/receiving-state.js'
import { sampleMailbox } from '../../support/general/sample-mailbox.js'
import { manualClock } from '../../support/send/send-harness.js'
import { memoryStores } from '../../support/storage/memory-stores.js'

const leaseMs = 60_000

async function world() {
  const clock = manualClock()
  const deps = await memoryStores(clock)
  const mailbox = sampleMailbox()
  await insertMailbox(deps, mailbox)
  const take = async () => {
    const { receiving } = await findReceiving(deps, mailbox.tenant, mailbox.id)
    return takeReceiving(deps, mailbox, { receiving, leaseMs })
  }
  return { clock, deps, mailbox, take }
}

test('one poll holds it, and the next reads what that one wrote', async () => {
  const { clock, take } = await world()
  const first = (await take())!
  expect(first.state).toMatchObject({ cursor: undefined, failures: 0, aside: [], owed: [], busy: false })
  expect(await take()).toBeUndefined()
  const aside = [{ serverId: 's', at: 1, tryAt: 2, strikes: 1, deaths: 0, code: 'x' }]
  await first.write({ cursor: '7', aside, owed: ['a', 'b'] })
  await first.release({ failures: 2, busy: true })
  clock.advance(1_000)
  const second = (await take())!
  expect(second.state).toMatchObject({ cursor: '7', aside, owed: ['a', 'b'], failures: 2, busy: true })
  await second.release({ aside: [], owed: [] })
  expect((await take())!.state).toMatchObject({ aside: [], owed: [] })
})

test('the latest success is when a poll that went well began', async () => {
  const { clock, take } = await world()
  const began = clock.now()
  await (await take())!.release({ failures: 0 })
  clock.advance(1_000)
  const second = (await take())!
  expect(second.lastSuccessAt).toBe(began)
  await second.release({ failures: 1 })
  clock.advance(1_000)
  expect((await take())!.lastSuccessAt).toBe(began)
})

test('a cursor longer than a column lies in a blob, which goes with the mailbox', async () => {
  const { deps, mailbox, take } = await world()
  const cursor = 'c'.repeat(30_000)
  await (await take())!.release({ cursor })
  expect((await take())!.state.cursor).toBe(cursor)
  await removeCursor(deps, mailbox)
  const names: string[] = []
  for await (const { name } of deps.blobs.list(deps.names.container('cursors'), '')) names.push(name)
  expect(names).toEqual([])
})

test('a holder that lost the lease writes nothing', async () => {
  const { clock, take } = await world()
  const first = (await take())!
  clock.advance(leaseMs + 1_000)
  const second = (await take())!
  await expect(first.write({ failures: 9 })).rejects.toThrow()
  await first.release({ failures: 9 })
  await second.release()
  expect((await take())!.state.failures).toBe(0)
})

test('an import that somebody asks for meanwhile is not ended with the one before', async () => {
  const { deps, mailbox } = await world()
  const asked = async () => (await findReceiving(deps, mailbox.tenant, mailbox.id)).asked
  await requestImport(deps, mailbox, 100)
  const first = (await asked())!
  expect(first.askedAt).toBe(100)
  await requestImport(deps, mailbox, 200)
  await endImportRequest(deps, mailbox, first)
  const second = (await asked())!
  expect(second.askedAt).toBe(200)
  await endImportRequest(deps, mailbox, second)
  expect(await asked()).toBeUndefined()
})
