import { everyDiagnosis } from '../../lib/diagnosis/diagnose.js'
import { commonErrors, ownErrors } from '../../lib/http/api/api-errors.js'
import { whoActs } from '../../lib/model/attention.js'
import { ownCodes } from './own-codes.js'

/** One row per entry of the error catalogue, grouped by who acts, and one per code of our own. */
export function errorsPage(root: string): string {
  const byActor = new Map<string, string[]>()
  for (const one of everyDiagnosis()) {
    const actor = whoActs(one.class, one.hint ?? '')
    const rows = byActor.get(actor) ?? []
    byActor.set(actor, rows)
    rows.push(rowOf(one.code, one.description, one.remedy))
  }
  const own = ownRows(root)
  const sections = [...byActor].sort(([a], [b]) => a.localeCompare(b))
  return [
    '# Errors',
    '',
    'Generated from the error catalogue in `lib/diagnosis/catalogue.json` by `npm run docs`; a test compares them. These are',
    'the answers of mail servers and identity providers as the gateway explains them in logs, in the console, in events and',
    "in mail states, together with the server's response. The gateway's own errors are at the end; `openapi.json` says which",
    'call of the API answers with which of them, and with which status.',
    '',
    ...sections.map(
      ([actor, rows]) =>
        `- [${actor}](#${actor
          .toLowerCase()
          .replace(/[^a-z ]/g, '')
          .replaceAll(' ', '-')}): ${rows.length}`,
    ),
    `- [The gateway itself](#the-gateway-itself): ${own.size}`,
    ...sections.flatMap(([actor, rows]) => [
      '',
      `## ${actor}`,
      '',
      '| code | what happened | what to do |',
      '|---|---|---|',
      ...rows,
    ]),
    '',
    '## The gateway itself',
    '',
    'In place of `…` the message names the thing concerned.',
    '',
    '| code | what happened | what to do |',
    '|---|---|---|',
    ...[...own].sort(([a], [b]) => a.localeCompare(b)).map(([, row]) => row),
    '',
  ].join('\n')
}

const cell = (text: string): string => `${text.replaceAll('|', '\\|')}${/[.!?…]$/.test(text) ? '' : '.'}`
const rowOf = (code: string, description: string, remedy: string): string =>
  `| \`${code}\` | ${cell(description)} | ${cell(remedy)} |`

/** The API's meaning stands for all ways to such a code; of others, and of remedies, the first words count. */
function ownRows(root: string): Map<string, string> {
  const meanings: Record<string, readonly [number, string, string]> = { ...commonErrors, ...ownErrors }
  const known = new Set(everyDiagnosis().map((one) => one.code))
  const all = ownCodes(root).toSorted((a, b) => Number(a.remedy === '') - Number(b.remedy === ''))
  const own = new Map<string, string>()
  const said = 'The answer says it and names what it concerns'
  for (const { code, description, remedy } of all)
    if (!own.has(code) && !known.has(code))
      own.set(code, rowOf(code, meanings[code]?.[2] || description || said, remedy || said))
  for (const [code, [, , meaning]] of Object.entries(meanings))
    if (!own.has(code)) own.set(code, rowOf(code, meaning, said))
  return own
}
