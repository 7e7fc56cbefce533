import type { TypedServers } from '../model/sign-in.js'
import { plainWords } from './plain-words.js'
import type { ServerAt } from './texts/en.js'
import type { Texts } from './texts/texts.js'
import { type Values, wordKeyOf } from './texts/words-of-code.js'

export interface FormProblem {
  code: string
  class: string
  description: string
  remedy: string
  values?: Values | undefined
  problems?: readonly { field: string; message: string }[] | undefined
}

type Kind = 'imap' | 'smtp'
const kinds: readonly Kind[] = ['imap', 'smtp']

/** What is said beside each field at fault. */
export function fieldErrors(problem: FormProblem, typed: TypedServers | undefined, t: Texts): Map<string, string> {
  if (kinds.some((kind) => problem.values?.[`${kind}Code`])) return serverErrors(problem, typed, t)
  const errors = new Map<string, string>()
  for (const { field, message } of problem.problems ?? []) {
    const text = problem.code === 'invalid_input' ? inputError(field, t) : serverBefore(problem, field, t)
    // The message itself is English.
    const words = text ?? (t.lang === 'en' ? message : plainWords(problem, t).description)
    errors.set(field === 'username' && wordKeyOf(problem.code) === 'wrongPassword' ? 'password' : field, words)
  }
  // Where the error names no field, the one that is typed again.
  if (errors.size === 0) errors.set('password', plainWords(problem, t).description)
  return errors
}

/** What each of the two servers answered, beside its own field, or beside the password that they refused. */
function serverErrors(
  { problems = [], values = {} }: FormProblem,
  typed: TypedServers | undefined,
  t: Texts,
): Map<string, string> {
  const errors = new Map<string, string>()
  const aboutPassword = problems.filter(({ field }) => field === 'password').map(({ message }) => message)
  for (const kind of kinds) {
    const code = values[`${kind}Code`]
    if (code === undefined) continue
    const at = { kind, host: typed?.[`${kind}Host`] ?? '', port: typed?.[`${kind}Port`] ?? '' }
    const own = problems.find(({ field }) => field === `${kind}Host`)?.message
    const message = own ?? aboutPassword.shift() ?? t.form.refused(at)
    const field = own === undefined ? 'password' : `${kind}Host`
    errors.set(field, [errors.get(field), answerOf({ code, message }, at, t)].filter(Boolean).join(' '))
  }
  return errors
}

function answerOf({ code, message }: { code: string; message: string }, at: ServerAt, t: Texts): string {
  if (wordKeyOf(code) === 'unreachable') return t.form.unreachable(at)
  if (wordKeyOf(code) === 'wrongPassword') return t.form.refused(at)
  const { description } = plainWords({ code, description: '', remedy: '' }, t)
  return description === '' ? message : t.form.answers(at, description)
}

function inputError(field: string, { form, connect }: Texts): string | undefined {
  const kind = field.startsWith('imap') ? 'imap' : 'smtp'
  if (/Host$/.test(field)) return form.badHost
  if (/Port$/.test(field)) return form.badPort(kind)
  if (/Tls$/.test(field)) return form.badTls
  if (field === 'delegate') return form.badAddress
  return field === 'username' || field === 'password' ? form.missing(field) : connect.outOfDate
}

/** The previous servers, where a link allows no others. */
function serverBefore({ code, values }: FormProblem, field: string, { form }: Texts): string | undefined {
  const [, kind] = /^(imap|smtp)/.exec(field) ?? []
  return kind && wordKeyOf(code) === 'serversOfBefore' ? form.asBefore(values?.[`${kind}Before`] ?? '') : undefined
}
