/**
 * The services that tell the gateway where a domain's mail is: a DNS-over-HTTPS resolver with JSON answers and the
 * autoconfig database, both over plain HTTP on 127.0.0.1.
 *
 * GET /resolve?name=contoso.example&type=MX            also /dns-query GET /autoconfig/{domain}
 * like the central database; the domain is appended GET /mail/config-v1.1.xml?emailaddress=ana@…         like a
 * provider's own autoconfig host POST /imap/__control                                 orders for the mail servers,
 * which speak no HTTP themselves
 */
import { controlEndpoint } from '../control-endpoint.js'
import { type LoopbackServer, loopbackServer, type Reply } from '../loopback-server.js'
import { autoconfigXml, billionLaughs, oversized } from './autoconfig-xml.js'
import {
  type AutoconfigEntry,
  type DnsType,
  type DomainRecords,
  demoAutoconfig,
  demoDomains,
  dnsTypes,
  type LocalMailServers,
} from './records.js'

export interface DiscoveryOptions {
  /** By domain, lower case. Default: the demo domains. */
  records?: Record<string, DomainRecords>
  /** By domain, lower case. Default: the demo entries. */
  autoconfig?: Record<string, AutoconfigEntry>
  /** Where postbox.example and pop.example of the demo entries point to. */
  mailServers?: LocalMailServers
  /** Controls of servers that speak no HTTP, by name: `imap` is reached at `/imap/__control`. */
  controls?: Record<string, object>
  port?: number
}

export interface DiscoveryEmulator {
  url: string
  port: number
  /** For DNS_RESOLVER_URL. */
  resolverUrl: string
  /** For AUTOCONFIG_URL; the domain is appended. */
  autoconfigUrl: string
  /** Changeable while it runs. */
  records: Record<string, DomainRecords>
  autoconfig: Record<string, AutoconfigEntry>
  /** Path and query of every request. */
  requests: string[]
  stop(): Promise<void>
}

const rcodes = { noerror: 0, servfail: 2, nxdomain: 3, refused: 5 } as const
const never = new Promise<Reply>(() => undefined)

export async function startDiscovery(options: DiscoveryOptions = {}): Promise<DiscoveryEmulator> {
  const records = { ...(options.records ?? demoDomains) }
  const autoconfig = { ...(options.autoconfig ?? demoAutoconfig(options.mailServers)) }
  const requests: string[] = []
  const server: LoopbackServer = await loopbackServer((request) => {
    const { method, url } = request
    const control = options.controls?.[/^\/(\w+)\/__control$/.exec(url.pathname)?.[1] ?? '']
    if (control !== undefined) return controlEndpoint(control, request)
    requests.push(url.pathname + url.search)
    if (method !== 'GET') return text(405, 'Method not allowed')
    if (url.pathname === '/resolve' || url.pathname === '/dns-query') return resolve(url.searchParams, records)
    const domain = autoconfigDomain(url)
    if (domain !== undefined) return document(domain, autoconfig[domain], server.url)
    return text(404, 'Not found')
  }, options)
  return {
    url: server.url,
    port: server.port,
    resolverUrl: `${server.url}/resolve`,
    autoconfigUrl: `${server.url}/autoconfig/`,
    records,
    autoconfig,
    requests,
    stop: server.stop,
  }
}

function resolve(query: URLSearchParams, records: Record<string, DomainRecords>): Reply | Promise<Reply> {
  const name = (query.get('name') ?? '').toLowerCase().replace(/\.$/, '')
  const asked = (query.get('type') ?? 'A').toUpperCase()
  const type = (asked in dnsTypes ? asked : typeByNumber(asked)) as DnsType | undefined
  if (!name || !type) return dnsJson({ error: 'Invalid query: name and type are required' }, 400)
  const known = records[name]
  if (known?.fault === 'hang') return never
  if (known?.fault === 'close') return { status: 0, drop: true }
  if (known?.fault === 'garbage') return text(200, '<html>Please log in to the guest network</html>')
  if (known?.fault === 'http-500') return text(500, 'Internal error')
  const data = known?.records?.[type] ?? []
  const status = known ? rcodes[known.fault ?? 'noerror'] : rcodes.nxdomain
  const said = { Status: status, TC: false, RD: true, RA: true, AD: false, CD: false }
  const Question = [{ name: `${name}.`, type: dnsTypes[type] }]
  if (status === 0 && data.length > 0) {
    const Answer = data.map((value) => ({ name: `${name}.`, type: dnsTypes[type], TTL: 300, data: value }))
    return dnsJson({ ...said, Question, Answer })
  }
  if (status === rcodes.servfail || status === rcodes.refused) return dnsJson({ ...said, Question })
  const soa = `ns1.${name}. hostmaster.${name}. 1 7200 3600 1209600 300`
  return dnsJson({ ...said, Question, Authority: [{ name: `${name}.`, type: dnsTypes.SOA, TTL: 300, data: soa }] })
}

function typeByNumber(asked: string): string | undefined {
  return Object.entries(dnsTypes).find(([, number]) => String(number) === asked)?.[0]
}

function autoconfigDomain(url: URL): string | undefined {
  const byPath = url.pathname.match(/^\/(?:autoconfig|v1\.1)\/([^/]+)\/?$/)?.[1]
  if (byPath !== undefined) return decodeURIComponent(byPath).toLowerCase()
  if (!/^\/(?:\.well-known\/autoconfig\/)?mail\/config-v1\.1\.xml$/.test(url.pathname)) return undefined
  return (url.searchParams.get('emailaddress') ?? '').split('@').at(-1)!.toLowerCase()
}

function document(domain: string, entry: AutoconfigEntry | undefined, origin: string): Reply | Promise<Reply> {
  if (entry === undefined) return text(404, 'Not found')
  if (typeof entry === 'object') return xml(autoconfigXml(domain, entry))
  switch (entry) {
    case 'hang':
      return never
    case 'http-500':
      return text(500, 'Internal error')
    case 'redirect':
      return { status: 302, headers: { location: `${origin}/autoconfig/postbox.example` } }
    case 'oversized':
      return xml(oversized(domain))
    case 'billion-laughs':
      return xml(billionLaughs(domain))
    case 'malformed':
      return xml('<?xml version="1.0"?><clientConfig version="1.1"><emailProvider id="')
  }
}

const xml = (body: string): Reply => ({ status: 200, headers: { 'content-type': 'text/xml' }, body })
const text = (status: number, body: string): Reply => ({ status, headers: { 'content-type': 'text/plain' }, body })
const dnsJson = (body: object, status = 200): Reply => ({
  status,
  headers: { 'content-type': 'application/dns-json' },
  body: JSON.stringify(body),
})
