import type { ServerAddress } from '../model/mailbox.js'
import type { ProviderName } from '../model/providers.js'

export type DiscoveredProvider = ProviderName | 'unknown'

/** A mail server as the autoconfig database describes it; always encrypted. */
export type DiscoveredServer = Pick<ServerAddress, 'host' | 'port' | 'tls'>

/** What public records say about an address: a suggestion for the person to confirm, never a decision. */
export interface Discovered {
  provider: DiscoveredProvider
  /** One plain sentence: where the suggestion comes from. */
  evidence: string
  /** The same, for pages in other languages. */
  about?: { by: 'mail' | 'settings' | 'nothing' | 'asked' | 'stored'; domain: string; host: string }
  imap?: DiscoveredServer
  smtp?: DiscoveredServer
}

export interface Discovery {
  /** Host names of the domain's MX records, lower case, best first; empty when there are none or nobody answered. */
  mailExchangers(domain: string, signal: AbortSignal): Promise<string[]>
  /** The autoconfig document of the domain as text; `undefined` when there is none or nobody answered. */
  autoconfig(domain: string, signal: AbortSignal): Promise<string | undefined>
}
