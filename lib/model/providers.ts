/**
 * What is known of each identity provider and of the mail service behind it: its own servers, its limits, how long its
 * tokens live. Pure facts with their source, a row each; how authority is gained is the provider's adapter
 * (lib/providers).
 */
import type { CredentialKind } from './credential.js'
import type { ReceiveSettings, SendSettings } from './mailbox.js'

/** A field of a registration, as people fill it in. */
export interface RegistrationField {
  pattern: RegExp
  /** Kept in lower case. */
  ignoresCase?: true
  /** What it must be, after its name. */
  message: string
  description: string
}

export interface ProviderFacts {
  /** As people know it. */
  label: string
  /** Its own mail server; the name in lower case, without a final dot. */
  ownsServer(host: string): boolean
  /** Its own mail exchanger, as MX records name it. */
  ownsExchanger(host: string): boolean
  /** By which its mailboxes can be opened. */
  transports: readonly (ReceiveSettings | SendSettings)['transport'][]
  /** What a registration is made of; absent: nobody can sign in there. */
  registration?: {
    clientId: RegistrationField
    /** By which it can prove itself; the one that is asked for first stands first. */
    credentials: readonly CredentialKind[]
    /** Part of its authority; absent: everybody signs in at one place. */
    directory?: RegistrationField
    /** Separate from each other, each with endpoints of its own; the usual one first. Absent: there is one. */
    clouds?: readonly string[]
    /**
     * Its server may be anybody's, a hostile one among them: a registration says where it is, its answers come back to
     * an address of the registration's own, and people choose it by the registration's name.
     */
    ownServer?: true
  }
  /** Milliseconds after which a refresh token that nobody used has ended; absent: the provider does not say. */
  unusedLifeMs?: number
  /** A replaced refresh token stays good for long, so the vault need not see every rotation; the row does. */
  replacedTokensStayGood: boolean
  /** What its mail service takes from one mailbox; absent: it does not say. */
  mailLimits?: { mailsPerMinute: number; recipientsPerDay: number }
}

export const microsoftClouds = ['global', 'us-government', 'china'] as const

const none = (): boolean => false
const guid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

const rows = {
  microsoft: {
    label: 'Microsoft',
    // Exchange Online and Outlook.com, in any cloud.
    ownsServer: (host) =>
      /^([a-z0-9-]+\.)*(office365\.com|office365\.us|outlook\.com|partner\.outlook\.cn)$/.test(host),
    ownsExchanger: (host) =>
      /\.mail\.protection\.(outlook\.com|office365\.us|partner\.outlook\.cn)$|\.mx\.microsoft$/.test(host),
    transports: ['graph', 'imap', 'smtp'],
    registration: {
      clientId: {
        pattern: guid,
        ignoresCase: true,
        message: 'must be the application (client) id: a GUID',
        description: 'Application (client) id of the app registration: a GUID.',
      },
      credentials: ['secret', 'private-key', 'managed-identity', 'none'],
      directory: {
        pattern: /^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$|^(common|organizations|consumers)$/,
        message: 'must be a tenant id (GUID), "common", "organizations" or "consumers"',
        description: 'Microsoft tenant: a GUID, `common`, `organizations` or `consumers`.',
      },
      clouds: microsoftClouds,
    },
    // learn.microsoft.com/entra/identity-platform/refresh-tokens
    unusedLifeMs: 90 * 86_400_000,
    replacedTokensStayGood: true,
    // learn.microsoft.com/office365/servicedescriptions/exchange-online-service-description/exchange-online-limits
    // (REL-09)
    mailLimits: { mailsPerMinute: 30, recipientsPerDay: 10_000 },
  },
  google: {
    label: 'Google',
    ownsServer: (host) => /(^|\.)(gmail\.com|googlemail\.com)$/.test(host),
    ownsExchanger: (host) => /(^|\.)(aspmx\.l\.google\.com|smtp\.google\.com|googlemail\.com)$/.test(host),
    transports: ['imap', 'smtp'],
    replacedTokensStayGood: false,
  },
  oauth2: {
    label: 'OAuth 2.0',
    ownsServer: none,
    ownsExchanger: none,
    transports: ['imap', 'smtp'],
    registration: {
      clientId: {
        pattern: /^[\x20-\x7e]{1,300}$/,
        message: 'must have 1 to 300 characters of ASCII',
        description: 'Client id that the server gave: 1 to 300 characters, in upper and lower case as given.',
      },
      credentials: ['secret', 'none'],
      ownServer: true,
    },
    replacedTokensStayGood: false,
  },
  basic: {
    label: 'mail server',
    ownsServer: none,
    ownsExchanger: none,
    transports: ['imap', 'smtp'],
    replacedTokensStayGood: false,
  },
} satisfies Record<string, ProviderFacts>

export type ProviderName = keyof typeof rows
/** Who issues tokens; `basic` is the mail server itself, which takes a password. */
export type SignInProvider = Exclude<ProviderName, 'basic'>

export const providerFacts: Record<ProviderName, ProviderFacts> = rows
export const providerNames = Object.keys(rows) as [ProviderName, ...ProviderName[]]
export const signInProviders = providerNames.filter((name): name is SignInProvider => name !== 'basic')

/** Those with a sign-in page of their own. */
export const signInPages = signInProviders.filter((name) => providerFacts[name].registration !== undefined)
