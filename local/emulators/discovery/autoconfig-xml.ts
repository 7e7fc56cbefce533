/** Autoconfig documents: proper ones, and the ones an attacker would serve. */
import { escapeHtml } from '../loopback-server.js'
import type { AutoconfigEntry, ServerEntry } from './records.js'

type ProperEntry = Exclude<AutoconfigEntry, string>

/** `clientConfig` 1.1 of a domain. */
export function autoconfigXml(domain: string, entry: ProperEntry): string {
  const servers = [
    ...entry.incoming.map((server) => serverXml('incomingServer', server.type, server)),
    ...entry.outgoing.map((server) => serverXml('outgoingServer', 'smtp', server)),
  ]
  return `<?xml version="1.0" encoding="UTF-8"?>
<!-- ${escapeHtml(entry.displayName)} -->
<clientConfig version="1.1">
  <emailProvider id="${escapeHtml(domain)}">
    <domain>${escapeHtml(domain)}</domain>
    <displayName>${escapeHtml(entry.displayName)}</displayName>
    <displayShortName>${escapeHtml(entry.displayName)}</displayShortName>
${servers.join('\n')}
    <documentation url="https://${escapeHtml(domain)}/help">
      <descr lang="en">Settings of ${escapeHtml(entry.displayName)}</descr>
    </documentation>
  </emailProvider>
${entry.oauth ? oauthXml(entry.oauth) : ''}</clientConfig>
`
}

function serverXml(element: string, type: string, server: ServerEntry): string {
  const methods = server.authentication ?? ['password-cleartext']
  return `    <${element} type="${type}">
      <hostname>${escapeHtml(server.host)}</hostname>
      <port>${server.port}</port>
      <socketType>${server.socketType}</socketType>
${methods.map((method) => `      <authentication>${escapeHtml(method)}</authentication>`).join('\n')}
      <username>${escapeHtml(server.username ?? '%EMAILADDRESS%')}</username>
    </${element}>`
}

function oauthXml(oauth: NonNullable<ProperEntry['oauth']>): string {
  return `  <oAuth2>
    <issuer>${escapeHtml(oauth.issuer)}</issuer>
    <scope>${escapeHtml(oauth.scope)}</scope>
    <authURL>${escapeHtml(oauth.authUrl)}</authURL>
    <tokenURL>${escapeHtml(oauth.tokenUrl)}</tokenURL>
  </oAuth2>
`
}

/** Ten entities, each ten times the one before: 10 GB of text for a parser that expands them. */
export function billionLaughs(domain: string): string {
  const entities = Array.from({ length: 9 }, (_, i) => `<!ENTITY l${i + 1} "${`&l${i};`.repeat(10)}">`)
  return `<?xml version="1.0"?>
<!DOCTYPE clientConfig [<!ENTITY l0 "laughs and so on">
${entities.join('\n')}
]>
<clientConfig version="1.1"><emailProvider id="${escapeHtml(domain)}"><displayName>&l9;</displayName></emailProvider></clientConfig>
`
}

/** A proper beginning and then `megabytes` of comment. */
export function oversized(domain: string, megabytes = 32): string {
  const padding = `<!-- ${'x'.repeat(megabytes * 1024 * 1024)} -->`
  return `<?xml version="1.0"?><clientConfig version="1.1"><emailProvider id="${escapeHtml(domain)}">${padding}</emailProvider></clientConfig>`
}
