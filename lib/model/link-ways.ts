import type { Connection } from './connection.js'
import { providerFacts, type SignInProvider, signInPages } from './providers.js'
import type { SignInTarget } from './sign-in.js'

/**
 * A way to answer a link: the provider's own sign-in page, our form for user name and password, or the page on which an
 * administrator consents to the application for an organisation.
 */
export type Way = SignInProvider | 'password' | 'admin-consent'

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
      // Only over Graph can a mailbox be named by its object id.
      return target.transport === 'graph' || target.mailboxUser !== undefined
        ? signInPages.filter(opensByGraph)
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

/** The sign-in pages of other people's making among these ways. */
export const pagesOf = (ways: readonly Way[]): SignInProvider[] => signInPages.filter((page) => ways.includes(page))

const opensByGraph = (provider: SignInProvider): boolean => providerFacts[provider].transports.includes('graph')

/**
 * A new mailbox for which nobody named who signs in, over the one transport that opens other people's mailboxes: it may
 * turn out to be a shared one.
 */
export const mayBeShared = (
  target: Pick<SignInTarget, 'kind' | 'transport' | 'expectedUser' | 'namedByOwner'>,
  pages: readonly SignInProvider[] = signInPages,
): boolean =>
  target.kind === 'connect' &&
  target.transport !== 'imap-smtp' &&
  pages.some(opensByGraph) &&
  (target.expectedUser === undefined || target.namedByOwner !== undefined)
