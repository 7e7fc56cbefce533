/** A name belongs to one mailbox: taking it again is no error for that one, and nobody else lets it go. */
import { expect, test } from 'vitest'
import { findMailboxId, releaseName, removeNamesOf, setDefaultMailbox, takeName } from '../../../lib/rows/names.js'
import { manualClock } from '../../support/send/send-harness.js'
import { memoryStores } from '../../support/storage/memory-stores.js'

const [ana, ben] = [
  { tenant: 'acme', mailboxId: 'ana' },
  { tenant: 'acme', mailboxId: 'ben' },
]

test('a name is taken once, by whichever spelling of the address', async () => {
  const deps = await memoryStores(manualClock())
  expect(await takeName(deps, ana, { address: 'Ana@contoso.example' })).toBe(true)
  expect(await takeName(deps, ana, { address: 'ana@contoso.example' })).toBe(true)
  expect(await takeName(deps, ben, { address: 'ANA@contoso.example' })).toBe(false)
  expect(await takeName(deps, { ...ben, tenant: 'other' }, { address: 'ana@contoso.example' })).toBe(true)
  expect(await findMailboxId(deps, 'acme', { address: 'ana@contoso.example' })).toBe('ana')
})

test('only its mailbox lets a name go, and a removed mailbox leaves none', async () => {
  const deps = await memoryStores(manualClock())
  for (const name of [{ key: 'ana' }, { address: 'ana@contoso.example' }, 'default'] as const)
    await takeName(deps, ana, name)
  await releaseName(deps, ben, { key: 'ana' })
  expect(await findMailboxId(deps, 'acme', { key: 'ana' })).toBe('ana')
  await releaseName(deps, ana, { key: 'ana' })
  expect(await takeName(deps, ben, { key: 'ana' })).toBe(true)
  await setDefaultMailbox(deps, ben)
  await removeNamesOf(deps, ana)
  expect(await findMailboxId(deps, 'acme', { address: 'ana@contoso.example' })).toBeUndefined()
  expect(await findMailboxId(deps, 'acme', 'default')).toBe('ben')
})
