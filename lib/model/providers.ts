/**
 * What is known of each identity provider and of the mail service behind it: its own servers, its limits, how long its
 * tokens live. Pure facts with their source; how authority is gained is the provider's adapter (lib/providers).
 */
export type ProviderName = 'microsoft' | 'google' | 'oauth2' | 'basic'

export interface ProviderFacts {
  /** Its own mail server; the name in lower case, without a final dot. */
  ownsServer(host: string): boolean
  /** Its own mail exchanger, as MX records name it. */
  ownsExchanger(host: string): boolean
  /** Milliseconds after which a refresh token that nobody used has ended; absent: the provider does not say. */
  unusedLifeMs?: number
  /** A replaced refresh token stays good for long, so the vault need not see every rotation; the row does. */
  replacedTokensStayGood: boolean
  /** What its mail service takes from one mailbox; absent: it does not say. */
  mailLimits?: { mailsPerMinute: number; recipientsPerDay: number }
}

const none = (): boolean => false

export const providerFacts: Record<ProviderName, ProviderFacts> = {
  microsoft: {
    // Exchange Online and Outlook.com, in any cloud.
    ownsServer: (host) =>
      /^([a-z0-9-]+\.)*(office365\.com|office365\.us|outlook\.com|partner\.outlook\.cn)$/.test(host),
    ownsExchanger: (host) => /\.mail\.protection\.outlook\.com$|\.mx\.microsoft$/.test(host),
    // learn.microsoft.com/entra/identity-platform/refresh-tokens
    unusedLifeMs: 90 * 86_400_000,
    replacedTokensStayGood: true,
    // learn.microsoft.com/office365/servicedescriptions/exchange-online-service-description/exchange-online-limits
    // (REL-09)
    mailLimits: { mailsPerMinute: 30, recipientsPerDay: 10_000 },
  },
  google: {
    ownsServer: (host) => /(^|\.)(gmail\.com|googlemail\.com)$/.test(host),
    ownsExchanger: (host) => /(^|\.)(aspmx\.l\.google\.com|smtp\.google\.com|googlemail\.com)$/.test(host),
    replacedTokensStayGood: false,
  },
  oauth2: { ownsServer: none, ownsExchanger: none, replacedTokensStayGood: false },
  basic: { ownsServer: none, ownsExchanger: none, replacedTokensStayGood: false },
}
