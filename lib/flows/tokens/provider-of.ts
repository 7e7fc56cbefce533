import { GatewayError } from '../../errors.js'
import type { Provider } from '../../ports/provider.js'
import type { Toolbox } from '../../ports/toolbox.js'

/** Throws `provider_unknown` for a name that no adapter serves: nothing is ever taken for another provider. */
export function providerOf({ providers }: Pick<Toolbox, 'providers'>, name: string): Provider {
  const provider = Object.hasOwn(providers, name) ? providers[name as keyof typeof providers] : undefined
  if (provider !== undefined) return provider
  throw new GatewayError('provider_unknown', 'needs-admin', {
    hint: 'operator',
    status: 409,
    description: `This version of the gateway does not know the identity provider "${name}".`,
    remedy: 'Deploy a version that knows this provider, or use a registration at one that it does know.',
  })
}
