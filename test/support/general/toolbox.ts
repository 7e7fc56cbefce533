import { readRows } from '../../../lib/config/read-rows.js'
import { receivingSettings } from '../../../lib/config/receiving-settings.js'
import { sendingSettings } from '../../../lib/config/sending-settings.js'
import { tenantSettings } from '../../../lib/config/tenant-settings.js'
import { silentLog } from '../../../lib/log.js'
import { storageNames } from '../../../lib/model/names.js'
import { receiveTransports, sendTransports } from '../../../lib/model/transports.js'
import { bytesInHand } from '../../../lib/ports/bytes-in-hand.js'
import type { FlowConfig } from '../../../lib/ports/flow-config.js'
import { newMemory } from '../../../lib/ports/memory.js'
import type { Provider } from '../../../lib/ports/provider.js'
import type { Toolbox } from '../../../lib/ports/toolbox.js'
import { microsoftRules } from '../../../lib/providers/microsoft-rules.js'
import { stopController } from '../../../lib/stop-work.js'
import { memoryBlobs } from '../../../lib/stores/memory-blobs.js'
import { memoryQueues } from '../../../lib/stores/memory-queues.js'
import { memoryTables } from '../../../lib/stores/memory-tables.js'
import { memoryVault } from '../../../lib/stores/memory-vault.js'

const { fields } = readRows([...receivingSettings, ...sendingSettings, ...tenantSettings] as const, {}, false)

/** Settings as shipped. */
export const shipped: FlowConfig = {
  ...fields,
  publicBaseUrl: 'https://mail.example.com',
  origins: {},
  adjustable: [],
}

/** A mail server that is not there. */
export const nobody = { open: () => Promise.reject(new Error('this test has no mail server')) }

const over = <T extends string, P>(transports: Record<T, unknown>, port: P) =>
  Object.fromEntries(Object.keys(transports).map((transport) => [transport, port])) as Record<T, P>

/** The same one, whatever the transport. */
export const everySender = <S>(sender: S) => over(sendTransports, sender)
export const everyReceiver = <R>(receiver: R) => over(receiveTransports, receiver)

/**
 * What flows of one process work on: stores in memory, settings as shipped, nobody outside. `over` brings what a test is
 * about.
 */
export function toolbox<O extends Partial<Toolbox>>(over: O): Toolbox & O {
  const clock = over.clock ?? { now: Date.now, sleep: async () => {} }
  return {
    names: storageNames('test'),
    config: { ...shipped },
    tables: memoryTables(clock),
    queues: memoryQueues(clock),
    blobs: memoryBlobs(clock),
    vault: memoryVault(),
    clock,
    log: silentLog,
    worker: 'test',
    stopping: stopController().signal,
    inHand: bytesInHand(),
    memory: newMemory(),
    ownIdentity: { token: () => Promise.reject(new Error('this test has no identity')) },
    providers: { microsoft: providerOfNobody },
    senders: everySender(nobody),
    receivers: everyReceiver(nobody),
    discovery: { mailExchangers: async () => [], autoconfig: async () => undefined },
    webhookPoster: { post: () => Promise.reject(new Error('this test takes no webhook')) },
    isForbiddenHost: async () => false,
    isPlainTextHost: async () => true,
    allowPort: () => true,
    ...over,
  }
}

/** Another process on the same storage: it remembers nothing. */
export const another = <T extends Toolbox>(deps: T): T => ({ ...deps, worker: 'another', memory: newMemory() })

const unasked = (): Promise<never> => Promise.reject(new Error('this test signs nobody in'))

/** A provider that is asked for nothing, unless the test says what. */
export const providerOfNobody: Provider = {
  ...microsoftRules,
  accountAddresses: async () => [],
  authorizeUrl: unasked,
  redeem: unasked,
  refresh: unasked,
  appToken: unasked,
  tryCredential: unasked,
  adminConsentUrl: unasked,
  directoryOf: unasked,
  issuerMatches: unasked,
  namesIssuer: unasked,
  checkRegistration: async () => {},
}
