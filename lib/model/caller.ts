export type Role = 'operator' | 'tenant-admin' | 'app'

/** Who is calling, from the credential alone (SEC-17). */
export interface Caller {
  role: Role
  /** `~` for operators: they name the tenant in the header x-tenant. */
  tenant: string
  keyId: string
}
