import type { Resource } from '../../model/connection.js'
import type { Grant } from '../../model/grant.js'
import type { Registration } from '../../model/registration.js'
import type { Verdicts } from '../../model/sign-in.js'
import type { ReceiveTarget, SendTarget } from '../../model/transports.js'
import type { Authority } from '../../ports/authority.js'
import type { Discovery } from '../../ports/discovery.js'
import type { Secret } from '../../secret.js'
import type { TokenDependencies } from '../tokens/token-dependencies.js'

/** A try-out of freshly gained authority; every part has its own verdict (M-072). */
export interface ProbeInput {
  authority: Authority
  /** Rights without which a direction cannot work; looked for in the token before a server is asked. */
  needed?: { reading: readonly string[]; sending: readonly string[]; resource: Resource }
  receive?: ReceiveTarget
  send?: SendTarget
  /** Ends the probe after its budget. */
  signal: AbortSignal
}

export interface ConnectDependencies extends TokenDependencies {
  /** Usable by the tenant: its own first, then the deployment's. */
  listRegistrations(tenant: string): Promise<Omit<Registration, 'secretName'>[]>
  discovery: Discovery
  probe(input: ProbeInput): Promise<Verdicts>
  /** Writes the `grant` row and the vault secret of a new or renewed connection; safe to repeat. */
  storeGrant(input: { tenant: string; connectionId: string; grant: Grant }): Promise<void>
  /** What a connection shows a mail server. */
  authority(tenant: string, connectionId: string, user: string, resource: Resource): Promise<Authority>
  /** Every address of the account behind a Graph token (`/me`), for accounts whose UPN is not their mail address. */
  accountAddresses?(accessToken: Secret): Promise<string[]>
  /** After a reconnect: sending of this mailbox may go on. */
  openGate?(tenant: string, mailboxId: string): Promise<void>
  /** After an administrator's consent: what waited for it in that organisation is tried now. */
  retryConnections?(tenant: string, consented: { registrationId: string; directory: string }): Promise<void>
  /** Which ports may be dialled for a server a person typed; all by default. */
  allowPort?(port: number): boolean
  settings: {
    publicBaseUrl: string
    /** How long a link works; default 24 hours. */
    linkMs?: number
    /** Real origin → where the browser reaches it (local mode); empty in Azure. */
    origins?: Record<string, string>
  }
}
