import type { Log } from '../log.js'
import type { Names } from '../model/names.js'
import type { ProviderName } from '../model/providers.js'
import type { ReceiveTransport, SendTransport } from '../model/transports.js'
import type { Blobs } from './blobs.js'
import type { BytesInHand } from './bytes-in-hand.js'
import type { Clock } from './clock.js'
import type { Discovery } from './discovery.js'
import type { FlowConfig } from './flow-config.js'
import type { Memory } from './memory.js'
import type { OwnIdentity } from './own-identity.js'
import type { Provider } from './provider.js'
import type { Queues } from './queues.js'
import type { Receiver } from './receiver.js'
import type { Sender } from './sender.js'
import type { Tables } from './tables.js'
import type { Vault } from './vault.js'
import type { WebhookPoster } from './webhook-poster.js'

/** The dependencies of every flow; created once in `gateway.ts`, and anew by each test. */
export interface Toolbox {
  names: Names
  config: FlowConfig
  tables: Tables
  queues: Queues
  blobs: Blobs
  vault: Vault
  clock: Clock
  log: Log
  /** Name of this process in leases. */
  worker: string
  /** Aborted when this instance is being taken away: nothing new is begun, the rest is left to another one (M-170). */
  stopping: AbortSignal
  /** Room for the bytes of mail in this process. */
  inHand: BytesInHand
  memory: Memory
  /** By which registrations without a secret prove themselves. */
  ownIdentity: OwnIdentity
  /** By the kind of a registration, which is the provider of its connections; in `flows` ask `providerOf`. */
  providers: Partial<Record<ProviderName, Provider>>
  senders: Record<SendTransport, Sender>
  receivers: Record<ReceiveTransport, Receiver>
  discovery: Discovery
  webhookPoster: WebhookPoster
  /** Is the host, by its name or by what it resolves to now, one that the gateway never posts to? */
  isForbiddenHost(host: string): Promise<boolean>
  /** May a server be talked to without encryption, by where it is now? */
  isPlainTextHost(host: string): Promise<boolean>
  /** May this port be dialled for a server that a person typed? */
  allowPort(port: number): boolean
}
