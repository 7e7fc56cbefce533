import type { Secret } from '../secret.js'

/** The deployment's own managed identity, as whoever was told to trust it sees it. */
export interface OwnIdentity {
  /**
   * Its token for an audience such as `api://AzureADTokenExchange`. Rejects with `needs-admin` when the deployment has no
   * such identity, and with a transient error when its platform gave no token now.
   */
  token(audience: string): Promise<Secret>
}
