/** Operators see who holds an address, across all environments of the storage account, and release it. */
import { invalidInput, notFound } from '../../errors.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { findHolder, type Holder, holderId, removeHolder } from '../../rows/holders.js'

/** At most one, as a list, because an address that nobody holds is no error. */
export async function findHolders(
  deps: Toolbox,
  address: string,
): Promise<{ holders: Omit<Holder, 'also'>[]; next: string }> {
  if (!/^[^\s@]+@[^\s@]+$/.test(address) || address.length > 254)
    throw invalidInput('address', 'must be one mail address of at most 254 characters, given as ?address=…')
  const holder = await findHolder(deps, holderId(address))
  if (holder === undefined) return { holders: [], next: '' }
  const { etag: _, also: __, ...shown } = holder
  return { holders: [shown], next: '' }
}

/** The mailbox that held it stays as it is; from now on another may be connected. */
export async function releaseHolder(deps: Toolbox, id: string): Promise<void> {
  const holder = /^[0-9a-f]{64}$/.test(id) ? await findHolder(deps, id) : undefined
  if (holder === undefined) throw notFound('holder')
  await removeHolder(deps, id)
}
