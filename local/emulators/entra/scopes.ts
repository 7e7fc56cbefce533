/** Scope rules of the v2 endpoint: resource prefixes, OpenID scopes, one resource per token. */
import { type CloudResources, clouds } from '../clouds.js'
import { EntraRefusal } from './aadsts.js'

/** The resources as the emulators call them among themselves, whatever their cloud calls them. */
export const graphResource = clouds.global.graph
const outlookResource = clouds.global.outlook

const known: Record<string, string[]> = {
  [graphResource]: [
    'Mail.Read',
    'Mail.ReadBasic',
    'Mail.ReadWrite',
    'Mail.Send',
    'Mail.Read.Shared',
    'Mail.ReadWrite.Shared',
    'Mail.Send.Shared',
    'User.Read',
    'User.ReadBasic.All',
    'MailboxSettings.Read',
  ],
  [outlookResource]: ['IMAP.AccessAsUser.All', 'POP.AccessAsUser.All', 'SMTP.Send'],
}
const openIdScopes = ['openid', 'profile', 'email', 'offline_access']

export interface Scope {
  resource: string
  /** `Mail.Read`, `.default`. */
  name: string
  /** As the client wrote it; answers repeat the same spelling. */
  asked: string
}

export interface ScopeRequest {
  openId: Set<string>
  scopes: Scope[]
}

/** Splits a scope parameter; unknown scopes are AADSTS650053, `.default` beside named scopes AADSTS70011. */
export function parseScopes(
  text: string,
  { allowed, resources = clouds.global }: { allowed?: string[] | undefined; resources?: CloudResources } = {},
): ScopeRequest {
  const openId = new Set<string>()
  const scopes: Scope[] = []
  for (const asked of text.split(/\s+/).filter(Boolean)) {
    if (openIdScopes.includes(asked.toLowerCase())) openId.add(asked.toLowerCase())
    else scopes.push(parseScope(asked, allowed, resources))
  }
  if (scopes.some((s) => s.name === '.default') && new Set(scopes.map((s) => s.name)).size > 1) {
    throw new EntraRefusal(70011, '.default cannot be combined with other scopes.')
  }
  return { openId, scopes }
}

function parseScope(asked: string, allowed: string[] | undefined, resources: CloudResources): Scope {
  const cut = asked.lastIndexOf('/')
  const resource = cut < 0 ? graphResource : resourceOf(asked.slice(0, cut), resources)
  const wanted = asked.slice(cut + 1)
  if (wanted.toLowerCase() === '.default') return { resource, name: '.default', asked }
  const name = known[resource]?.find((n) => n.toLowerCase() === wanted.toLowerCase())
  const permitted = !allowed || allowed.some((a) => a === name || a.toLowerCase() === asked.toLowerCase())
  if (!name || !permitted) throw new EntraRefusal(650053, `Scope: ${wanted}. Resource: ${resource}.`)
  return { resource, name, asked }
}

/** Both Outlook hosts are one resource; those of another cloud are nothing here. */
function resourceOf(prefix: string, { graph, outlook, outlookAlias }: CloudResources): string {
  const resource = prefix.toLowerCase().replace(/\/+$/, '')
  if (resource === graph) return graphResource
  if (resource === outlook || resource === outlookAlias) return outlookResource
  throw new EntraRefusal(70011, `Unknown resource ${prefix}.`)
}

/** As its cloud calls it, in the audience of tokens and in scopes. */
export const nameOf = (resource: string, { graph, outlook }: CloudResources): string =>
  resource === graphResource ? graph : resource === outlookResource ? outlook : resource

/** The other way round. */
export const resourceNamed = (name: string, { graph, outlook }: CloudResources): string =>
  name === graph ? graphResource : name === outlook ? outlookResource : name

/** The single resource of a token request; several are AADSTS28000, or the first one when `lenient`. */
export function oneResource(scopes: Scope[], lenient: boolean): { resource: string; scopes: Scope[] } {
  const resource = scopes[0]?.resource ?? graphResource
  const own = scopes.filter((s) => s.resource === resource)
  if (own.length < scopes.length && !lenient) throw new EntraRefusal(28000, scopes.map((s) => s.asked).join(' '))
  return { resource, scopes: own }
}

/** Key under which a consent is remembered. */
export const consentKey = (scope: Scope): string => `${scope.resource}/${scope.name}`.toLowerCase()
