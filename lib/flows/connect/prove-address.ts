/**
 * Whose word about an address counts? An account proves one only within a directory that owns its domain: any directory
 * can write any address into the `mail` of its accounts (SEC-05). At a mail server a password proves an address when
 * the server is one that the domain's own public records name. What proves nothing may still be connected, but nobody
 * else is kept from the address by it.
 */
import type { Identity } from '../../model/connection.js'
import type { Registration } from '../../model/registration.js'
import type { Discovered } from '../../ports/discovery.js'
import type { Provider } from '../../ports/provider.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { sameAddress } from '../../protocol/mail-address.js'
import { haveSameOwner } from '../../protocol/registrable-domain.js'
import { discoverProvider } from './discover-provider.js'
import type { TypedServers } from './judge-servers.js'

const domainOf = (address: string): string => address.slice(address.lastIndexOf('@') + 1).toLowerCase()

/**
 * Does the directory of this account own the domains of all these addresses? Rejects when the provider does not answer.
 */
export async function isDirectoryOf(
  { provider, registration }: { provider: Provider; registration: Pick<Registration, 'authority'> },
  { tenantId = '' }: Pick<Identity, 'tenantId'>,
  addresses: string[],
): Promise<boolean> {
  if (tenantId === '') return false
  const domains = [...new Set(addresses.map(domainOf))]
  const owners = await Promise.all(domains.map((domain) => provider.directoryOf(registration, domain)))
  return owners.every((owner) => owner === tenantId)
}

/**
 * Is each of the servers, the one that accepted the password among them, one that the address's own domain names? A
 * provider has many customers: the user name must be the address, or at a server of the very domain the part before the
 * @.
 */
export async function areServersOf(
  deps: Toolbox,
  address: string,
  { username, ...typed }: TypedServers & { username: string },
): Promise<boolean> {
  const found: Discovered & { exchangers?: string[] } = await discoverProvider(deps.discovery, address)
  const named = [...(found.exchangers ?? []), found.imap?.host, found.smtp?.host].filter((host) => host !== undefined)
  const hosts = [typed.imap?.host, typed.smtp?.host].filter((host) => host !== undefined)
  const isWhole = sameAddress(username, address)
  if (!isWhole && !sameAddress(`${username}@${domainOf(address)}`, address)) return false
  const isNamed = async (host: string): Promise<boolean> => {
    if (!isWhole && !(await haveSameOwner(host, domainOf(address)))) return false
    for (const one of named) if (await haveSameOwner(one, host)) return true
    return false
  }
  for (const host of hosts) if (!(await isNamed(host))) return false
  return hosts.length > 0
}
