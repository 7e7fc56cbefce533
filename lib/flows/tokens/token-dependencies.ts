import type { Registration } from '../../model/registration.js'
import type { Provider } from '../../ports/provider.js'
import type { Toolbox } from '../../ports/toolbox.js'
import type { Sealer } from '../../protocol/seal.js'
import type { Secret } from '../../secret.js'

export interface TokenDependencies extends Toolbox {
  /** By the kind of a registration, which is the provider of its connections: `microsoft` … */
  providers: Record<string, Provider>
  /** `fresh`: as stored now, not as remembered for a minute. */
  registrations(
    tenant: string,
    id: string,
    options?: { fresh?: boolean },
  ): Promise<{ registration: Registration; credential: Secret | undefined }>
  sealer(): Promise<Sealer>
}
