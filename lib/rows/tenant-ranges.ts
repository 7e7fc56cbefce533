/** Ranges of partitions by tenant: a partition key begins with the tenant's id, and `~` sorts behind all that ids hold. */

type Range = [from: string, to: string]

/** What one tenant has in a table with partitions `tenant~…`. */
export const ofTenant = (tenant: string): Range => [`${tenant}~`, `${tenant}~~`]

/** All tenants, without the partition `~` of the deployment. */
export const ofEveryTenant: Range = ['0', '~']

/** All tenants and the deployment. */
export const ofEverybody: Range = ['0', '~~']
