/** What the grant of a connection does not carry, in the words of its provider (M-140). */
import type { Connection } from '../../model/connection.js'
import { type ReceiveTarget, resourceOfTransport, type SendTarget } from '../../model/transports.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { providerOf } from './provider-of.js'

/**
 * Empty where nothing is known to be missing: of a password, of a relay, and of an application whose permissions stand
 * in Exchange and not in its scopes.
 */
export function lackingPermissions(
  deps: Toolbox,
  { mode, provider, scopes }: Pick<Connection, 'mode' | 'provider' | 'scopes'>,
  wanted: { direction: 'receive' | 'send'; target: ReceiveTarget | SendTarget; changesMail?: boolean },
): string[] {
  const { direction, target, changesMail = false } = wanted
  if ((mode !== 'delegated' && mode !== 'app-only') || scopes.length === 0) return []
  const isOfApplication = mode === 'app-only'
  if (isOfApplication && resourceOfTransport(target.transport) !== 'graph') return []
  const rules = providerOf(deps, provider)
  // An application has no permissions of its own for shared mailboxes.
  const granted = isOfApplication ? scopes.map((scope) => `${scope}.Shared`) : scopes
  return rules.missingScopes(rules.neededScopes(direction, target, { changesMail }), granted)
}
