/**
 * Guesses who hosts a mailbox: the MX records of its domain first, then the public autoconfig database. Both are asked
 * at once, within three seconds together. DNS can be forged and gateways in front hide the provider, so the result is a
 * suggestion with its evidence, shown to the person who decides; it never fails.
 */

import { providerFacts, signInProviders } from '../../model/providers.js'
import type { Discovered, Discovery } from '../../ports/discovery.js'
import { readAutoconfig } from '../../protocol/autoconfig.js'

const budgetMs = 3_000

export async function discoverProvider(
  discovery: Discovery,
  address: string,
): Promise<Discovered & { exchangers?: string[] }> {
  const domain = address.slice(address.lastIndexOf('@') + 1).toLowerCase()
  if (!/^(?=.{1,253}$)[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(domain)) return nothing(domain)
  const signal = AbortSignal.timeout(budgetMs)
  const settled = <T>(work: Promise<T>, otherwise: T): Promise<T> =>
    new Promise((done) => {
      signal.addEventListener('abort', () => done(otherwise), { once: true })
      work.then(done, () => done(otherwise))
    })
  const [exchangers, document] = await Promise.all([
    settled(discovery.mailExchangers(domain, signal), []),
    settled(discovery.autoconfig(domain, signal), undefined),
  ])
  const mx = exchangers.map((host) => host.toLowerCase().replace(/\.$/, ''))
  const servers = document === undefined ? {} : readAutoconfig(document)
  const found = {
    ...(mx.length > 0 ? { exchangers: mx } : {}),
    ...(servers.imap ? { imap: only(servers.imap) } : {}),
    ...(servers.smtp ? { smtp: only(servers.smtp) } : {}),
  }
  for (const provider of signInProviders) {
    const host = mx.find(providerFacts[provider].ownsExchanger)
    if (host !== undefined)
      return {
        provider,
        evidence: `Mail for ${domain} arrives at ${host}.`,
        about: { by: 'mail', domain, host },
        ...found,
      }
  }
  const host = servers.imap?.host ?? servers.smtp?.host ?? ''
  if (host === '') return { ...nothing(domain), ...found }
  const evidence = `The public mail settings of ${domain} name ${host}.`
  const about = { by: 'settings', domain, host } as const
  const provider = signInProviders.find((one) => providerFacts[one].ownsServer(host)) ?? 'basic'
  return { provider, evidence, about, ...found }
}

const only = ({ host, port, tls }: { host: string; port: number; tls: 'implicit' | 'starttls' }) => ({
  host,
  port,
  tls,
})

function nothing(domain: string): Discovered {
  return {
    provider: 'unknown',
    evidence: `No public record says who hosts the mail of ${domain}.`,
    about: { by: 'nothing', domain, host: '' },
  }
}
