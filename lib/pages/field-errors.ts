import type { TypedForm } from './password-form.js'
import { plainWords } from './plain-words.js'
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

/** What is said beside each field at fault; one message stands once. */
export function fieldErrors(problem: FormProblem, typed: TypedForm | undefined, t: Texts): Map<string, string> {
  const errors = new Map<string, string>()
  const said = new Set<string>()
  for (const { field, message } of problem.problems ?? []) {
    const text = problem.code === 'invalid_input' ? inputError(field, t) : serverError(problem, field, typed, t)
    const words = text ?? message
    if (said.has(words)) continue
    said.add(words)
    errors.set(field === 'username' && wordKeyOf(problem.code) === 'wrongPassword' ? 'password' : field, words)
  }
  // Where the error names no field, the one that is typed anew.
  if (errors.size === 0) errors.set('password', plainWords(problem, t).description)
  return errors
}

function inputError(field: string, { form, connect }: Texts): string | undefined {
  const kind = field.startsWith('imap') ? 'imap' : 'smtp'
  if (/Host$/.test(field)) return form.badHost
  if (/Port$/.test(field)) return form.badPort(kind)
  if (/Tls$/.test(field)) return form.badTls
  if (field === 'delegate') return form.badAddress
  return field === 'username' || field === 'password' ? form.missing(field) : connect.outOfDate
}

/** Which of the two servers said no, by its name. */
function serverError(
  { code, values }: FormProblem,
  field: string,
  typed: TypedForm | undefined,
  { form }: Texts,
): string | undefined {
  const [, own] = /^(imap|smtp)/.exec(field) ?? []
  const kind = own ?? values?.['kind']
  if (kind !== 'imap' && kind !== 'smtp') return undefined
  if (wordKeyOf(code) === 'serversOfBefore') return form.asBefore(values?.[`${kind}Before`] ?? '')
  const at = [kind, typed?.[`${kind}Host`] ?? '', typed?.[`${kind}Port`] ?? ''] as const
  if (wordKeyOf(code) === 'unreachable') return form.unreachable(...at)
  return wordKeyOf(code) === 'wrongPassword' ? form.refused(...at) : undefined
}
