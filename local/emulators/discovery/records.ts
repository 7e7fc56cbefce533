/** The demo world's DNS and autoconfig entries. */

/** Record types answered, with their numbers. */
export const dnsTypes = { A: 1, NS: 2, CNAME: 5, SOA: 6, MX: 15, TXT: 16, AAAA: 28, SRV: 33 } as const
export type DnsType = keyof typeof dnsTypes

/** What a resolver knows of a domain; `data` is in presentation form: `10 mx.example.` for MX. */
export interface DomainRecords {
  records?: Partial<Record<DnsType, string[]>>
  /** How questions about the domain go wrong. Default: not at all. */
  fault?: 'nxdomain' | 'servfail' | 'refused' | 'hang' | 'close' | 'garbage' | 'http-500'
}

export interface ServerEntry {
  host: string
  port: number
  socketType: 'SSL' | 'STARTTLS' | 'plain'
  /** `%EMAILADDRESS%` and its parts allowed. Default `%EMAILADDRESS%`. */
  username?: string
  /** In order of preference; default password-cleartext. */
  authentication?: string[]
}

export type AutoconfigEntry =
  | {
      displayName: string
      incoming: ({ type: 'imap' | 'pop3' } & ServerEntry)[]
      outgoing: ServerEntry[]
      oauth?: { issuer: string; scope: string; authUrl: string; tokenUrl: string }
    }
  | 'oversized'
  | 'billion-laughs'
  | 'malformed'
  | 'redirect'
  | 'hang'
  | 'http-500'

/** Where the local mail servers listen. */
export interface LocalMailServers {
  imap: { host: string; port: number; socketType: ServerEntry['socketType'] }
  smtp: { host: string; port: number; socketType: ServerEntry['socketType'] }
}

/**
 * contoso.example and fabrikam.example are at Microsoft 365 (old and new MX form), workspace.example and
 * legacy-workspace.example at Google, outlook.example is a consumer domain at Microsoft, filtered.example hides behind
 * a filter, postbox.example and pop.example are at the local mail servers. nomail.example exists without MX (null MX);
 * nxdomain.example, servfail.example, hang.example and garbage.example fail as they are called.
 */
export const demoDomains: Record<string, DomainRecords> = {
  'contoso.example': mx('0 contoso-example.mail.protection.outlook.com.'),
  'fabrikam.example': mx('0 fabrikam-example.k-v1.mx.microsoft.'),
  'outlook.example': mx('10 outlook-example.olc.protection.outlook.com.'),
  'workspace.example': mx('1 smtp.google.com.'),
  'legacy-workspace.example': mx(
    '30 aspmx2.googlemail.com.',
    '5 alt1.aspmx.l.google.com.',
    '1 aspmx.l.google.com.',
    '5 alt2.aspmx.l.google.com.',
  ),
  'filtered.example': mx('10 mxa-0012.pphosted.com.', '10 mxb-0012.pphosted.com.'),
  'postbox.example': mx('10 mx1.postbox.example.', '20 mx2.postbox.example.'),
  'pop.example': mx('10 mx.pop.example.'),
  'oversized.example': mx('10 mx.oversized.example.'),
  'billion-laughs.example': mx('10 mx.billion-laughs.example.'),
  'nomail.example': mx('0 .'),
  'unlisted.example': mx('10 mail.unlisted.example.'),
  'nxdomain.example': { fault: 'nxdomain' },
  'servfail.example': { fault: 'servfail' },
  'hang.example': { fault: 'hang' },
  'garbage.example': { fault: 'garbage' },
}

/** Autoconfig of the demo world; without mail servers postbox.example and pop.example name hosts below themselves. */
export function demoAutoconfig(servers?: LocalMailServers): Record<string, AutoconfigEntry> {
  const imap = {
    type: 'imap' as const,
    ...(servers?.imap ?? { host: 'imap.postbox.example', port: 993, socketType: 'SSL' as const }),
  }
  const smtp = servers?.smtp ?? { host: 'smtp.postbox.example', port: 587, socketType: 'STARTTLS' as const }
  const pop3 = { type: 'pop3' as const, host: 'pop.pop.example', port: 995, socketType: 'SSL' as const }
  const microsoftHost = { host: 'outlook.office365.com', socketType: 'SSL' as const, authentication: ['OAuth2'] }
  return {
    'postbox.example': { displayName: 'Postbox', incoming: [imap], outgoing: [smtp] },
    'pop.example': { displayName: 'Pop', incoming: [pop3, imap], outgoing: [smtp] },
    'outlook.example': {
      displayName: 'Microsoft',
      incoming: [
        { type: 'imap', port: 993, ...microsoftHost },
        { type: 'pop3', port: 995, ...microsoftHost },
      ],
      outgoing: [{ host: 'smtp.office365.com', port: 587, socketType: 'STARTTLS', authentication: ['OAuth2'] }],
    },
    'workspace.example': {
      displayName: 'Google Mail',
      incoming: [
        {
          type: 'imap',
          host: 'imap.gmail.com',
          port: 993,
          socketType: 'SSL',
          authentication: ['OAuth2', 'password-cleartext'],
        },
      ],
      outgoing: [
        { host: 'smtp.gmail.com', port: 465, socketType: 'SSL', authentication: ['OAuth2', 'password-cleartext'] },
      ],
      oauth: {
        issuer: 'accounts.google.com',
        scope: 'https://mail.google.com/',
        authUrl: 'https://accounts.google.com/o/oauth2/auth',
        tokenUrl: 'https://www.googleapis.com/oauth2/v3/token',
      },
    },
    'plain.example': {
      displayName: 'Plain',
      incoming: [{ type: 'imap', host: 'imap.plain.example', port: 143, socketType: 'plain' }],
      outgoing: [{ host: 'smtp.plain.example', port: 25, socketType: 'plain' }],
    },
    'oversized.example': 'oversized',
    'billion-laughs.example': 'billion-laughs',
    'malformed.example': 'malformed',
    'redirect.example': 'redirect',
    'hang.example': 'hang',
    'servfail.example': 'http-500',
  }
}

function mx(...data: string[]): DomainRecords {
  return { records: { MX: data } }
}
