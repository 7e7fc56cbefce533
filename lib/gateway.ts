/**
 * The only place that wires things together: settings in, journeys out. Everything is loaded and made once per process,
 * at the first call: registering functions stays cheap, and a wrong setting is an answer and not a dead process.
 * Adapters of the mail protocols load when the first mailbox needs them. Imports above `wireGateway` are light or
 * types.
 */
import { hostname } from 'node:os'
import type { TokenCredential } from '@azure/identity'
import { type Config, readConfig } from './config.js'
import { asGatewayError } from './errors.js'
import { tenantLimits } from './http/api/tenant-limits.js'
import { lastNet } from './last-net.js'
import { jsonLog } from './log.js'
import { newId } from './model/ids.js'
import { storageNames } from './model/names.js'
import type { Clock } from './ports/clock.js'
import { lazyProvider, lazyReceiver, lazySender, onFirstUse } from './ports/lazy-ports.js'
import { newMemory } from './ports/memory.js'
import type { Toolbox } from './ports/toolbox.js'
import { stopSignal } from './stop-work.js'
import type { StorageClock } from './stores/storage-clock.js'

type Flow<D> = (deps: D, ...input: never[]) => unknown
type Bound<D, F> = {
  [K in keyof F]: F[K] extends (deps: D, ...input: infer I) => infer R ? (...input: I) => R : never
}

/** Flows as functions of their input alone: the toolbox is given once, here. */
function bind<D, F extends Record<string, Flow<D>>>(deps: D, flows: F): Bound<D, F> {
  const bound: Record<string, unknown> = {}
  for (const [name, flow] of Object.entries(flows)) bound[name] = (...input: never[]) => flow(deps, ...input)
  return bound as Bound<D, F>
}

const consoleLog = jsonLog({ info: console.info, warn: console.warn, error: console.error })

const systemClock: Clock = {
  now: Date.now,
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(done, ms)
      function done(): void {
        signal?.removeEventListener('abort', aborted)
        resolve()
      }
      function aborted(): void {
        clearTimeout(timer)
        reject(signal?.reason)
      }
      signal?.addEventListener('abort', aborted, { once: true })
    }),
}

/** A real token never travels in clear text: plain-http endpoints (this machine only) get a placeholder instead. */
const placeholderCredential: TokenCredential = {
  getToken: async () => ({ token: 'placeholder', expiresOnTimestamp: Date.now() + 3_600_000 }),
}

function credentialFor(config: Config, url: string): TokenCredential {
  if (url.startsWith('http://')) return placeholderCredential
  const id = config.managedIdentityClientId
  // Loaded with the first token: it is the heaviest package of a cold start.
  const credential = onFirstUse(async () => {
    const { DefaultAzureCredential } = await import('@azure/identity')
    return new DefaultAzureCredential(id === '' ? {} : { managedIdentityClientId: id })
  })
  return { getToken: async (...input) => (await credential()).getToken(...input) }
}

/** Everything a flow works on, for one process of these settings. */
async function toolboxOf(config: Config, over: Partial<Toolbox>): Promise<Toolbox> {
  const { storageClock } = await import('./stores/storage-clock.js')
  const clock = storageClock(systemClock)
  const [stores, outside] = await Promise.all([storesOf(config, clock), outsideOf(config, { clock, ...over })])
  return {
    names: storageNames(config.environment),
    config,
    log: consoleLog,
    worker: `${hostname().slice(0, 20)}-${newId().slice(0, 8)}`,
    stopping: stopSignal(),
    memory: newMemory(),
    clock,
    ...stores,
    ...outside,
    ...over,
  }
}

async function storesOf(config: Config, clock: StorageClock) {
  const [{ bytesInHand }, { azureTables }, { azureQueues }, { azureBlobs }, { keyVault }] = await Promise.all([
    import('./ports/bytes-in-hand.js'),
    import('./stores/azure-tables.js'),
    import('./stores/azure-queues.js'),
    import('./stores/azure-blobs.js'),
    import('./stores/key-vault.js'),
  ])
  const account = (kind: 'table' | 'queue' | 'blob') =>
    'connectionString' in config.storage
      ? { connectionString: config.storage.connectionString }
      : { endpoint: config.storage[kind], credential: credentialFor(config, config.storage[kind]) }
  const insecure = config.keyVaultUrl.startsWith('http://')
  return {
    tables: azureTables(account('table'), clock),
    queues: azureQueues(account('queue')),
    blobs: azureBlobs(account('blob')),
    vault: keyVault({
      url: config.keyVaultUrl,
      credential: credentialFor(config, config.keyVaultUrl),
      ...(insecure
        ? { clientOptions: { allowInsecureConnection: true, disableChallengeResourceVerification: true } }
        : {}),
    }),
    inHand: bytesInHand(),
  }
}

const microsoftLogin = 'https://login.microsoftonline.com'

