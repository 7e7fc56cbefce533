/**
 * The only place that wires things together: settings in, journeys out. Everything is loaded and made once per process,
 * at the first call: registering functions stays cheap, and a wrong setting is an answer and not a dead process.
 * Adapters of the mail protocols load when the first mailbox needs them. Imports above `wireGateway` are light or types.
 */
import { hostname } from 'node:os'
import type { TokenCredential } from '@azure/identity'
import { type Config, readConfig } from './config.js'
import { asGatewayError } from './errors.js'
import type { Registrations } from './flows/admin/registrations.js'
import type { Dependencies } from './flows/common/dependencies.js'
import type { ProbeInput } from './flows/connect/index.js'
import { tenantLimits } from './http/tenant-limits.js'
import { jsonLog } from './log.js'
import type { Caller } from './model/caller.js'
import { newId } from './model/ids.js'
import { storageNames } from './model/names.js'
import type { Clock } from './ports/clock.js'
import type { Provider } from './ports/provider.js'
import type { Receiver } from './ports/receiver.js'
import type { Sender } from './ports/sender.js'
import type { Secret } from './secret.js'

type Flow<D> = (deps: D, ...input: never[]) => unknown
type Bound<D, F> = {
  [K in keyof F]: F[K] extends (deps: D, ...input: infer I) => infer R ? (...input: I) => R : never
}

/** Flows as functions of their input alone: the dependencies are given once, here. */
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
  let loading: Promise<TokenCredential> | undefined
  // Loaded with the first token: it is the heaviest package of a cold start.
  return {
    getToken: async (...input) => {
      loading ??= import('@azure/identity').then(
        ({ DefaultAzureCredential }) => new DefaultAzureCredential(id === '' ? {} : { managedIdentityClientId: id }),
      )
      return (await loading).getToken(...input)
    },
  }
}

