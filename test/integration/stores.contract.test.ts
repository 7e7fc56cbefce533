/** What the gateway relies on in queues, blobs and vaults, those of Azure and those in memory. */
import { QueueClient } from '@azure/storage-queue'
import { beforeAll, describe, expect, inject, test } from 'vitest'
import { newId } from '../../lib/model/ids.js'
import type { Blobs } from '../../lib/ports/blobs.js'
import type { Queues } from '../../lib/ports/queues.js'
import type { Vault } from '../../lib/ports/vault.js'
import { Secret } from '../../lib/secret.js'
import { azureBlobs } from '../../lib/stores/azure-blobs.js'
import { azureQueues } from '../../lib/stores/azure-queues.js'
import { azureTables } from '../../lib/stores/azure-tables.js'
import { keyVault } from '../../lib/stores/key-vault.js'
import { memoryBlobs } from '../../lib/stores/memory-blobs.js'
import { memoryQueues } from '../../lib/stores/memory-queues.js'
import { memoryVault } from '../../lib/stores/memory-vault.js'
import { type KeyVaultEmulator, startKeyVault } from '../../local/emulators/key-vault/start-key-vault.js'
import { all } from '../support/general/all.js'

const connectionString = inject('azurite')

async function takeFrom(queue: string): Promise<unknown[]> {
  const { receivedMessageItems } = await new QueueClient(connectionString, queue).receiveMessages({
    numberOfMessages: 32,
  })
  for (const item of receivedMessageItems) expect(item.expiresOn.getUTCFullYear()).toBeGreaterThan(9_000)
  return receivedMessageItems.map((item) => JSON.parse(Buffer.from(item.messageText, 'base64').toString()) as unknown)
}

function emulatedVault(url: string): Vault {
  return keyVault({
    url,
    credential: { getToken: async () => ({ token: 'any', expiresOnTimestamp: Date.now() + 3_600_000 }) },
    clientOptions: { allowInsecureConnection: true, disableChallengeResourceVerification: true } as never,
  })
}

test('plain http is only for this machine', () => {
  const far = connectionString.replace(/127\.0\.0\.1/g, '10.0.0.5')
  expect(() => azureTables({ connectionString: far })).toThrow(/storage_insecure/)
  expect(() => azureBlobs({ connectionString: far })).toThrow(/storage_insecure/)
})

describe.each([
  ['azurite', (): Queues => azureQueues({ connectionString })],
  ['memory', (): Queues => memoryQueues()],
])('queues: %s', (_name, make) => {
  test('a queue is made on the first send; too large a message and a long delay are refused', async () => {
    const queues = make()
    const queue = `q-${newId()}`
    expect(await queues.depth(queue)).toBeUndefined()
    await queues.send(queue, { v: 1, text: 'ä'.repeat(10) })
    await queues.send(queue, { v: 2 }, { delayMs: 60_000, ttlSeconds: 3_600 })
    expect(await queues.depth(queue)).toBe(2)
    await expect(queues.send(queue, 'x'.repeat(48 * 1024))).rejects.toMatchObject({ code: 'message_too_large' })
    await expect(queues.send(queue, {}, { delayMs: 120_001 })).rejects.toMatchObject({ code: 'delay_refused' })
    const take = 'take' in queues ? (queues as ReturnType<typeof memoryQueues>).take : undefined
    expect(take ? take(queue) : await takeFrom(queue)).toEqual([{ v: 1, text: 'ä'.repeat(10) }])
    await queues.remove(queue)
    await queues.remove(queue)
  })
})