/** Whom the gateway talks to: identity providers, mail servers, whatever serves webhooks and public records. */
async function outsideOf(config: Config, { clock, ownIdentity: given }: Pick<Toolbox, 'clock'> & Partial<Toolbox>) {
  const [
    { guardedLookup, isForbiddenHost, isPlainTextHost },
    { networkCheck },
    { allowedPort },
    { httpDiscovery },
    { rememberedDiscovery },
    { webhookPoster },
    { microsoftRules },
    { ownIdentity },
    { oauth2Rules },
  ] = await Promise.all([
    import('./transports/guarded-lookup.js'),
    import('./config/networks.js'),
    import('./protocol/address-guard.js'),
    import('./transports/http-discovery.js'),
    import('./transports/remembered-discovery.js'),
    import('./transports/webhook-poster.js'),
    import('./providers/microsoft-rules.js'),
    import('./providers/own-identity.js'),
    import('./providers/oauth2-rules.js'),
  ])
  const { origins, allowLoopbackMailHosts: allowLoopback } = config
  const lookup = guardedLookup({ allowLoopback })
  const signInAt = origins[microsoftLogin] ?? microsoftLogin
  const clientId = config.managedIdentityClientId
  const identity = given ?? ownIdentity({ clientId, source: credentialFor(config, signInAt) })
  // Endpoints of tenants are no mail servers: an internal network is permitted for mail alone.
  const { permittedMailNetworks: permitted, plainTextMailNetworks } = config
  const mailLookup = permitted === '' ? lookup : guardedLookup({ allowLoopback, permits: networkCheck(permitted) })
  const allowPlain = networkCheck(plainTextMailNetworks)
  const allowPort = (port: number): boolean => allowedPort(port, allowLoopback)
  const toServers = { lookup: mailLookup, allowPort, allowPlain }
  return {
    ownIdentity: identity,
    allowPort,
    isForbiddenHost: isForbiddenHost(lookup),
    isPlainTextHost: isPlainTextHost(mailLookup, allowPlain),
    discovery: rememberedDiscovery(httpDiscovery(config), clock.now),
    webhookPoster: webhookPoster({ lookup, allowLoopback }),
    senders: {
      graph: lazySender(async () => (await import('./transports/graph-sender.js')).graphSender({ origins }), true),
      smtp: lazySender(async () => (await import('./transports/smtp-sender.js')).smtpSender(toServers), false),
    },
    receivers: {
      graph: lazyReceiver(async () => (await import('./transports/graph-receiver.js')).graphReceiver({ origins })),
      imap: lazyReceiver(async () => (await import('./transports/imap-receiver.js')).imapReceiver(toServers)),
    },
    providers: {
      microsoft: lazyProvider(microsoftRules, async () =>
        (await import('./providers/microsoft.js')).microsoftCalls({ clock, origins, identity }),
      ),
      oauth2: lazyProvider(oauth2Rules, async () => {
        const [{ oauth2Calls }, { guardedFetch }] = await Promise.all([
          import('./providers/oauth2.js'),
          import('./transports/guarded-fetch.js'),
        ])
        return oauth2Calls({ fetch: guardedFetch({ lookup, allowLoopback, origins }), now: clock.now })
      }),
    },
  }
}

/** Everything for one process of these settings; `over` lets a test bring its own clock or let a store fail. */
export async function wireGateway(config: Config, over: Partial<Toolbox> = {}) {
  const [deps, flows] = await Promise.all([toolboxOf(config, over), import('./flows/index.js')])
  const admin = bind(deps, flows.adminFlows)
  return {
    config,
    capabilities: {
      providers: [...Object.keys(deps.providers), 'basic'],
      senders: Object.keys(deps.senders),
      receivers: Object.keys(deps.receivers),
      webhooks: ['standard-webhooks'],
    },
    log: deps.log,
    sealer: () => flows.sealKeys(deps),
    admit: tenantLimits(config, deps.clock.now),
    authenticate: admin.authenticate,
    audit: admin.audit,
    readTenant: admin.readTenant,
    tokens: bind(deps, flows.tokenFlows),
    receive: bind(deps, flows.receiveFlows),
    send: bind(deps, flows.sendFlows),
    connect: bind(deps, flows.connectFlows),
    tell: bind(deps, flows.tellFlows),
    admin,
    ops: { ...bind(deps, flows.opsFlows), ...flows.opsOfProcess(deps, (over.clock ?? systemClock).now) },
  }
}

export type Gateway = Awaited<ReturnType<typeof wireGateway>>

let made: Promise<Gateway> | undefined
let madeFor: AbortSignal | undefined

/**
 * The gateway of this process; whoever asks for it also looks at the second clock. A wrong setting rejects every call
 * with `settings_invalid` until it is corrected.
 */
export function gateway(): Promise<Gateway> {
  lastNet(consoleLog)
  // A host that starts the app again in the same process stopped the one that was made before.
  if (madeFor !== stopSignal()) made = undefined
  madeFor = stopSignal()
  made ??= Promise.resolve()
    .then(() => wireGateway(readConfig()))
    .catch((error: unknown) => {
      made = undefined
      const { code, problems = [] } = asGatewayError(error)
      consoleLog.error('start-failed', { code, settings: problems.map((problem) => problem.field).join(' ') })
      throw error
    })
  made.then((one) => one.ops.watchClock()).catch(() => {})
  return made
}
