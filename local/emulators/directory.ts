/**
 * The one directory all Microsoft emulators share: tenants, users with their mailboxes, app registrations and what
 * Entra must remember (consents, refresh tokens, signing key). Everything is in memory; `snapshot()` and `restore()`
 * carry it over a restart of the local mode.
 */
import { randomUUID } from 'node:crypto'
import {
  type AppRegistration,
  type Attachment,
  type Message,
  type MessageContent,
  type Misbehaviour,
  misbehaviours,
  type RefreshToken,
  type Tenant,
  type User,
} from './directory-types.js'
import { Mailbox, type MailboxState } from './mailbox.js'
import { bytesOf, type Parts } from './parts.js'

export type * from './directory-types.js'
export { Mailbox } from './mailbox.js'

/** A mail that left the emulated Microsoft 365, newest last. */
export interface OutboundMail {
  from: string
  to: string[]
  raw: Buffer
}

export class Directory {
  readonly tenants: Tenant[] = []
  readonly users: User[] = []
  readonly apps: AppRegistration[] = []
  /** `{client id} {user oid}` → lower-case scopes with their resource in front. */
  readonly consents = new Map<string, Set<string>>()
  readonly refreshTokens = new Map<string, RefreshToken>()
  /** Requests for approval that people sent to their administrators. */
  readonly consentRequests: { clientId: string; upn: string; scopes: string[] }[] = []
  /** Private JWK of the token signing key; made by Entra at its first start. */
  signingKey: Record<string, unknown> | undefined
  /** Mail to addresses outside the directory (the last 1,000), for assertions. */
  readonly outbound: OutboundMail[] = []
  readonly #mailboxes = new Map<string, Mailbox>()

  constructor(readonly now: () => number = Date.now) {}

  addTenant(tenant: Tenant): Tenant {
    this.tenants.push(tenant)
    return tenant
  }

  /** Adds a user with an empty mailbox; `flags` come from the address unless given. */
  addUser(fields: Partial<User> & { upn: string }): User {
    const domain = fields.upn.slice(fields.upn.indexOf('@') + 1).toLowerCase()
    const tenantId = fields.tenantId ?? this.tenants.find((t) => t.domains.includes(domain))?.id
    if (!tenantId) throw new Error(`No tenant has the domain of ${fields.upn}`)
    const user: User = {
      oid: randomUUID(),
      mail: fields.upn,
      aliases: [],
      displayName: displayNameOf(fields.upn),
      kind: 'user',
      enabled: true,
      fullAccess: [],
      sendAs: [],
      flags: flagsOf(fields.upn),
      ...fields,
      tenantId,
    }
    this.users.push(user)
    return user
  }

  addApp(fields: Partial<AppRegistration> & Pick<AppRegistration, 'clientId' | 'tenantId'>): AppRegistration {
    const app: AppRegistration = {
      name: 'Mailbox Gateway',
      audience: 'AzureADMultipleOrgs',
      secrets: [],
      certificates: [],
      federated: [],
      redirectUris: [],
      roles: {},
      ...fields,
    }
    this.apps.push(app)
    return app
  }

  tenant(idOrDomain: string): Tenant | undefined {
    const wanted = idOrDomain.toLowerCase()
    return this.tenants.find((t) => t.id.toLowerCase() === wanted || t.domains.includes(wanted))
  }

  /** A user by object id or by any of its addresses. */
  user(idOrAddress: string): User | undefined {
    const wanted = idOrAddress.toLowerCase()
    return this.users.find((u) => u.oid.toLowerCase() === wanted || addressesOf(u).includes(wanted))
  }

  app(clientId: string): AppRegistration | undefined {
    return this.apps.find((a) => a.clientId.toLowerCase() === clientId.toLowerCase())
  }

  mailbox(user: User): Mailbox {
    let mailbox = this.#mailboxes.get(user.oid)
    if (!mailbox) {
      mailbox = new Mailbox(this.now)
      this.#mailboxes.set(user.oid, mailbox)
    }
    return mailbox
  }

  /** Drops one mail into the inbox of the user with this address. */
  deliver(address: string, raw: Buffer | string): Message {
    const user = this.user(address)
    if (!user) throw new Error(`No mailbox has the address ${address}`)
    return this.mailbox(user).add('inbox', { raw: Buffer.from(raw as string) })
  }

  /** Is this address in a verified domain of a tenant here, whether or not someone has it? */
  isLocalDomain(address: string): boolean {
    const domain = address.slice(address.lastIndexOf('@') + 1).toLowerCase()
    return this.tenants.some((t) => t.domains.includes(domain))
  }

