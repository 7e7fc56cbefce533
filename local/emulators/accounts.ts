/** Who may log in to the local mail servers, and with what. */

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
  verifyToken?: (token: string) => { upn: string } | undefined | Promise<{ upn: string } | undefined>
}

export type Credentials = { user: string; password: string } | { user: string; token: string }

/** A token opens an account when it is the account's own or a delegate's. */
export async function mayLogIn(options: AccountOptions, given: Credentials): Promise<boolean> {
  const account = options.accounts(given.user)
  if (!account) return false
  if ('password' in given) return account.password !== undefined && given.password === account.password
  const identity = await options.verifyToken?.(given.token)
  const allowed = [given.user, ...(account.delegates ?? [])].map((upn) => upn.toLowerCase())
  return identity !== undefined && allowed.includes(identity.upn.toLowerCase())
}
