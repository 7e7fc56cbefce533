/**
 * Key Vault's secrets as the official client sees them (REST 7.x / 2025-07-01), over plain HTTP on 127.0.0.1.
 *
 * Create the client with `allowInsecureConnection: true` and `disableChallengeResourceVerification: true`. The first
 * request comes without a token, gets a challenge, and is repeated with one; any bearer token is accepted unless
 * `verifyToken` says otherwise.
 */
import { json, loopbackServer, type Reply, type Request } from '../loopback-server.js'
import { type SecretInput, Secrets, type SecretVersion, type StoredSecret, VaultRefusal } from './secrets.js'

export interface KeyVaultOptions {
  port?: number
  /** Directory (tenant) id named in the challenge. */
  tenantId?: string
  verifyToken?: (token: string) => boolean
  /** Contents to begin with, from `snapshot()`. */
  state?: StoredSecret[]
  /** Milliseconds since the epoch; default the real time. */
  now?: () => number
  /** Items per page of a list; default 25 like the service. */
  pageSize?: number
}

export type VaultOperation = 'get' | 'set' | 'update' | 'delete' | 'list' | 'recover' | 'purge'

export interface VaultFault {
  status: 429 | 503 | 403
  /** Default: until `recover()`. */
  times?: number
  /** Seconds; sent as Retry-After. */
  retryAfter?: number
  /** Only this operation; default every one. */
  operation?: VaultOperation
  /** Only names that begin with this. */
  namePrefix?: string
  /** Carry the operation out before failing it (a lost answer). */
  after?: boolean
}

export interface KeyVaultEmulator {
  url: string
  port: number
  control: {
    fail(fault: VaultFault): void
    /** Ends all faults. */
    recover(): void
    /** Requests that reached an operation, failed ones included; challenges are not counted. */
    counts: Record<VaultOperation, number>
    challenges(): number
    resetCounts(): void
  }
  snapshot(): StoredSecret[]
  restore(state: StoredSecret[]): void
  stop(): Promise<void>
}

interface Call {
  operation: VaultOperation
  name: string
  run(): Reply
}

const retentionDays = 90
const day = 86_400
const faultText = {
  429: [
    'Throttled',
    'Request was not processed because too many requests were received. Reason: VaultRequestTypeLimitReached',
  ],
  503: ['ServiceUnavailable', 'The service is temporarily unavailable. Please retry the request.'],
  403: ['Forbidden', 'Caller is not authorized to perform action on resource.'],
} as const

