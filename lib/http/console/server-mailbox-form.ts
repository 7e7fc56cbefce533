/** The form for a mailbox at mail servers: what was typed, and what of it the API's own schema and test refused. */
import type { GatewayError } from '../../errors.js'
import type { ServerMailboxForm, TypedServerMailbox } from '../../pages/console/server-mailbox-page.js'

const texts = [
  ...['address', 'name', 'displayName', 'imapHost', 'imapPort', 'imapTls', 'imapCa', 'username'],
  ...['smtpHost', 'smtpPort', 'smtpTls', 'smtpCa', 'smtpLogin', 'smtpUsername'],
] as (keyof TypedServerMailbox)[]

/** Without the passwords, which are never given back. */
export const typedOf = (form: URLSearchParams): TypedServerMailbox =>
  Object.fromEntries(texts.map((name) => [name, (form.get(name) ?? '').trim()])) as unknown as TypedServerMailbox

/** As the API takes it. A direction without a server is not used. */
export function bodyOf(form: URLSearchParams): unknown {
  const typed = typedOf(form)
  const given = (fields: Record<string, string>) =>
    Object.fromEntries(Object.entries(fields).filter(([, text]) => text !== ''))
  const server = (kind: 'imap' | 'smtp') => ({
    host: typed[`${kind}Host`],
    tls: typed[`${kind}Tls`],
    ...(typed[`${kind}Port`] === '' ? {} : { port: Number(typed[`${kind}Port`]) }),
    ...given({ ca: typed[`${kind}Ca`] }),
  })
  const login = { ...given({ username: typed.username }), password: form.get('password') ?? '' }
  const own = { ...given({ username: typed.smtpUsername }), password: form.get('smtpPassword') ?? '' }
  const logins: Record<string, object> = { same: {}, own: { login: own }, none: { login: 'none' } }
  return {
    ...given({ address: typed.address, name: typed.name, displayName: typed.displayName }),
    ...(typed.imapHost === '' ? {} : { receive: { imap: server('imap'), login } }),
    ...(typed.smtpHost === '' ? {} : { send: { smtp: server('smtp'), ...logins[typed.smtpLogin] } }),
  }
}

/** Each problem at its field of the form. */
export function refusedForm(form: URLSearchParams, error: GatewayError): ServerMailboxForm {
  const { code, description, remedy, problems = [] } = error
  const errors = new Map<string, string>()
  for (const { field, message, remedy: cure } of problems) {
    const at = fieldOf(field)
    errors.set(at, [errors.get(at), message, cure].filter(Boolean).join(' '))
  }
  return { typed: typedOf(form), errors, refused: { code, description, remedy } }
}

function fieldOf(path: string): string {
  const [, side, , part = ''] = /^(receive|send)(\.(?:imap|smtp|login)\.?(\w*))?/.exec(path) ?? []
  if (side === undefined) return path
  const kind = side === 'receive' ? 'imap' : 'smtp'
  if (path.startsWith(`${side}.login`)) {
    const field = part === 'username' ? 'username' : 'password'
    return side === 'receive' ? field : `smtp${field.charAt(0).toUpperCase()}${field.slice(1)}`
  }
  return `${kind}${part === '' ? 'Host' : `${part.charAt(0).toUpperCase()}${part.slice(1)}`}`
}
