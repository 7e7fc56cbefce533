/** Several mailboxes of one tenant at one address share its hold; every other tenant stays out until the last one goes. */
import { expect, test } from 'vitest'
import { findHolder, holderId, releaseHold, takeHold } from '../../../lib/rows/holders.js'
import { insertMailbox } from '../../../lib/rows/mailboxes.js'
import { sampleMailbox } from '../../support/general/sample-mailbox.js'
import { manualClock } from '../../support/send/send-harness.js'
import { memoryStores } from '../../support/storage/memory-stores.js'

const address = 'orders@contoso.example'
const of = (mailboxId: string, tenant = 'acme') => ({ tenant, mailboxId, address })
const codeOf = (work: Promise<void>) =>
  work.then(
    () => 'taken',
    ({ code }: { code: string }) => code,
  )

async function place() {
  const clock = manualClock()
  const deps = await memoryStores(clock)
  await deps.tables.ensure(deps.names.holders)
  const rival = () => codeOf(takeHold(deps, of('rival-box', 'rival')))
  const holder = () => findHolder(deps, holderId(address))
  return { clock, deps, rival, holder }
}

test('M-020: a second mailbox of the tenant shares the hold, and no other tenant gets it while one of them is there', async () => {
  const { deps, rival, holder } = await place()
  await takeHold(deps, of('one'))
  await takeHold(deps, of('two'))
  await takeHold(deps, of('two'))
  expect(await holder()).toMatchObject({ tenant: 'acme', mailboxId: 'one', also: ['two'] })
  expect(await rival()).toBe('mailbox_held')
  await releaseHold(deps, of('one'))
  expect(await holder()).toMatchObject({ tenant: 'acme', mailboxId: 'two', also: [] })
  expect(await rival()).toBe('mailbox_held')
  // A mailbox that has no share lets nothing go.
  await releaseHold(deps, of('three'))
  expect(await rival()).toBe('mailbox_held')
  await releaseHold(deps, of('two'))
  expect(await holder()).toBeUndefined()
  expect(await rival()).toBe('taken')
})

test('M-020: both let go at once, and nothing is left', async () => {
  const { deps, holder } = await place()
  for (const id of ['one', 'two', 'three']) await takeHold(deps, of(id))
  await Promise.all(['one', 'two', 'three'].map((id) => releaseHold(deps, of(id))))
  expect(await holder()).toBeUndefined()
})

test('M-020: what a crash left is taken over only when none of its mailboxes is there', async () => {
  const { clock, deps, rival, holder } = await place()
  await takeHold(deps, of('one'))
  await takeHold(deps, of('two'))
  await insertMailbox(deps, sampleMailbox({ id: 'two', address }))
  clock.advance(2 * 3_600_000)
  expect(await rival()).toBe('mailbox_held')
  await deps.tables.remove(deps.names.table('mailboxes'), { partitionKey: 'acme~two', rowKey: 'mailbox' })
  expect(await rival()).toBe('taken')
  expect(await holder()).toMatchObject({ tenant: 'rival', mailboxId: 'rival-box', also: [] })
})
