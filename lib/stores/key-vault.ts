import { type KeyVaultSecret, SecretClient, type SecretClientOptions } from '@azure/keyvault-secrets'
import { GatewayError } from '../errors.js'
import type { Vault } from '../ports/vault.js'
import { Secret } from '../secret.js'
import { faultOf, type TokenCredential } from './storage-fault.js'

export interface KeyVaultOptions {
  /** `https://{name}.vault.azure.net`. */
  url: string
  credential: TokenCredential
  /** Seams of the local profile only, e.g. a private CA; never from a setting usable in Azure. */
  clientOptions?: SecretClientOptions
}

const intervalInMs = 500
const recoverDeadlineMs = 20_000

/** Key Vault secrets. A name in soft delete is recovered before it is written again. */
export function keyVault({ url, credential, clientOptions = {} }: KeyVaultOptions): Vault {
  const client = new SecretClient(url, credential as never, {
    // The client would sleep as long as Retry-After says, while the caller holds a lease: the caller backs off instead.
    retryOptions: { maxRetries: 0 },
    ...clientOptions,
  })

  return {
    async get(name, version) {
      try {
        const secret = await client.getSecret(name, version === undefined ? {} : { version })
        return { value: new Secret(secret.value ?? ''), version: versionOf(secret) }
      } catch (error) {
        if (faultOf(error).status === 404) return undefined
        throw translate(error)
      }
    },

    async set(name, value, { expiresAt, tags } = {}) {
      const put = async (): Promise<string> =>
        versionOf(
          await client.setSecret(name, value.reveal(), {
            ...(expiresAt ? { expiresOn: expiresAt } : {}),
            ...(tags ? { tags } : {}),
          }),
        )
      try {
        return await put()
      } catch (error) {
        if (faultOf(error).status !== 409) throw translate(error)
      }
      try {
        await recover(client, name)
        return await put()
      } catch (error) {
        throw translate(error)
      }
    },

    async remove(name) {
      try {
        // Only the start: waiting until the deletion is complete would hold the caller for seconds.
        await client.beginDeleteSecret(name, { intervalInMs })
      } catch (error) {
        const { status } = faultOf(error)
        if (status === 404 || status === 409) return
        throw translate(error)
      }
    },

    async purge(name) {
      try {
        await client.purgeDeletedSecret(name)
        return true
      } catch (error) {
        // Protected, not permitted, or its deletion is not complete yet: it ends with the retention of the vault.
        if ([400, 403, 404, 409].includes(faultOf(error).status ?? 0)) return false
        throw translate(error)
      }
    },
  }
}

async function recover(client: SecretClient, name: string): Promise<void> {
  const poller = await client.beginRecoverDeletedSecret(name, { intervalInMs })
  const signal = AbortSignal.timeout(recoverDeadlineMs)
  await poller.pollUntilDone({ abortSignal: signal } as never)
}

const versionOf = (secret: KeyVaultSecret): string => secret.properties.version ?? ''

function translate(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error
  const { status, code, retryAfterMs } = faultOf(error)
  const peerLine = `${status} ${/^[\w-]{1,80}$/.test(code) ? code : ''}`.trim()
  if (status === 401 || status === 403)
    return new GatewayError('vault_forbidden', 'needs-admin', {
      hint: 'operator',
      description: 'Key Vault refuses the gateway access to its secrets.',
      remedy:
        'Give the gateway\'s identity the role "Key Vault Secrets Officer" on the vault and check the vault\'s network rules.',
      peerLine,
    })
  return new GatewayError('vault_unavailable', 'transient', {
    hint: status === 429 ? 'throttle' : 'slow',
    description: status === 429 ? 'Key Vault throttles the gateway.' : 'Key Vault did not answer as expected.',
    remedy: 'The gateway retries automatically; check the vault if the fault persists.',
    peerLine,
    retryAfterMs: retryAfterMs ?? 10_000,
  })
}