export async function startKeyVault(options: KeyVaultOptions = {}): Promise<KeyVaultEmulator> {
  const seconds = () => Math.floor((options.now ?? Date.now)() / 1000)
  const secrets = new Secrets(seconds)
  if (options.state) secrets.replaceBy(options.state)
  const noCalls = { get: 0, set: 0, update: 0, delete: 0, list: 0, recover: 0, purge: 0 }
  const counts: Record<VaultOperation, number> = { ...noCalls }
  let challenges = 0
  let faults: { fault: VaultFault; left: number }[] = []
  let url = ''

  const server = await loopbackServer((request) => {
    const token = request.headers['authorization']?.match(/^Bearer (\S+)$/)?.[1]
    if (!token || !(options.verifyToken?.(token) ?? true)) {
      challenges += 1
      return challenge(options.tenantId ?? '11111111-1111-1111-1111-111111111111', token)
    }
    try {
      if (!request.url.searchParams.has('api-version')) {
        throw new VaultRefusal(400, 'BadParameter', 'AKV10029: The api-version query parameter is missing.')
      }
      return carryOut(route(request))
    } catch (error) {
      if (error instanceof VaultRefusal) return refusal(error)
      throw error
    }
  }, options)
  url = server.url

  function carryOut(call: Call): Reply {
    counts[call.operation] += 1
    const order = faults.find(
      ({ fault, left }) =>
        left > 0 &&
        (fault.operation ?? call.operation) === call.operation &&
        call.name.toLowerCase().startsWith((fault.namePrefix ?? '').toLowerCase()),
    )
    if (!order) return call.run()
    order.left -= 1
    const { fault } = order
    if (fault.after) call.run()
    const [code, message] = faultText[fault.status]
    const retryAfter: Record<string, string> =
      fault.retryAfter === undefined ? {} : { 'retry-after': String(fault.retryAfter) }
    return json(fault.status, { error: { code, message } }, retryAfter)
  }

  function route({ method, url: address, body }: Request): Call {
    const [collection, rawName = '', rest = ''] = address.pathname.split('/').slice(1)
    const name = decodeURIComponent(rawName)
    const input = () => JSON.parse(body.toString('utf8') || '{}') as SecretInput
    const call = (operation: VaultOperation, run: () => Reply): Call => ({ operation, name, run })
    if (collection === 'secrets') {
      if (method === 'GET' && !name) return call('list', () => listed(address, secrets.list(false).map(summary)))
      if (method === 'GET' && rest === 'versions') return call('list', () => listed(address, versionsOf(name)))
      if (method === 'GET') return call('get', () => json(200, bundle(secrets.read(name, rest))))
      if (method === 'PUT') return call('set', () => json(200, bundle(secrets.set(name, input()))))
      if (method === 'PATCH') return call('update', () => json(200, bundle(secrets.update(name, rest, input()), false)))
      if (method === 'DELETE') return call('delete', () => json(200, deletedBundle(secrets.remove(name))))
    }
    if (collection === 'deletedsecrets') {
      if (method === 'GET' && !name) return call('list', () => listed(address, secrets.list(true).map(deletedBundle)))
      if (method === 'GET') return call('get', () => json(200, deletedBundle(secrets.deleted(name))))
      if (method === 'POST' && rest === 'recover')
        return call('recover', () => json(200, summary(secrets.recover(name))))
      if (method === 'DELETE') {
        return call('purge', () => {
          secrets.purge(name)
          return { status: 204 }
        })
      }
    }
    throw new VaultRefusal(404, 'NotFound', `No operation at ${method} ${address.pathname}`)
  }

  const versionsOf = (name: string) => {
    const secret = secrets.secret(name)
    return secret.versions.map((version) => bundle({ secret, version }, false))
  }

  function bundle(found: { secret: StoredSecret; version: SecretVersion }, withValue = true): object {
    const { value, version, contentType, tags, ...attributes } = found.version
    return {
      ...(withValue ? { value } : {}),
      id: `${url}/secrets/${found.secret.name}/${version}`,
      ...(contentType === undefined ? {} : { contentType }),
      ...(tags === undefined ? {} : { tags }),
      attributes: { ...attributes, recoveryLevel: 'Recoverable+Purgeable', recoverableDays: retentionDays },
    }
  }

  function summary(secret: StoredSecret): object {
    return {
      ...bundle({ secret, version: secret.versions.at(-1)! }, false),
      id: `${url}/secrets/${secret.name}`,
    }
  }

  function deletedBundle(secret: StoredSecret): object {
    return {
      ...bundle({ secret, version: secret.versions.at(-1)! }, false),
      recoveryId: `${url}/deletedsecrets/${secret.name}`,
      deletedDate: secret.deletedAt,
      scheduledPurgeDate: (secret.deletedAt ?? 0) + retentionDays * day,
    }
  }

  function listed(address: URL, items: object[]): Reply {
    const size = Number(address.searchParams.get('maxresults') ?? options.pageSize ?? 25)
    const skip = Number(address.searchParams.get('$skiptoken') ?? 0)
    const next = new URL(`${url}${address.pathname}${address.search}`)
    next.searchParams.set('$skiptoken', String(skip + size))
    const nextLink = skip + size < items.length ? next.href : null
    return json(200, { value: items.slice(skip, skip + size), nextLink })
  }

  return {
    url,
    port: server.port,
    control: {
      fail: (fault) => void faults.push({ fault, left: fault.times ?? Number.POSITIVE_INFINITY }),
      recover: () => {
        faults = []
      },
      counts,
      challenges: () => challenges,
      resetCounts: () => {
        Object.assign(counts, noCalls)
        challenges = 0
      },
    },
    snapshot: () => secrets.state(),
    restore: (state) => secrets.replaceBy(state),
    stop: server.stop,
  }
}

function challenge(tenantId: string, token: string | undefined): Reply {
  const message = token ? 'AKV10032: Invalid issuer or token.' : 'AKV10000: Request is missing a Bearer or PoP token.'
  return json(
    401,
    { error: { code: 'Unauthorized', message } },
    {
      'www-authenticate': `Bearer authorization="https://login.microsoftonline.com/${tenantId}", resource="https://vault.azure.net"`,
    },
  )
}

function refusal(error: VaultRefusal): Reply {
  const inner = error.inner ? { innererror: { code: error.inner } } : {}
  return json(error.status, { error: { code: error.code, message: error.message, ...inner } })
}
