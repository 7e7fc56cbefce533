/**
 * What differs between Microsoft's clouds. A cloud is recognised by where people sign in: the authority of a
 * registration, the issuer of an identity. Scopes are written everywhere as the global cloud writes them; on the way to
 * a cloud and back they get its own spelling, so that nothing of one is ever asked for the sake of another (M-149).
 */
import type { microsoftClouds } from '../model/providers.js'
import type { MailApi } from '../ports/authority.js'

export interface MicrosoftCloud {
  name: (typeof microsoftClouds)[number]
  /** Where people sign in; without a slash at the end, like the others. */
  login: string
  graph: string
  /** Resource of IMAP, POP and SMTP for people who sign in, and for the application itself. */
  outlook: { delegated: string; application: string }
  imap: string
  smtp: string
  /** Audience of a token with which a managed identity proves an application. */
  tokenExchange: string
}

const global: MicrosoftCloud = {
  name: 'global',
  login: 'https://login.microsoftonline.com',
  graph: 'https://graph.microsoft.com',
  // The documented prefix for delegated IMAP and SMTP; app-only tokens want the office365 one.
  outlook: { delegated: 'https://outlook.office.com', application: 'https://outlook.office365.com' },
  imap: 'outlook.office365.com',
  smtp: 'smtp.office365.com',
  tokenExchange: 'api://AzureADTokenExchange',
}

/** learn.microsoft.com/entra/identity-platform/authentication-national-cloud, learn.microsoft.com/graph/deployments */
const clouds: readonly MicrosoftCloud[] = [
  global,
  {
    name: 'us-government',
    login: 'https://login.microsoftonline.us',
    graph: 'https://graph.microsoft.us',
    outlook: { delegated: 'https://outlook.office365.us', application: 'https://outlook.office365.us' },
    imap: 'outlook.office365.us',
    smtp: 'smtp.office365.us',
    tokenExchange: 'api://AzureADTokenExchangeUSGov',
  },
  {
    name: 'china',
    login: 'https://login.partner.microsoftonline.cn',
    graph: 'https://microsoftgraph.chinacloudapi.cn',
    outlook: { delegated: 'https://partner.outlook.cn', application: 'https://partner.outlook.cn' },
    imap: 'partner.outlook.cn',
    smtp: 'smtp.partner.outlook.cn',
    tokenExchange: 'api://AzureADTokenExchangeChina',
  },
]

export const cloudNamed = (name: string): MicrosoftCloud => clouds.find((cloud) => cloud.name === name) ?? global

/** `place`: an authority or an issuer; the global cloud where there is none. */
export function cloudAt(place: string | undefined): MicrosoftCloud {
  const origin = place !== undefined && URL.canParse(place) ? new URL(place).origin : ''
  return clouds.find(({ login }) => login === origin) ?? global
}

/** As that cloud spells them. */
export const spelledIn = (cloud: MicrosoftCloud, scopes: readonly string[]): string[] =>
  scopes.map((scope) => {
    for (const [here, there] of spellings(cloud))
      if (scope.startsWith(`${here}/`)) return there + scope.slice(here.length)
    return scope
  })

/** The other way round. */
export const spelledUsually = (cloud: MicrosoftCloud, scopes: readonly string[]): string[] =>
  scopes.map((scope) => {
    for (const [here, there] of spellings(cloud))
      if (scope.startsWith(`${there}/`)) return here + scope.slice(there.length)
    return scope
  })

const spellings = ({ graph, outlook }: MicrosoftCloud): [string, string][] => [
  [global.graph, graph],
  [global.outlook.delegated, outlook.delegated],
  [global.outlook.application, outlook.application],
]

/** Every audience that means a resource, in any cloud. */
export const audiencesOf = (resource: 'graph' | 'outlook'): string[] =>
  clouds.flatMap(({ graph, outlook }) => (resource === 'graph' ? [graph] : Object.values(outlook)))

/** Graph, and the places to which it has large attachments uploaded. */
export const mailApiOf = ({ graph, outlook }: MicrosoftCloud): MailApi => ({
  origin: graph,
  uploads: [...new Set(Object.values(outlook))],
})
