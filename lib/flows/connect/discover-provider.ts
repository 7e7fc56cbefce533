/**
 * Guesses who hosts a mailbox: the MX records of its domain first, then the public autoconfig database. Both are asked
 * at once, within three seconds together. DNS can be forged and gateways in front hide the provider, so the result is a
 * suggestion with its evidence, shown to the person who decides; it never fails.
 */

import { isMicrosoftServer } from '../../model/mailbox-warnings.js'
import type { Discovered, Discovery } from '../../ports/discovery.js'
import { readAutoconfig } from '../../protocol/autoconfig.js'

const budgetMs = 3_000

const microsoftHost = /\.mail\.protection\.outlook\.com$|\.mx\.microsoft$/
const googleHost = /(^|\.)(aspmx\.l\.google\.com|smtp\.google\.com|googlemail\.com)$/
const googleServer = /(^|\.)(gmail\.com|googlemail\.com)$/

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
  const microsoftMx = mx.find((host) => microsoftHost.test(host))
  if (microsoftMx)
    return {
      provider: 'microsoft',
      evidence: `Mail for ${domain} arrives at ${microsoftMx}.`,
      about: { by: 'mail', domain, host: microsoftMx },
      ...found,
    }
  const googleMx = mx.find((host) => googleHost.test(host))
  if (googleMx)
    return {
      provider: 'google',
      evidence: `Mail for ${domain} arrives at ${googleMx}.`,
      about: { by: 'mail', domain, host: googleMx },
      ...found,
    }
  const host = servers.imap?.host ?? servers.smtp?.host ?? ''
  if (host === '') return { ...nothing(domain), ...found }
  const evidence = `The public mail settings of ${domain} name ${host}.`
  const about = { by: 'settings', domain, host } as const
  if (isMicrosoftServer(host)) return { provider: 'microsoft', evidence, about, ...found }
  if (googleServer.test(host)) return { provider: 'google', evidence, about, ...found }
  return { provider: 'basic', evidence, about, ...found }
}

const only = ({ host, port, tls }: { host: string; port: number; tls: 'implicit' | 'starttls' }) => ({
  host,
  port,
  tls,
})

function nothing(domain: string): Discovered {
  return {
    provider: 'unknown',
    evidence: `Nothing public says who hosts the mail of ${domain}.`,
    about: { by: 'nothing', domain, host: '' },
  }
}