  recordOutbound(mail: OutboundMail): void {
    this.outbound.push(mail)
    if (this.outbound.length > 1000) this.outbound.shift()
  }

  /** Everything as plain JSON: the directory, and each mailbox separately; the bytes of mail go to `parts`. */
  snapshot(parts: Parts): Record<string, unknown> {
    const { tenants, users, apps, signingKey } = this
    const consents = [...this.consents].map(([key, scopes]) => [key, [...scopes]])
    const refreshTokens = [...this.refreshTokens.values()]
    return {
      directory: { tenants, users, apps, signingKey, consents, refreshTokens },
      ...Object.fromEntries([...this.#mailboxes].map(([oid, mailbox]) => [`mailbox ${oid}`, saved(mailbox, parts)])),
    }
  }

  /** Replaces the content by that of a snapshot; what belongs to others in it is left alone. */
  restore(things: Record<string, unknown>, parts: Parts): void {
    const saved = things['directory'] as Saved
    refill(this.tenants, saved.tenants)
    refill(this.users, saved.users)
    // The redirect URIs of this start stay valid: the local mode may have got another port.
    for (const app of saved.apps) {
      app.redirectUris = [...new Set([...app.redirectUris, ...(this.app(app.clientId)?.redirectUris ?? [])])]
    }
    refill(this.apps, saved.apps)
    this.signingKey = saved.signingKey
    this.consents.clear()
    for (const [key, scopes] of saved.consents) this.consents.set(key, new Set(scopes))
    this.refreshTokens.clear()
    for (const token of saved.refreshTokens) this.refreshTokens.set(token.token, token)
    this.#mailboxes.clear()
    for (const [name, state] of Object.entries(things)) {
      const oid = /^mailbox (.+)$/.exec(name)?.[1]
      if (oid !== undefined) this.#mailboxes.set(oid, restored(state as SavedMailbox, this.now, parts))
    }
  }
}

interface Saved {
  tenants: Tenant[]
  users: User[]
  apps: AppRegistration[]
  signingKey?: Record<string, unknown>
  consents: [string, string[]][]
  refreshTokens: RefreshToken[]
}

type SavedMessage = Omit<Message, 'raw' | 'content'> & {
  /** References. */
  raw: string
  content?: Omit<MessageContent, 'attachments'> & { attachments: (string | Attachment)[] }
}
type SavedMailbox = Omit<MailboxState, 'messages'> & { messages: SavedMessage[] }

/** All addresses of a user, lower case, UPN first. */
export function addressesOf(user: User): string[] {
  return [user.upn, user.mail, ...user.aliases].map((a) => a.toLowerCase())
}

/** The misbehaviour an address asks for: its local part, optionally followed by `-`, `+`, `.` or a digit and more. */
function flagsOf(address: string): Misbehaviour[] {
  const word = /^[a-z]+/.exec(address.toLowerCase())?.[0] ?? ''
  return misbehaviours.filter((m) => m === word)
}

function displayNameOf(upn: string): string {
  const local = upn.slice(0, upn.indexOf('@'))
  return local.charAt(0).toUpperCase() + local.slice(1)
}

function saved(mailbox: Mailbox, parts: Parts): SavedMailbox {
  const state = mailbox.state()
  const messages = state.messages.map(({ raw, content, ...rest }) => ({
    ...rest,
    raw: parts.put(raw, () => raw),
    ...(content && {
      content: { ...content, attachments: content.attachments.map((one) => putAttachment(one, parts)) },
    }),
  }))
  return { ...state, messages }
}

const putAttachment = (one: Attachment, parts: Parts): string => parts.put(one, () => Buffer.from(JSON.stringify(one)))

function restored(state: SavedMailbox, now: () => number, parts: Parts): Mailbox {
  const attachmentOf = (one: string | Attachment): Attachment =>
    typeof one === 'string' ? parts.get(one, (bytes) => JSON.parse(bytes.toString()) as Attachment) : one
  const messages = state.messages.map(({ raw, content, ...rest }) => ({
    ...rest,
    raw: bytesOf(raw, parts),
    ...(content && { content: { ...content, attachments: content.attachments.map(attachmentOf) } }),
  }))
  return new Mailbox(now, { ...state, messages })
}

function refill<T>(list: T[], values: T[]): void {
  list.splice(0, list.length, ...values)
}
