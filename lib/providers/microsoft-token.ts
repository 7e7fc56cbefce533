import { GatewayError } from '../errors.js'
import type { Resource } from '../model/connection.js'
import { decodeJwt } from '../protocol/jwt.js'
import { audiencesOf } from './microsoft-clouds.js'
import { isCovered } from './microsoft-scopes.js'

export interface TokenClaims {
  aud: string
  /** Delegated scopes, without resource. */
  scp: string[]
  /** App-only permissions. */
  roles: string[]
  /** The application's own token: nobody signed in. */
  ofApp: boolean
  tid?: string
  oid?: string
  [claim: string]: unknown
}

/** Audience and permissions of a Microsoft access token; `undefined` when it is opaque (personal accounts). */
export function tokenClaims(token: string): TokenClaims | undefined {
  const claims = decodeJwt(token)
  if (claims === undefined) return undefined
  const { aud, scp, roles } = claims
  return {
    ...claims,
    ofApp: scp === undefined,
    aud: typeof aud === 'string' ? aud : '',
    scp: typeof scp === 'string' ? scp.split(' ').filter(Boolean) : [],
    roles: Array.isArray(roles) ? roles.filter((role) => typeof role === 'string') : [],
  }
}

/**
 * Template ids of the directory roles whose holders may consent for everybody of an organisation
 * (learn.microsoft.com/entra/identity/enterprise-apps/user-admin-consent-overview).
 */
const consentingRoles: readonly string[] = [
  '62e90394-69f5-4237-9190-012177145e10', // Global Administrator
  'e8611ab8-c189-46e8-94e1-60213ab1f814', // Privileged Role Administrator
  '9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3', // Application Administrator
  '158c047a-c907-4556-b7ef-446551a6b5f7', // Cloud Application Administrator
]

/** May who signed in consent for everybody? `undefined` when the token names no roles. */
export function mayConsentForAll(token: string): boolean | undefined {
  const { wids } = decodeJwt(token) ?? {}
  return Array.isArray(wids) ? wids.some((role) => consentingRoles.includes(role)) : undefined
}

const rolesOfProtocols: Record<string, string> = {
  'IMAP.AccessAsUser.All': 'IMAP.AccessAsApp',
  'POP.AccessAsUser.All': 'POP.AccessAsApp',
  'SMTP.Send': 'SMTP.SendAsApp',
}

/** What an application is granted where people consent to `permission`. */
const roleFor = (permission: string): string => rolesOfProtocols[permission] ?? permission.replace(/\.Shared$/, '')

const audiences: Record<Resource, readonly string[]> = {
  graph: [...audiencesOf('graph'), '00000003-0000-0000-c000-000000000000'],
  outlook: [...audiencesOf('outlook'), '00000002-0000-0ff1-ce00-000000000000'],
}

/**
 * Names what a token lacks before a mail server answers with a riddle (M-068). Throws `wrong_token_audience` or
 * `token_scope_missing`; opaque tokens pass, and those of an application without any role: only the server can judge
 * them.
 */
export function checkToken(token: string, resource: Resource, scopes: readonly string[]): void {
  const claims = tokenClaims(token)
  if (claims === undefined) return
  if (!audiences[resource].includes(claims.aud.replace(/\/$/, '')))
    throw new GatewayError('wrong_token_audience', 'needs-admin', {
      hint: 'operator',
      description: `The access token was issued for ${claims.aud.slice(0, 100) || 'nobody'}, not for ${resource}.`,
      remedy: 'Request the scopes of one resource per token; check the scopes of the app registration.',
    })
  const { ofApp } = claims
  // Exchange itself can allow an application mailboxes (RBAC for Applications); its tokens then carry no role at all.
  if (ofApp && claims.roles.length === 0) return
  const granted = [...claims.scp, ...claims.roles]
  const missing = scopes
    .filter((scope) => scope.includes('://') && !scope.endsWith('/.default'))
    .map((scope) => scope.slice(scope.lastIndexOf('/') + 1))
    // An application knows no difference between its own mailbox and a shared one.
    .map((name) => (ofApp ? roleFor(name) : name))
    // Exchange can allow it without a role beside those of the token; there is no such way for IMAP.
    .filter((name) => name !== 'SMTP.SendAsApp')
    .filter((name) => !isCovered(name, granted))
  if (missing.length === 0) return
  if (ofApp)
    throw new GatewayError('token_scope_missing', 'needs-admin', {
      hint: 'tenant',
      description: `The application was not granted ${missing.join(', ')}.`,
      remedy: `Add ${missing.join(', ')} to the application permissions of the app registration and give admin consent.`,
    })
  throw new GatewayError('token_scope_missing', 'needs-reconnect', {
    hint: 'consent',
    description: `The access token lacks ${missing.join(', ')}.`,
    remedy: 'Connect the mailbox again and accept all permissions shown; an administrator may have to approve them.',
  })
}
