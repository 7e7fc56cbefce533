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
import type { Registrations } from './flows/admin/registrations.js'
import type { ProbeInput } from './flows/connect/index.js'
import type { QueueDelivery } from './flows/ops/bury-message.js'
import type { TimerWork } from './flows/ops/second-clock.js'
import { tenantLimits } from './http/api/tenant-limits.js'
import { lastNet } from './last-net.js'
import { jsonLog } from './log.js'
import type { Caller } from './model/caller.js'
import { newId } from './model/ids.js'
import type { Message } from './model/messages.js'
import { type QueueName, storageNames } from './model/names.js'
import type { TimerName } from './model/timers.js'
import type { Clock } from './ports/clock.js'
import { lazyProvider, lazyReceiver, lazySender, onFirstUse } from './ports/lazy-ports.js'
import type { Toolbox } from './ports/toolbox.js'
import type { Secret } from './secret.js'
import { stopSignal } from './stop-work.js'

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
  // Loaded with the first token: it is the heaviest package of a cold start.
  const credential = onFirstUse(async () => {
    const { DefaultAzureCredential } = await import('@azure/identity')
    return new DefaultAzureCredential(id === '' ? {} : { managedIdentityClientId: id })
  })
  return { getToken: async (...input) => (await credential()).getToken(...input) }
}

