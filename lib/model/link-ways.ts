import type { Connection } from './connection.js'
import type { SignInTarget } from './sign-in.js'

/**
 * A way to answer a link: the provider's own sign-in page, our form for user name and password, or the page on which an
 * administrator consents to the application for an organisation.
 */
export type Way = 'microsoft' | 'password' | 'admin-consent'

const signInPages = ['microsoft'] as const

/**
 * Which ways a link accepts (SEC-03, SEC-05): decided by its kind, by the connection it renews and by its transport,
 * and by nothing that comes from the browser. `renewed` is the connection as stored now; a reconnect whose connection
 * is gone accepts nothing.
 */
export function waysOf(
  target: Pick<SignInTarget, 'kind' | 'consent' | 'connectionId' | 'transport' | 'mailboxUser' | 'allowChange'>,
  renewed: Pick<Connection, 'mode' | 'provider' | 'state'> | undefined,
): readonly Way[] {
  switch (target.kind) {
    case 'admin-consent':
      return target.consent === 'app-only' && target.connectionId !== undefined && renewed?.mode !== 'app-only'
        ? []
        : ['admin-consent']
    case 'connect':
      // Graph is Microsoft's alone, and so is a mailbox that is named by its object id.
      return target.transport === 'graph' || target.mailboxUser !== undefined
        ? ['microsoft']
        : [...signInPages, 'password']
    case 'reconnect': {
      const own = renewed === undefined || renewed.state === 'removed' ? undefined : wayOf(renewed)
      if (own === undefined) return []
      return target.allowChange?.includes('provider') ? [...signInPages, 'password'] : [own]
    }
  }
}

/** The way a person gained a connection. */
function wayOf({ mode, provider }: Pick<Connection, 'mode' | 'provider'>): Way | undefined {
  if (mode === 'password') return 'password'
  return mode === 'delegated' ? signInPages.find((one) => one === provider) : undefined
}
