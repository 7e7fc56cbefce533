import { SecretClient } from '@azure/keyvault-secrets'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type KeyVaultEmulator, startKeyVault } from '../../local/emulators/key-vault/start-key-vault.js'

let vault: KeyVaultEmulator
let tokens: string[]
beforeEach(async () => {
  tokens = []
  vault = await startKeyVault({ pageSize: 3 })
})
afterEach(() => vault.stop())

const client = (target = vault, maxRetries = 0) =>
  new SecretClient(
    target.url,
    {
      getToken: async (scopes, options) => {
        tokens.push(`${scopes} ${options?.tenantId}`)
        return { token: 'vault-token', expiresOnTimestamp: Date.now() + 3_600_000 }
      },
    },
    {
      allowInsecureConnection: true,
      disableChallengeResourceVerification: true,
      retryOptions: { maxRetries, retryDelayInMs: 1 },
    },
  )
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  )
const names = async (items: AsyncIterable<{ name: string }>) => {
  const found: string[] = []
  for await (const item of items) found.push(item.name)
  return found
}

describe('Key Vault emulator with the official client', () => {
  it('challenges once, then keeps secrets with versions, content type, tags and dates', async () => {
    const secrets = client()
    const first = await secrets.setSecret('Refresh-1', 'old', {
      contentType: 'text/plain',
      tags: { tenant: 'contoso' },
    })
    const second = await secrets.setSecret('refresh-1', 'new', { expiresOn: new Date('2031-01-01') })
    expect(await secrets.getSecret('refresh-1')).toMatchObject({ name: 'Refresh-1', value: 'new' })
    const { value, properties } = await secrets.getSecret('REFRESH-1', { version: first.properties.version! })
    expect([value, properties.contentType, properties.tags]).toEqual(['old', 'text/plain', { tenant: 'contoso' }])
    expect(second.properties.expiresOn).toEqual(new Date('2031-01-01'))
    expect(properties).toMatchObject({ enabled: true, recoveryLevel: 'Recoverable+Purgeable' })
    const versions: (string | undefined)[] = []
    for await (const version of secrets.listPropertiesOfSecretVersions('refresh-1')) versions.push(version.version)
    expect(versions).toEqual([first.properties.version, second.properties.version])
    expect(tokens).toEqual(['https://vault.azure.net/.default 11111111-1111-1111-1111-111111111111'])
    expect(vault.control.challenges()).toBe(1)
    expect(vault.control.counts).toMatchObject({ set: 2, get: 2, list: 1 })
  })

  it('deletes softly: the name is blocked until recovered or purged', async () => {
    const secrets = client()
    await secrets.setSecret('gone', 'value')
    await (await secrets.beginDeleteSecret('gone', { intervalInMs: 1 })).pollUntilDone()
    expect(await failure(secrets.getSecret('gone'))).toMatchObject({ statusCode: 404, code: 'SecretNotFound' })
    expect(await failure(secrets.setSecret('Gone', 'again'))).toMatchObject({ statusCode: 409, code: 'Conflict' })
    const deleted = await secrets.getDeletedSecret('gone')
    expect(deleted.scheduledPurgeDate!.getTime() - deleted.deletedOn!.getTime()).toBe(90 * 86_400_000)
    expect(await names(secrets.listDeletedSecrets())).toEqual(['gone'])
    await (await secrets.beginRecoverDeletedSecret('gone', { intervalInMs: 1 })).pollUntilDone()
    expect((await secrets.getSecret('gone')).value).toBe('value')
    await (await secrets.beginDeleteSecret('gone', { intervalInMs: 1 })).pollUntilDone()
    await secrets.purgeDeletedSecret('gone')
    expect(await failure(secrets.getDeletedSecret('gone'))).toMatchObject({ statusCode: 404 })
    await secrets.setSecret('gone', 'third life')
  })

  it('refuses a disabled version, an unknown name, a bad name and a value over 25 KB', async () => {
    const secrets = client()
    const { properties } = await secrets.setSecret('off', 'value')
    await secrets.updateSecretProperties('off', properties.version!, { enabled: false, tags: { why: 'rotated' } })
    expect(await failure(secrets.getSecret('off'))).toMatchObject({ statusCode: 403, code: 'Forbidden' })
    expect(await failure(secrets.getSecret('none'))).toMatchObject({ statusCode: 404, code: 'SecretNotFound' })
    expect(await failure(secrets.setSecret('under_score', 'x'))).toMatchObject({ statusCode: 400 })
    expect(await failure(secrets.setSecret('big', 'x'.repeat(25 * 1024 + 1)))).toMatchObject({ statusCode: 400 })
    await secrets.setSecret('big', 'x'.repeat(25 * 1024))
  })

  it('lists in pages', async () => {
    const secrets = client()
    const all = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
    for (const name of all) await secrets.setSecret(name, name)
    expect(await names(secrets.listPropertiesOfSecrets())).toEqual(all)
  })

  it('fails on order, for a while or until told otherwise', async () => {
    const secrets = client()
    vault.control.fail({ status: 429, retryAfter: 1, times: 1 })
    expect(await failure(secrets.setSecret('a', 'x'))).toMatchObject({ statusCode: 429 })
    await secrets.setSecret('a', 'x')
    vault.control.fail({ status: 503, operation: 'set' })
    for (let i = 0; i < 3; i++) expect(await failure(secrets.setSecret('a', 'y'))).toMatchObject({ statusCode: 503 })
    expect((await secrets.getSecret('a')).value).toBe('x')
    vault.control.recover()
    vault.control.fail({ status: 503, operation: 'set', times: 1, after: true })
    expect(await failure(secrets.setSecret('a', 'z'))).toMatchObject({ statusCode: 503 })
    expect((await secrets.getSecret('a')).value).toBe('z')
    vault.control.fail({ status: 503, times: 2 })
    expect((await client(vault, 3).getSecret('a')).value).toBe('z')
  })

  it('lives on in a snapshot', async () => {
    const secrets = client()
    await secrets.setSecret('kept', 'value')
    await secrets.setSecret('deleted', 'value')
    await secrets.beginDeleteSecret('deleted')
    const next = await startKeyVault({ state: JSON.parse(JSON.stringify(vault.snapshot())) })
    try {
      expect((await client(next).getSecret('kept')).value).toBe('value')
      expect(await names(client(next).listDeletedSecrets())).toEqual(['deleted'])
    } finally {
      await next.stop()
    }
  })
})
