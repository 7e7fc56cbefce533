/**
 * An access token in the words of SASL: XOAUTH2, which the large services speak, or OAUTHBEARER (RFC 7628), the standard.
 * Where a server offers both it gets XOAUTH2, which more of them have tried. After a token that is refused both answer
 * with a challenge in JSON, and say no once it is acknowledged.
 */
import type { Secret } from '../secret.js'

export type TokenMechanism = 'XOAUTH2' | 'OAUTHBEARER'

export const tokenMechanism = (offers: (mechanism: TokenMechanism) => boolean): TokenMechanism =>
  offers('OAUTHBEARER') && !offers('XOAUTH2') ? 'OAUTHBEARER' : 'XOAUTH2'

export function tokenAnswer(
  mechanism: TokenMechanism,
  { user, token, host, port }: { user: string; token: Secret; host: string; port: number },
): string {
  const parts = mechanism === 'XOAUTH2' ? [`user=${user}`] : [`n,a=${saslName(user)},`, `host=${host}`, `port=${port}`]
  return Buffer.from([...parts, `auth=Bearer ${token.reveal()}`, '', ''].join('\x01')).toString('base64')
}

/** RFC 5801, section 4: comma and equals sign have a meaning of their own. */
export const saslName = (user: string): string => user.replaceAll('=', '=3D').replaceAll(',', '=2C')

/** What makes the server say its no. */
export const afterChallenge = (mechanism: TokenMechanism): string => (mechanism === 'XOAUTH2' ? '' : 'AQ==')

const fields = ['status', 'schemes', 'scope', 'openid-configuration']

/** What a challenge says of the refusal, as the catalogue reads it; empty for anything else. */
export function refusalIn(challenge: unknown): string {
  const given = typeof challenge === 'string' ? parsed(challenge) : challenge
  if (typeof given !== 'object' || given === null) return ''
  const known = fields.flatMap((name) => {
    const value = (given as Record<string, unknown>)[name]
    return typeof value === 'string' || typeof value === 'number' ? [[name, String(value).slice(0, 200)]] : []
  })
  return known.length === 0 ? '' : ` ${JSON.stringify(Object.fromEntries(known))}`
}

function parsed(challenge: string): unknown {
  try {
    return JSON.parse(Buffer.from(challenge.slice(0, 4_000), 'base64').toString())
  } catch {
    return undefined
  }
}
