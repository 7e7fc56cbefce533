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
