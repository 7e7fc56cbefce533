/** What a person typed, as the password of a mailbox and its servers; or every field at fault in one answer. */
import { invalidInput, type Problem } from '../../errors.js'
import type { MailboxGrant } from '../../model/grant.js'
import type { ServerAddress } from '../../model/mailbox.js'
import { splitHost, usualPort } from '../../model/server-address.js'
import type { SignInTarget, TypedServers } from '../../model/sign-in.js'
import type { Toolbox } from '../../ports/toolbox.js'

export type PasswordForm = TypedServers & { password: string }

type AllowPort = Toolbox['allowPort']

const hostPattern = /^(?=.{1,253}$)[a-zA-Z0-9:]([a-zA-Z0-9.:-]*[a-zA-Z0-9])?$/

/** Throws `invalid_input`. */
export function readPasswordForm(
  form: PasswordForm,
  target: Pick<SignInTarget, 'receive' | 'send'>,
  allowPort: AllowPort,
): Extract<MailboxGrant, { kind: 'password' }> {
  const username = form.username.trim()
  const imap = target.receive ? readServer('imap', form, allowPort) : undefined
  const smtp = target.send ? readServer('smtp', form, allowPort) : undefined
  const missing = (field: string): Problem => ({ field, message: 'is missing or too long.' })
  const problems = [
    ...(username === '' || form.username.length > 254 ? [missing('username')] : []),
    ...(form.password === '' || form.password.length > 1_000 ? [missing('password')] : []),
    ...(imap?.problems ?? []),
    ...(smtp?.problems ?? []),
  ]
  const [first] = problems
  if (first) throw invalidInput(first.field, first.message, { problems })
  return {
    kind: 'password',
    username,
    password: form.password,
    ...(imap ? { imap: imap.server } : {}),
    ...(smtp ? { smtp: smtp.server } : {}),
  }
}

function readServer(
  kind: 'imap' | 'smtp',
  form: PasswordForm,
  allowPort: AllowPort,
): { server: ServerAddress; problems: Problem[] } {
  const typed = form[`${kind}Tls`]
  const tls = typed === 'starttls' ? 'starttls' : 'implicit'
  const { host, port: named } = splitHost(form[`${kind}Host`].trim().toLowerCase())
  const text = named === undefined ? form[`${kind}Port`].trim() : String(named)
  const port = text === '' ? usualPort(kind, tls) : Number(text)
  const problems: Problem[] = []
  if (typed !== tls) problems.push({ field: `${kind}Tls`, message: 'must be TLS or STARTTLS.' })
  if (!hostPattern.test(host))
    problems.push({ field: `${kind}Host`, message: 'must be the name of a mail server, such as mail.example.com.' })
  if (!/^\d{0,5}$/.test(text) || port < 1 || port > 65_535 || !allowPort(port))
    problems.push({
      field: `${kind}Port`,
      message: `must be a mail port: ${kind === 'imap' ? '993 or 143' : '465, 587 or 2525'}.`,
    })
  return { server: { host, port, tls }, problems }
}
