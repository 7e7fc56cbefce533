import type { Secret } from '../secret.js'
import { type GraphOptions, graphClient } from './graph-client.js'

const timeoutMs = 5_000
const mostAddresses = 500

interface Me {
  userPrincipalName?: string
  mail?: string | null
  proxyAddresses?: string[]
}

/**
 * Every address of the account behind a fresh Graph token: principal name, mail and SMTP proxies. `otherMails` is left
 * out on purpose: people set it themselves and nobody verifies it.
 */
export function accountAddresses(options: GraphOptions): (accessToken: Secret) => Promise<string[]> {
  return async (accessToken) => {
    const authority = { kind: 'bearer' as const, user: '', token: async () => accessToken }
    const client = graphClient(options, authority, AbortSignal.timeout(timeoutMs))
    const to = '/me?$select=userPrincipalName,mail,proxyAddresses'
    const me = await client.json<Me>({ method: 'GET', to, operation: 'connect' })
    const proxies = Array.isArray(me.proxyAddresses) ? me.proxyAddresses.slice(0, mostAddresses) : []
    const smtp = proxies.filter((proxy) => /^smtp:/i.test(proxy)).map((proxy) => proxy.slice(5))
    return [me.userPrincipalName, me.mail, ...smtp].filter(
      (address) => typeof address === 'string' && address !== '',
    ) as string[]
  }
}
