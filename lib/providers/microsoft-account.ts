import type { INetworkModule } from '@azure/msal-node'
import type { Secret } from '../secret.js'

const withinMs = 5_000
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
export async function addressesOf(
  network: INetworkModule,
  { token, graph }: { token: Secret; graph: string },
): Promise<string[]> {
  const url = `${graph}/v1.0/me?$select=userPrincipalName,mail,proxyAddresses`
  const headers = { authorization: `Bearer ${token.reveal()}` }
  const { status, body: me } = await network.sendGetRequestAsync<Me>(url, { headers }, withinMs)
  if (status !== 200) return []
  const proxies = Array.isArray(me.proxyAddresses) ? me.proxyAddresses.slice(0, mostAddresses) : []
  const smtp = proxies.filter((proxy) => /^smtp:/i.test(proxy)).map((proxy) => proxy.slice(5))
  return [me.userPrincipalName, me.mail, ...smtp].filter(
    (address) => typeof address === 'string' && address !== '',
  ) as string[]
}