describe.each([
  ['azurite', (): Blobs => azureBlobs({ connectionString })],
  ['memory', (): Blobs => memoryBlobs()],
])('blobs: %s', (_name, make) => {
  test('written once with ifAbsent, read, listed by prefix, removed', async () => {
    const blobs = make()
    const container = `c-${newId()}`
    const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
    expect(await blobs.get(container, 'a/1')).toBeUndefined()
    expect(await blobs.put(container, { name: 'a/1', bytes: bytes('one'), ifAbsent: true })).toBe(true)
    expect(await blobs.put(container, { name: 'a/1', bytes: bytes('two'), ifAbsent: true })).toBe(false)
    expect(Buffer.from((await blobs.get(container, 'a/1'))!).toString()).toBe('one')
    expect(await blobs.put(container, { name: 'a/1', bytes: bytes('three') })).toBe(true)
    expect(await blobs.get(container, 'a/1', 5)).toHaveLength(5)
    await expect(blobs.get(container, 'a/1', 4)).rejects.toMatchObject({ code: 'invalid_input', field: 'blob' })
    await blobs.put(container, { name: 'b/1', bytes: bytes('') })
    expect(await blobs.get(container, 'b/1')).toHaveLength(0)
    expect((await all(blobs.list(container, 'a/'))).map(({ name }) => name)).toEqual(['a/1'])
    await blobs.remove(container, 'a/1')
    expect(await blobs.remove(container, 'a/1')).toBe(true)
    expect(await blobs.get(container, 'a/1')).toBeUndefined()
    expect(await all(blobs.list('c-absent', 'a/'))).toEqual([])
  })

  test('REL-11: removed only as listed: written again or renewed since, it stays', async () => {
    const blobs = make()
    const container = `c-${newId()}`
    const bytes = new TextEncoder().encode('one')
    const listed = async () => (await all(blobs.list(container, '')))[0]!
    expect(await blobs.renew(container, 'a/1')).toBe(false)
    const before = Math.floor(Date.now() / 1000) * 1000
    await blobs.put(container, { name: 'a/1', bytes })
    const first = await listed()
    expect(first.changedAt).toBeGreaterThanOrEqual(before)
    expect(await blobs.renew(container, 'a/1')).toBe(true)
    const renewed = await listed()
    expect(renewed.changedAt).toBeGreaterThanOrEqual(first.changedAt)
    expect(await blobs.remove(container, 'a/1', first.etag)).toBe(false)
    await blobs.put(container, { name: 'a/1', bytes })
    expect(await blobs.remove(container, 'a/1', renewed.etag)).toBe(false)
    expect(await blobs.get(container, 'a/1')).toHaveLength(3)
    expect(await blobs.remove(container, 'a/1', (await listed()).etag)).toBe(true)
    expect(await blobs.get(container, 'a/1')).toBeUndefined()
    expect(await blobs.remove(container, 'a/1', renewed.etag)).toBe(false)
  })
})

describe.each(['key vault', 'memory'])('vault: %s', (name) => {
  let emulator: KeyVaultEmulator
  beforeAll(async () => {
    emulator = await startKeyVault()
    return () => emulator.stop()
  })
  const make = (): Vault => (name === 'memory' ? memoryVault() : emulatedVault(emulator.url))

  test('versions, and a removed name comes back when it is set again', async () => {
    const vault = make()
    expect(await vault.get('absent')).toBeUndefined()
    const first = await vault.set('a', new Secret('one'), { tags: { tenant: 'acme' }, expiresAt: new Date(2 ** 41) })
    const second = await vault.set('a', new Secret('two'))
    expect(second).not.toBe(first)
    expect(await vault.get('a')).toMatchObject({ version: second })
    expect((await vault.get('a'))?.value.reveal()).toBe('two')
    expect((await vault.get('a', first))?.value.reveal()).toBe('one')
    await vault.remove('a')
    await vault.remove('a')
    await vault.remove('absent')
    expect(await vault.get('a')).toBeUndefined()
    await vault.set('a', new Secret('three'))
    expect((await vault.get('a'))?.value.reveal()).toBe('three')
  })
})

test('key vault: throttled, down and forbidden are told apart, without waiting', async () => {
  const emulator = await startKeyVault()
  const vault = emulatedVault(emulator.url)
  for (const [status, code, errorClass] of [
    [429, 'vault_unavailable', 'transient'],
    [503, 'vault_unavailable', 'transient'],
    [403, 'vault_forbidden', 'needs-admin'],
  ] as const) {
    emulator.control.fail({ status, ...(status === 403 ? {} : { retryAfter: 30 }) })
    const failure = await vault.get('a').catch((error: unknown) => error)
    expect(failure).toMatchObject({ code, class: errorClass })
    if (status !== 403) expect(failure).toMatchObject({ retryAfterMs: 30_000 })
    emulator.control.recover()
  }
  await emulator.stop()
})
