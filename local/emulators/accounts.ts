/** Who may log in to the local mail servers, and with what. */
import type { AppAccess, PresentedApp } from './exchange-access.js'

export interface MailAccount {
  password?: string
  /** Further identities (UPNs) whose token opens this account: a shared mailbox's delegates. */
  delegates?: string[]
  /** Sender addresses allowed besides the account's own. */
  sendAs?: string[]
}

export interface AccountOptions {
  accounts: (user: string) => MailAccount | undefined
  /** Who an access token belongs to; `undefined` for one that is not valid here. Absent: XOAUTH2 is not offered. */
  verifyToken?: (token: string) => Identity | undefined | Promise<Identity | undefined>
  /** What an application that signs in by itself may do here; absent: nothing. */
  appAccess?: (app: PresentedApp, mailbox: string) => AppAccess
  /** How tokens are taken; default XOAUTH2 alone. */
  tokenMechanisms?: readonly TokenMechanism[]
  /** What the challenge to a refused token says (RFC 7628, section 3.2.2); default that it is not valid. */
  tokenRefusal?: Record<string, string>
}

export type TokenMechanism = 'XOAUTH2' | 'OAUTHBEARER'

/** Offered where there are tokens at all. */
export const mechanismsOf = ({
  verifyToken,
  tokenMechanisms = ['XOAUTH2'],
}: AccountOptions): readonly TokenMechanism[] => (verifyToken === undefined ? [] : tokenMechanisms)

/** User and token of a SASL answer; undefined when it is none of its mechanism. */
export function tokenIn(mechanism: TokenMechanism, answer: string): { user: string; token: string } | undefined {
  const text = Buffer.from(answer, 'base64').toString()
  const form =
    mechanism === 'XOAUTH2'
      ? /^user=([^\x01]+)\x01auth=Bearer ([^\x01]+)\x01\x01$/i
      : /^n,a=((?:[^\x01,=]|=2C|=3D)+),\x01host=[^\x01]+\x01port=\d+\x01auth=Bearer ([^\x01]+)\x01\x01$/i
  const [, name = '', token = ''] = form.exec(text) ?? []
  if (token === '') return undefined
  return { user: mechanism === 'XOAUTH2' ? name : name.replaceAll('=2C', ',').replaceAll('=3D', '='), token }
}

type Identity = { upn: string } | { app: PresentedApp }

export type Credentials = { user: string; password: string } | { user: string; token: string }

/**
 * A token opens an account when it is the account's own or a delegate's. `no-mailbox`: the login works, and the mailbox
 * stays shut.
 */
export async function mayLogIn(options: AccountOptions, given: Credentials): Promise<AppAccess> {
  const open = (allowed: boolean): AppAccess => (allowed ? 'open' : 'unknown')
  const account = options.accounts(given.user)
  if (!account) return 'unknown'
  if ('password' in given) return open(account.password !== undefined && given.password === account.password)
  const identity = await options.verifyToken?.(given.token)
  if (identity === undefined) return 'unknown'
  if ('app' in identity) return options.appAccess?.(identity.app, given.user) ?? 'unknown'
  const allowed = [given.user, ...(account.delegates ?? [])].map((upn) => upn.toLowerCase())
  return open(allowed.includes(identity.upn.toLowerCase()))
}
