/**
 * The nouns of the emulated Microsoft 365. All of them are plain JSON except `raw`, which a snapshot keeps as base64.
 */

/**
 * How an emulated account misbehaves on purpose; chosen by the local part of its address (`throttled@`, `revoked-2@`).
 */
export type Misbehaviour = (typeof misbehaviours)[number]

export const misbehaviours = [
  /** Graph answers 429 with Retry-After to every request for this mailbox. */
  'throttled',
  /** The first sign-in works, every refresh answers invalid_grant AADSTS50173. */
  'revoked',
  /** Every Graph request takes two seconds longer. */
  'slow',
  /** Refresh answers AADSTS65001 (consent withdrawn). */
  'consent',
  /** Sign-in returns AADSTS90094 (an administrator must approve). */
  'adminconsent',
  /** Sign-in returns AADSTS900941 (an administrator must approve: Microsoft counts the app as risky). */
  'riskyapp',
  /** Sign-in returns AADSTS50105 (the app is for assigned people only). */
  'unassigned',
  /** Refresh answers AADSTS50076 (second factor now required). */
  'mfa',
  /** Sign-in works, but no token is issued: AADSTS53003 (conditional access). */
  'blocked',
  /** Sign-in shows a page that refuses: AADSTS50057 (account disabled). */
  'disabled',
  /** Refresh answers AADSTS700082 (90 days without use). */
  'expired',
  /** Every send answers 403 ErrorSendAsDenied. */
  'sendasdenied',
  /** Reads like any other; every send answers 403 ErrorAccessDenied (sending was taken away). */
  'nosend',
  /** Every send is accepted and comes back as a report of refusal 5.1.8 (blocked for outbound spam). */
  'outblocked',
  /** Every stored delta link answers 410. */
  'gone',
  /** Every send is delivered and then answered with 504. */
  'timeout',
  /** Graph answers 503 to every request for this mailbox. */
  'unavailable',
  /** Graph answers 200 with JSON that ends in the middle. */
  'malformed',
  /** Next links of this mailbox point to a foreign host. */
  'foreign',
  /** The account has no mailbox: 404 MailboxNotEnabledForRESTAPI. */
  'nomailbox',
  /** Send quota used up: 507 ErrorMessageSubmissionBlocked. */
  'quota',
  /** Mail to this address comes back as a non-delivery report. */
  'bounce',
] as const

export interface Tenant {
  /** GUID. */
  id: string
  name: string
  /** Verified domains, lower case. */
  domains: string[]
  /**
   * What people may consent to themselves: everything that is user-consentable; signing in and no more (`low`); what
   * Microsoft recommends and gives new organisations, which is the default; or nothing.
   */
  consentPolicy?: 'legacy' | 'low' | 'recommended' | 'none'
  /** The admin-consent request workflow is on: who may not consent can ask for it. */
  consentRequests?: boolean
  /** UPNs of those to whom applications are assigned; absent: no assignment is required. */
  assigned?: string[]
  /** The AADSTS number with which a policy of conditional access refuses tokens to everybody. */
  conditionalAccess?: 53003 | 50076
}

export interface User {
  /** Object id, GUID; never changes. */
  oid: string
  tenantId: string
  /** User principal name, the sign-in name. */
  upn: string
  /** Primary address; differs from the UPN for some people. */
  mail: string
  aliases: string[]
  displayName: string
  /** For basic authentication at the emulated mail servers; shared mailboxes have none. */
  password?: string
  kind: 'user' | 'shared'
  enabled: boolean
  /** Holds the directory role Global Administrator: may consent for everybody. */
  administrator?: boolean
  /** Ids of other directories in which this person is a guest; the mailbox stays at home. */
  guestIn?: string[]
  /** UPNs that may open this mailbox. */
  fullAccess: string[]
  /** UPNs that may read one folder of this mailbox and nothing else, by the folder's well-known name. */
  folderAccess?: Record<string, string[]>
  /** UPNs that may send with this address in From. */
  sendAs: string[]
  flags: Misbehaviour[]
}

export interface AppRegistration {
  clientId: string
  name: string
  /** Home tenant id. */
  tenantId: string
  audience: 'AzureADMyOrg' | 'AzureADMultipleOrgs'
  /** Empty for a public client. */
  secrets: { value: string; expiresAt?: number }[]
  /** PEM certificates of the keys with which the app signs its client assertions. */
  certificates: string[]
  /** Federated identity credentials: a managed identity's token counts as the app's. */
  federated: { issuer: string; subject: string; audience: string }[]
  redirectUris: string[]
  /** Delegated scopes the app may ask for, long or short form; absent: every known one. */
  scopes?: string[]
  /** App-only roles granted by the admin of each tenant: tenant id → roles such as `Mail.ReadWrite`. */
  roles: Record<string, string[]>
}

/** A user-assigned one, whose tokens function apps ask for. */
export interface ManagedIdentity {
  /** By which the app names it. */
  clientId: string
  /** Object id of its service principal: the subject of its tokens. */
  principalId: string
  tenantId: string
}

export interface Attachment {
  id: string
  name: string
  contentType: string
  isInline: boolean
  contentId?: string
  /** base64 */
  contentBytes: string
}

export interface NamedAddress {
  name: string
  address: string
}

/** A message in parts, as Graph's JSON form carries it. */
export interface MessageContent {
  subject: string
  from?: NamedAddress
  sender?: NamedAddress
  to: NamedAddress[]
  cc: NamedAddress[]
  bcc: NamedAddress[]
  replyTo: NamedAddress[]
  text?: string
  html?: string
  importance: string
  /** With angle brackets. */
  messageId: string
  inReplyTo?: string
  references?: string
  headers: { name: string; value: string }[]
  attachments: Attachment[]
}

export interface Message {
  /** Survives moves inside the mailbox. */
  immutableId: string
  /** Changes with every move. */
  id: string
  /** IMAP UID in its present folder. */
  uid: number
  folderId: string
  /** Position in the mailbox's change log: last change, and arrival in the present folder. */
  seq: number
  arrivedSeq: number
  raw: Buffer
  /** Set once a draft was written or changed as JSON: `raw` is then composed from it. */
  content?: MessageContent
  isRead: boolean
  isDraft: boolean
  categories: string[]
  flagStatus: 'notFlagged' | 'flagged' | 'complete'
  conversationId: string
  /** Milliseconds since the epoch. */
  receivedAt: number
  createdAt: number
  modifiedAt: number
}

export interface Folder {
  id: string
  /** Graph's well-known name, such as `inbox`. */
  wellKnown?: string
  displayName: string
  parentId?: string
  uidValidity: number
  uidNext: number
}

export interface Tombstone {
  id: string
  immutableId: string
  folderId: string
  seq: number
  reason: 'deleted' | 'changed'
}

/** One refresh token the emulated Entra handed out; part of the snapshot, so that connections survive a restart. */
export interface RefreshToken {
  token: string
  /** All tokens that descend from one sign-in. */
  family: string
  clientId: string
  userOid: string
  tenantId: string
  issuedAt: number
  expiresAt: number
  usedAt?: number
  /** AADSTS number it is refused with. */
  refusedWith?: number
}
