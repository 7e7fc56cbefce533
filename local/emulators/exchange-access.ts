/**
 * What Exchange Online knows of applications that sign in by themselves to IMAP and SMTP: their service principals, by
 * the object id of the enterprise application, and the mailboxes that each may open. Exchange takes any object id and
 * finds out only at the sign-in; what was changed counts after a while.
 */
export interface PresentedApp {
  /** Client id. */
  appId: string
  /** `oid` of its token: the enterprise application's. */
  objectId: string
  roles: string[]
}

/** `unknown`: the sign-in fails. `no-mailbox`: it works and no mailbox opens. */
export type AppAccess = 'open' | 'no-mailbox' | 'unknown'

export class ExchangeAccess {
  /** Milliseconds until a change counts. */
  propagationMs = 0
  #principals: { appId: string; objectId: string; at: number }[] = []
  #permissions: { mailbox: string; objectId: string; at: number }[] = []

  constructor(private readonly now: () => number = Date.now) {}

  newServicePrincipal({ appId, objectId }: { appId: string; objectId: string }): void {
    this.#principals = this.#principals.filter((one) => one.appId !== appId)
    this.#principals.push({ appId, objectId, at: this.now() })
  }

  addMailboxPermission({ mailbox, objectId }: { mailbox: string; objectId: string }): void {
    this.#permissions.push({ mailbox: mailbox.toLowerCase(), objectId, at: this.now() })
  }

  /** `role`: that of the protocol. */
  judge(app: PresentedApp, mailbox: string, role: string): AppAccess {
    const counts = ({ at }: { at: number }): boolean => at + this.propagationMs <= this.now()
    const known = this.#principals.find((one) => one.appId === app.appId && counts(one))
    if (known?.objectId !== app.objectId || !app.roles.includes(role)) return 'unknown'
    const may = this.#permissions.some(
      (one) => one.mailbox === mailbox.toLowerCase() && one.objectId === app.objectId && counts(one),
    )
    return may ? 'open' : 'no-mailbox'
  }
}