async function dependenciesOf(config: Config): Promise<Toolbox> {
  const [{ bytesInHand }, { storageClock }, { azureTables }, { azureQueues }, { azureBlobs }, { keyVault }] =
    await Promise.all([
      import('./ports/bytes-in-hand.js'),
      import('./stores/storage-clock.js'),
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
  const clock = storageClock(systemClock)
  return {
    names: storageNames(config.environment),
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
    clock,
    log: consoleLog,
    worker: `${hostname().slice(0, 20)}-${newId().slice(0, 8)}`,
    stopping: stopSignal(),
    inHand: bytesInHand(),
  }
}

/** Everything for one process of these settings; `over` lets a test bring its own clock or let a store fail. */
export async function wireGateway(config: Config, over: Partial<Toolbox> = {}) {
  const [
    made,
    flows,
    { guardedLookup, isForbiddenHost },
    { allowedPort },
    { httpDiscovery },
    { rememberedDiscovery },
    { webhookPoster },
  ] = await Promise.all([
    dependenciesOf(config),
    import('./flows/index.js'),
    import('./transports/guarded-lookup.js'),
    import('./protocol/address-guard.js'),
    import('./transports/http-discovery.js'),
    import('./transports/remembered-discovery.js'),
    import('./transports/webhook-poster.js'),
  ])
  const deps = { ...made, ...over }
  const { adminFlows, connectFlows, probeMailbox, receiveFlows, sendFlows, tokenFlows } = flows
  const { authenticate, audit, disconnect, registrations, continueRemovals } = flows
  const { checkMailbox, retryConnection, retryConnections } = flows
  const { sealKeys, deliverMessage, deliverWebhooks, sweepWebhooks } = flows
  const { buryMessage, checkHealth, listAttention, listLog, measure, prepareStorage, purgeOld, readOrBury, sweep } =
    flows
  const { keepClockGoing, runTimer, secondClock, watchClock } = flows
  const {
    checkBalance,
    every,
    findSent,
    forgetBuried,
    once,
    removeEndedConsoleSessions,
    removeOrphans,
    shared,
    warnOfExpiry,
    warnOfPlatformDates,
  } = flows
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
      providers,
      retryConnections: (tenant, id) => retrying().retryConnections(tenant, { registrationId: id }),
    },
    `${config.publicBaseUrl}/oauth/callback`,
  )
  const sealer = (): ReturnType<typeof sealKeys> => sealKeys(deps)

  const tokens = bind({ ...deps, providers, registrations: registered.find, sealer }, tokenFlows)
  const authorized = { ...deps, access: tokens.access }
  const receive = bind({ ...authorized, receivers, settings: config }, receiveFlows)
  const send = bind({ ...authorized, senders, findSent: findSent(authorized, receivers), settings: config }, sendFlows)
  const connect = bind(
    {
      ...deps,
      providers,
      registrations: registered.find,
      listRegistrations: registered.list,
      sealer,
      discovery: rememberedDiscovery(httpDiscovery(config), deps.clock.now),
      probe: (input: ProbeInput) =>
        probeMailbox(
          { receiver: async (transport) => receivers[transport], sender: async (transport) => senders[transport] },
          input,
        ),
      storeGrant: tokens.storeGrant,
      authority: tokens.authority,
      openGate: send.openGate,
      retryConnections: (tenant: string, consented: { registrationId: string; directory: string }) =>
        retrying().retryConnections(tenant, consented),
      accountAddresses: async (token: Secret) =>
        (await import('./transports/account-addresses.js')).accountAddresses(graphOptions)(token),
      allowPort,
      settings: config,
    },
    connectFlows,
  )
  const retrying = () =>
    bind(
      {
        ...authorized,
        senders,
        receivers,
        settings: config,
        retryGrant: tokens.retryGrant,
        tryGrant: tokens.tryGrant,
        openGate: send.openGate,
      },
      { checkMailbox, retryConnection, retryConnections },
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
      endOpenMails: send.endOpenMails,
      settingRules: config.adjustable,
      isForbiddenHost: isForbiddenHost(lookup),
      countOpenMails: send.countOpenMails,
      forgetGrant: tokens.forgetGrant,
      disconnect: (tenant: string, id: string) => disconnect(removing, tenant, id),
    },
    adminFlows,
  )
  const sweepParts = {
    storage: once(() => prepareStorage(deps)),
    secondClock: once(() => keepClockGoing(deps)),
    operatorKey: () => admin.bootstrapOperatorKey(),
    lanes: () => send.sweepLanes(),
    webhooks: () => sweepWebhooks(deps),
    signIns: () => connect.expireSignIns(),
    measures: every(5 * 60_000, () => measure(deps), systemClock.now),
    balance: every(10 * 60_000, () => checkBalance(deps), systemClock.now),
    expiries: every(6 * 3_600_000, () => warnOfExpiry(deps), systemClock.now),
    platform: every(6 * 3_600_000, () => warnOfPlatformDates(deps, process.versions.node), systemClock.now),
    buried: every(6 * 3_600_000, () => forgetBuried(deps), systemClock.now),
    consoleSessions: every(6 * 3_600_000, () => removeEndedConsoleSessions(deps), systemClock.now),
    removals: () => continueRemovals(removing),
    orphans: every(6 * 3_600_000, () => removeOrphans(deps), systemClock.now),
    retention: () => purgeOld(deps, config.retentionDays),
  }
  const watching = watchClock(deps)
  const timerWork: TimerWork = {
    'mailboxes-due': receive.mailboxesDue,
    'tokens-due': tokens.grantsDue,
    sweep: (kind) => sweep(deps, sweepParts, kind),
  }
  const ops = {
    ...bind(deps, { buryMessage, listAttention, listLog }),
    readOrBury: <Q extends QueueName>(queue: Q, delivery: QueueDelivery): Promise<Message<Q> | undefined> =>
      readOrBury(deps, queue, delivery),
    // Anybody may ask: a flood of questions must not use up what the vault and the storage answer in a second.
    checkHealth: shared(1_000, () => checkHealth(deps, (over.clock ?? systemClock).now), systemClock.now),
    runTimer: async (timer: TimerName) => {
      await watching()
      await runTimer(deps, timer, timerWork)
    },
    secondClock: (message: Message<'second-clock'>) => secondClock(deps, message, timerWork),
    sweep: () => runTimer(deps, 'sweep', timerWork),
    watchClock: watching,
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
    admit: tenantLimits(config, deps.clock.now),
    audit: (...input: [Caller, string, string, string]) => audit(deps, ...input),
    registrations: registered satisfies Registrations,
    ...retrying(),
    tokens,
    receive,
    send,
    connect,
    tell,
    admin,
    ops,
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
