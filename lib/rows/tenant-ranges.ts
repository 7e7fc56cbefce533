/** Ranges of keys. A partition key begins with the tenant's id, and `~` sorts behind all that ids and names hold. */

type Range = [from: string, to: string]

/** Keys that begin with `prefix`. */
export const startingWith = (prefix: string): Range => [prefix, `${prefix}~`]

/** What one tenant has, where keys are `tenant~…`. */
export const ofTenant = (tenant: string): Range => startingWith(`${tenant}~`)

/** All tenants, without the partition `~` of the deployment. */
export const ofEveryTenant: Range = ['0', '~']

/** All tenants and the deployment. */
export const ofEverybody: Range = ['0', '~~']
