/**
 * Reads the few fields of a Thunderbird autoconfig document that matter here. It is deliberately not an XML parser: no
 * DTD, no entities, no nesting beyond one server element; it simply does not find anything unusual.
 */

export interface AutoconfigServer {
  host: string
  port: number
  tls: 'implicit' | 'starttls'
  oauth: boolean
}

export interface Autoconfig {
  imap?: AutoconfigServer
  smtp?: AutoconfigServer
}

const longest = 65_536
const hostPattern = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$/

export function readAutoconfig(text: string): Autoconfig {
  const xml = text.slice(0, longest)
  if (!xml.includes('<clientConfig')) return {}
  const imap = firstServer(xml, 'incomingServer', 'imap')
  const smtp = firstServer(xml, 'outgoingServer', 'smtp')
  return { ...(imap ? { imap } : {}), ...(smtp ? { smtp } : {}) }
}

function firstServer(xml: string, element: string, type: string): AutoconfigServer | undefined {
  let at = 0
  for (let count = 0; count < 20; count++) {
    const start = xml.indexOf(`<${element}`, at)
    const end = start < 0 ? -1 : xml.indexOf(`</${element}>`, start)
    if (end < 0) return undefined
    const block = xml.slice(start, end)
    at = end + element.length
    const tag = block.slice(0, block.indexOf('>') + 1)
    if (!new RegExp(`\\stype\\s*=\\s*["']${type}["']`).test(tag)) continue
    const server = serverOf(block)
    if (server) return server
  }
  return undefined
}

function serverOf(block: string): AutoconfigServer | undefined {
  const host = field(block, 'hostname').toLowerCase()
  const port = Number(field(block, 'port'))
  const socket = field(block, 'socketType').toUpperCase()
  // Plain connections are never suggested.
  const tls = socket === 'SSL' ? 'implicit' : socket === 'STARTTLS' ? 'starttls' : undefined
  if (tls === undefined || !hostPattern.test(host) || !Number.isInteger(port) || port < 1 || port > 65_535)
    return undefined
  return { host, port, tls, oauth: /<authentication>\s*OAuth2\s*</i.test(block) }
}

function field(block: string, name: string): string {
  const open = block.indexOf(`<${name}>`)
  const from = open + name.length + 2
  const close = open < 0 ? -1 : block.indexOf(`</${name}>`, from)
  return close < 0 || close - from > 300 ? '' : block.slice(from, close).trim()
}