async function dependenciesOf(config: Config): Promise<Dependencies> {
  const [{ azureTables }, { azureQueues }, { azureBlobs }, { keyVault }] = await Promise.all([
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
    names: storageNames(config.environment),
    tables: azureTables(account('table')),
    queues: azureQueues(account('queue')),
    blobs: azureBlobs(account('blob')),
    vault: keyVault({
      url: config.keyVaultUrl,
      credential: credentialFor(config, config.keyVaultUrl),
      ...(insecure
        ? { clientOptions: { allowInsecureConnection: true, disableChallengeResourceVerification: true } }
        : {}),
    }),
    clock: systemClock,
    log: consoleLog,
    worker: `${hostname().slice(0, 20)}-${newId().slice(0, 8)}`,
  }
}

/** Adapters load when the first mailbox needs them: a cold start pays for none of them. */
function lazySender(load: () => Promise<Sender>, looksUp: boolean): Sender {
  let loading: Promise<Sender> | undefined
  const sender = (): Promise<Sender> => {
    loading ??= load()
    return loading
  }
  return {
    open: async (...input) => (await sender()).open(...input),
    ...(looksUp ? { lookUp: async (...input) => (await sender()).lookUp?.(...input) ?? 'undecided' } : {}),
  }
}

function lazyReceiver(load: () => Promise<Receiver>): Receiver {
  let loading: Promise<Receiver> | undefined
  return {
    open: async (...input) => {
      loading ??= load()
      return (await loading).open(...input)
    },
  }
}

function lazyProvider(load: () => Promise<Provider>): Provider {
  let loading: Promise<Provider> | undefined
  const provider = (): Promise<Provider> => {
    loading ??= load()
    return loading
  }
  return {
    authorizeUrl: async (input) => (await provider()).authorizeUrl(input),
    redeem: async (input) => (await provider()).redeem(input),
    refresh: async (input) => (await provider()).refresh(input),
    appToken: async (input) => (await provider()).appToken(input),
    adminConsentUrl: async (input) => (await provider()).adminConsentUrl(input),
    issuerMatches: async (registration, iss) => (await provider()).issuerMatches(registration, iss),
  }
}

/** Everything for one process of these settings; `over` lets a test bring its own clock or let a store fail. */
export async function wireGateway(config: Config, over: Partial<Dependencies> = {}) {
  const [made, flows, { guardedLookup }, { allowedPort }, { httpDiscovery }, { webhookPoster }] = await Promise.all([
    dependenciesOf(config),
    import('./flows/index.js'),
    import('./transports/guarded-lookup.js'),
    import('./protocol/address-guard.js'),
    import('./transports/http-discovery.js'),
    import('./transports/webhook-poster.js'),
  ])
  const deps = { ...made, ...over }
  const { adminFlows, connectFlows, probeMailbox, receiveFlows, sendFlows, tokenFlows } = flows
  const { authenticate, audit, disconnect, readConnection, registrations, retryConnections, continueRemovals } = flows
  const { sealKeys, deliverMessage, deliverWebhooks, sweepWebhooks } = flows
  const { buryMessage, checkHealth, listAttention, listLog, measure, prepareStorage, purgeOld, sweep } = flows
  const { checkBalance, findSent, forgetBuried, removeOrphans, warnOfExpiry } = flows
  const allowLoopback = config.allowLoopbackMailHosts
  const lookup = guardedLookup({ allowLoopback })
  const allowPort = (port: number): boolean => allowedPort(port, allowLoopback)
  const graphOptions = { origins: config.origins }
  const senders = {
    graph: lazySender(async () => (await import('./transports/graph-sender.js')).graphSender(graphOptions), true),
    smtp: lazySender(
      async () => (await import('./transports/smtp-sender.js')).smtpSender({ lookup, allowPort }),
      false,
    ),
  }
  const receivers = {
    graph: lazyReceiver(async () => (await import('./transports/graph-receiver.js')).graphReceiver(graphOptions)),
    imap: lazyReceiver(async () => (await import('./transports/imap-receiver.js')).imapReceiver({ lookup, allowPort })),
  }
  const providers = {
    microsoft: lazyProvider(async () => {
      const [{ microsoftProvider }, { networkClient }] = await Promise.all([
        import('./providers/microsoft.js'),
        import('./providers/network-client.js'),
      ])
      return microsoftProvider({ clock: deps.clock, network: networkClient({ origins: config.origins }) })
    }),
  }
  const registered = registrations(
    {
      ...deps,
      retryConnections: (tenant, id) =>
        retryConnections({ ...deps, retryGrant: tokens.retryGrant, openGate: send.openGate }, tenant, id),
    },
    `${config.publicBaseUrl}/oauth/callback`,
  )
  const sealer = (): ReturnType<typeof sealKeys> => sealKeys(deps)

  const tokens = bind({ ...deps, providers, registrations: registered.find, sealer }, tokenFlows)
  const authorized = {
    ...deps,
    authority: tokens.authority,
    connection: (tenant: string, id: string) => readConnection(deps, tenant, id),
  }
  const receive = bind({ ...authorized, receivers, settings: config }, receiveFlows)
  const send = bind({ ...authorized, senders, findSent: findSent(authorized, receivers), settings: config }, sendFlows)
  const connect = bind(
    {
      ...deps,
      providers,
      registrations: registered.find,
      listRegistrations: registered.list,
      sealer,
      discovery: httpDiscovery(config),
      probe: (input: ProbeInput) =>
        probeMailbox(
          { receiver: async (transport) => receivers[transport], sender: async (transport) => senders[transport] },
          input,
        ),
      storeGrant: tokens.storeGrant,
      authority: tokens.authority,
      openGate: send.openGate,
      accountAddresses: async (token: Secret) =>
        (await import('./transports/account-addresses.js')).accountAddresses(graphOptions)(token),
      allowPort,
      settings: config,
    },
    connectFlows,
  )
  const tell = bind(
    { ...deps, webhookPoster: webhookPoster({ lookup, allowLoopback }) },
    { deliverWebhooks, deliverMessage },
  )
  const removing = { ...deps, forgetGrant: tokens.forgetGrant }
  const admin = bind(
    {
      ...deps,
      openGate: send.openGate,
      cancelOpenMails: send.cancelOpenMails,
      settingRules: config.adjustable,
      countOpenMails: send.countOpenMails,
      forgetGrant: tokens.forgetGrant,
      disconnect: (tenant: string, id: string) => disconnect(removing, tenant, id),
    },
    adminFlows,
  )
  const sweepParts = {
    storage: once(() => prepareStorage(deps)),
    operatorKey: () => admin.bootstrapOperatorKey(),
    lanes: () => send.sweepLanes(),
    webhooks: () => sweepWebhooks(deps),
    signIns: () => connect.expireSignIns(),
    measures: every(5 * 60_000, () => measure(deps)),
    balance: every(10 * 60_000, () => checkBalance(deps)),
    expiries: every(6 * 3_600_000, () => warnOfExpiry(deps)),
    buried: every(6 * 3_600_000, () => forgetBuried(deps)),
    removals: () => continueRemovals(removing),
    orphans: every(6 * 3_600_000, () => removeOrphans(deps)),
    retention: () => purgeOld(deps, config.retentionDays),
  }
  const ops = {
    ...bind(deps, { buryMessage, listAttention, listLog }),
    // Anybody may ask: a flood of questions must not use up what the vault and the storage answer in a second.
    checkHealth: shared(1_000, () => checkHealth(deps)),
    sweep: () => sweep(deps, sweepParts),
  }
  return {
    config,
    capabilities: {
      providers: [...Object.keys(providers), 'basic'],
      senders: Object.keys(senders),
      receivers: Object.keys(receivers),
      webhooks: ['standard-webhooks'],
    },
    log: deps.log,
    sealer,
    authenticate: (credential: string) => authenticate(deps, credential),
    readTenant: (id: string) => admin.readTenant(id),
    admit: tenantLimits(config.tenantLimits, deps.clock.now),
    audit: (...input: [Caller, string, string, string]) => audit(deps, ...input),
    registrations: registered satisfies Registrations,
    tokens,
    receive,
    send,
    connect,
    tell,
    admin,
    ops,
  }
}

/** Runs until it has succeeded once. */
function once(run: () => Promise<void>): () => Promise<void> {
  let done = false
  return async () => {
    if (done) return
    await run()
    done = true
  }
}

/** Runs at the first call and then at most once in `periodMs`; a failed run is repeated at the next call. */
function every(periodMs: number, run: () => Promise<unknown>): () => Promise<void> {
  let notBefore = 0
  return async () => {
    const now = systemClock.now()
    if (now < notBefore) return
    await run()
    notBefore = now + periodMs - 30_000
  }
}

/** One answer for everybody who asks while it is made and until it is `keptMs` old; a failed one is not kept. */
export function shared<T>(
  keptMs: number,
  ask: () => Promise<T>,
  now: () => number = systemClock.now,
): () => Promise<T> {
  let answer: Promise<T> | undefined
  let until = 0
  return () => {
    if (answer !== undefined && now() < until) return answer
    until = Number.POSITIVE_INFINITY
    answer = ask()
    const settled = (keep: number): void => {
      until = keep
    }
    answer.then(
      () => settled(now() + keptMs),
      () => settled(0),
    )
    return answer
  }
}

export type Gateway = Awaited<ReturnType<typeof wireGateway>>

let made: Promise<Gateway> | undefined

/** The gateway of this process. A wrong setting rejects every call with `settings_invalid` until it is corrected. */
export function gateway(): Promise<Gateway> {
  made ??= Promise.resolve()
    .then(() => wireGateway(readConfig()))
    .catch((error: unknown) => {
      made = undefined
      const { code, problems = [] } = asGatewayError(error)
      consoleLog.error('start-failed', { code, settings: problems.map((problem) => problem.field).join(' ') })
      throw error
    })
  return made
}
